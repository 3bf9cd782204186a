//! The visible page. It has no token, and sends no requests.
//!
//! What people and agents write goes in as text, never as HTML.

use std::cell::Cell;

use wasm_bindgen::JsCast as _;
use wasm_bindgen::JsValue;
use web_sys::{
    Element, HtmlButtonElement, HtmlElement, HtmlTextAreaElement, KeyboardEvent, ResizeObserver,
};

use crate::access::{self, Access};
use crate::browser::{self, document, on};
use crate::history::{History, Speaker};
use crate::session::Session;

/// How near to the end the view must be to follow new words, in pixels.
const NEAR: i32 = 120;

/// What the page is doing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Loading,
    Ready,
    Waiting,
    Streaming,
    Failed,
    Limited,
    Expired,
    AccessRefused,
    SignedOut,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Ready => "ready",
            Self::Waiting => "waiting",
            Self::Streaming => "streaming",
            Self::Failed => "failed",
            Self::Limited => "limited",
            Self::Expired => "expired",
            Self::AccessRefused => "access-refused",
            Self::SignedOut => "signed-out",
        }
    }

    /// Whether an answer is under way.
    fn is_busy(self) -> bool {
        matches!(self, Self::Waiting | Self::Streaming)
    }
}

/// The parts of the page that change.
pub(crate) struct View {
    app: HtmlElement,
    agent_name: HtmlElement,
    access: HtmlElement,
    scroller: HtmlElement,
    earlier: HtmlElement,
    empty: HtmlElement,
    log: HtmlElement,
    activity: HtmlElement,
    activity_text: HtmlElement,
    notice: HtmlElement,
    notice_text: HtmlElement,
    notice_button: HtmlButtonElement,
    notice_edit: HtmlElement,
    notice_link: HtmlElement,
    composer: HtmlElement,
    text: HtmlTextAreaElement,
    send: HtmlElement,
    stop: HtmlElement,
    state: Cell<State>,
    /// The timer that counts down.
    countdown: Cell<i32>,
    /// Whether the user looks at the end of the conversation, and not at something earlier.
    is_at_end: Cell<bool>,
}

/// What happened, and what can be done about it.
pub(crate) struct Notice {
    pub(crate) state: State,
    pub(crate) text: String,
    /// A button, and what it does.
    pub(crate) button: Option<(&'static str, Box<dyn Fn()>)>,
    /// For how many seconds the button is counted down before it can be used.
    pub(crate) wait: u32,
    /// Takes a message back.
    pub(crate) edit: Option<Box<dyn Fn()>>,
    /// Whether there is a link to sign in.
    pub(crate) has_link: bool,
}

fn part<T: wasm_bindgen::JsCast>(id: &str) -> T {
    let element = document().get_element_by_id(id);
    element.expect("the page has all parts").unchecked_into()
}

impl View {
    /// The page as it was loaded. It lives as long as the page.
    pub(crate) fn open() -> &'static Self {
        let view: &'static Self = Box::leak(Box::new(Self {
            app: part("app"),
            agent_name: part("agent-name"),
            access: part("access"),
            scroller: part("scroller"),
            earlier: part("earlier"),
            empty: part("empty"),
            log: part("log"),
            activity: part("activity"),
            activity_text: part("activity-text"),
            notice: part("notice"),
            notice_text: part("notice-text"),
            notice_button: part("notice-button"),
            notice_edit: part("notice-edit"),
            notice_link: part("notice-link"),
            composer: part("composer"),
            text: part("text"),
            send: part("send"),
            stop: part("stop"),
            state: Cell::new(State::Loading),
            countdown: Cell::new(0),
            is_at_end: Cell::new(true),
        }));
        on(&view.scroller, "scroll", move |_| {
            view.is_at_end.set(view.is_near_end());
        });
        // A keyboard on the screen takes its place from here.
        let resized = browser::callback(move |_| {
            if view.is_at_end.get() {
                view.to_end();
            }
        });
        if let Ok(observer) = ResizeObserver::new(resized.unchecked_ref()) {
            observer.observe(&view.scroller);
        }
        view
    }

    pub(crate) fn state(&self) -> State {
        self.state.get()
    }

    pub(crate) fn set_state(&self, state: State) {
        self.state.set(state);
        set(&self.app, "data-state", state.name());
        let is_busy = state.is_busy();
        let (shown, hidden) = match is_busy {
            true => (&self.stop, &self.send),
            false => (&self.send, &self.stop),
        };
        let had_focus = has_focus(hidden);
        self.send.set_hidden(is_busy);
        self.stop.set_hidden(!is_busy);
        if had_focus {
            focus(shown);
        }
        if !is_busy {
            self.set_activity(None);
        }
    }

    /// Whether an answer is under way.
    pub(crate) fn is_busy(&self) -> bool {
        self.state().is_busy()
    }

    pub(crate) fn set_people(&self, session: &Session) {
        let agent = session.agent.name.as_str();
        document().set_title(agent);
        say(&self.agent_name, agent);
        say(&part("user-name"), &session.user);
        say(&part("empty-title"), &format!("Say hello to {agent}"));
        say(
            &part("empty-text"),
            match session.is_emulator {
                true => "It lives in an emulator, and says again whatever you say.",
                false => "What you write goes from this page straight to the agent.",
            },
        );
        self.text.set_placeholder(&format!("Message {agent}"));
    }

    /// Shows for how long access lasts.
    pub(crate) fn set_access(&self, access: &Access) {
        let state = access.state();
        let text = access::text(state, access.remaining());
        set(&self.app, "data-access", access::name(state));
        if self.access.text_content().as_deref() != Some(&*text) {
            say(&self.access, &text);
        }
    }

    /// Shows what the agent does, until it speaks.
    pub(crate) fn set_activity(&self, text: Option<&str>) {
        self.keep_in_sight(|| {
            self.activity.set_hidden(text.is_none());
            say(&self.activity_text, text.unwrap_or(""));
        });
    }

    /// Makes the log anew, as the history has it. Other messages are put back by their [`Message::to_end`].
    pub(crate) fn set_messages(&'static self, history: &History) {
        clear(&self.log);
        for said in &history.messages {
            self.add_message(said.from, &said.text)
                .finish(Finish::Done, "");
        }
        self.earlier.set_hidden(!history.may_be_more);
        self.empty.set_hidden(!history.messages.is_empty());
        self.to_end();
    }

    /// Adds a message to the log.
    pub(crate) fn add_message(&'static self, from: Speaker, text: &str) -> Message {
        let name = from.name();
        let element = element("article", &format!("message from-{name}"));
        set(&element, "data-testid", "message");
        set(&element, "data-from", name);
        set(&element, "data-state", "under-way");
        // Not read out word by word, but when it is whole.
        set(&element, "aria-busy", "true");
        let speaker = self::element("span", "hidden-label");
        match from {
            Speaker::User => say(&speaker, "You: "),
            Speaker::Agent => {
                let agent = self.agent_name.text_content().unwrap_or_default();
                say(&speaker, &format!("{agent}: "));
            }
        }
        let bubble = self::element("div", "bubble");
        set(&bubble, "data-testid", "bubble");
        say(&bubble, text);
        let note = self::element("p", "note");
        note.set_hidden(true);
        let offers = self::element("p", "offers");
        offers.set_hidden(true);
        for part in [&speaker, &bubble, &note, &offers] {
            append(&element, part);
        }
        let message = Message {
            view: self,
            element,
            bubble,
            note,
            offers,
        };
        message.to_end();
        message
    }

    /// Says what happened, and offers what can be done.
    pub(crate) fn show_notice(&'static self, notice: Notice) {
        self.set_state(notice.state);
        browser::stop(self.countdown.get());
        say(&self.notice_text, &notice.text);
        let button = &self.notice_button;
        button.set_hidden(notice.button.is_none());
        let (name, action) = notice.button.unzip();
        on_click(button, action);
        self.notice_edit.set_hidden(notice.edit.is_none());
        on_click(&self.notice_edit, notice.edit);
        self.notice_link.set_hidden(!notice.has_link);
        let name = name.unwrap_or("");
        let until = browser::now() + f64::from(notice.wait) * 1_000.0;
        let tick = move || {
            // A float has no fraction then, and takes more code to print.
            let left = ((until - browser::now()) / 1_000.0).ceil() as i32;
            self.notice_button.set_disabled(left > 0);
            match left > 0 {
                true => say(&self.notice_button, &format!("{name} in {left} s")),
                false => {
                    say(&self.notice_button, name);
                    browser::stop(self.countdown.get());
                }
            }
        };
        tick();
        if notice.wait > 0 {
            self.countdown.set(browser::every(250, tick));
        }
        self.keep_in_sight(|| self.notice.set_hidden(false));
    }

    pub(crate) fn hide_notice(&self) {
        browser::stop(self.countdown.get());
        let focused = document().active_element();
        if self.notice.contains(focused.as_deref()) {
            focus(&self.text);
        }
        self.notice.set_hidden(true);
    }

    /// Calls back when the user signs out, before the browser leaves the page.
    pub(crate) fn on_sign_out(&self, sign_out: impl Fn() + 'static) {
        on(&part::<Element>("sign-out"), "submit", move |_| sign_out());
    }

    /// Calls back with what the user sends and changes. `send` says whether it was taken.
    pub(crate) fn on_compose(
        &'static self,
        send: impl Fn(&str) -> bool + Copy + 'static,
        stop: impl Fn() + Copy + 'static,
        draft: impl Fn() + Copy + 'static,
    ) {
        let submit = move || {
            let text = self.text.value();
            let said = text.trim();
            if said.is_empty() || !send(said) {
                return;
            }
            self.set_draft("");
            draft();
        };
        on(&self.composer, "submit", move |event| {
            event.prevent_default();
            submit();
            focus(&self.text);
        });
        on(&self.text, "keydown", move |event| {
            let key: &KeyboardEvent = event.unchecked_ref();
            // While a word is put together from several keys, Enter only ends the word.
            if key.key() != "Enter" || key.shift_key() || key.is_composing() {
                return;
            }
            event.prevent_default();
            submit();
        });
        on(&self.text, "input", move |_| {
            self.fit();
            draft();
        });
        on(&self.stop, "click", move |_| stop());
        on(&document(), "keydown", move |event| {
            if event.unchecked_ref::<KeyboardEvent>().key() == "Escape" {
                stop();
            }
        });
        focus(&self.text);
    }

    /// Puts text where the user writes, before what is there.
    pub(crate) fn return_draft(&self, text: &str) {
        let now = self.draft();
        match now.is_empty() {
            true => self.set_draft(text),
            false => self.set_draft(&format!("{text}\n{now}")),
        }
        focus(&self.text);
    }

    /// What the user has written and not sent.
    pub(crate) fn draft(&self) -> String {
        self.text.value()
    }

    fn set_draft(&self, text: &str) {
        self.text.set_value(text);
        self.fit();
    }

    /// Makes the text as high as what is in it.
    fn fit(&self) {
        let style = self.text.style();
        let _ = style.set_property("height", "auto");
        let height = format!("{}px", self.text.scroll_height());
        let _ = style.set_property("height", &height);
    }

    fn is_near_end(&self) -> bool {
        let of = &self.scroller;
        of.scroll_height() - of.scroll_top() - of.client_height() < NEAR
    }

    fn keep_in_sight(&self, change: impl FnOnce()) {
        let is_near = self.is_near_end();
        change();
        if is_near {
            self.to_end();
        }
    }

    fn to_end(&self) {
        self.scroller.set_scroll_top(self.scroller.scroll_height());
    }
}

/// How a message ended.
#[derive(Clone, Copy)]
pub(crate) enum Finish {
    Done,
    Failed,
    Stopped,
}

/// A message in the log, and how it may change.
#[derive(Clone)]
pub(crate) struct Message {
    view: &'static View,
    element: HtmlElement,
    bubble: HtmlElement,
    note: HtmlElement,
    offers: HtmlElement,
}

impl Message {
    /// Puts it below all others, also if the log was made anew.
    pub(crate) fn to_end(&self) {
        self.view.keep_in_sight(|| {
            self.view.empty.set_hidden(true);
            let last = self.view.log.last_element_child();
            if last.as_ref() != Some(&*self.element) {
                append(&self.view.log, &self.element);
            }
        });
    }

    pub(crate) fn append(&self, more: &str) {
        self.view.keep_in_sight(|| {
            let _ = self.bubble.append_with_str_1(more);
        });
    }

    /// Ends it. `why` is said beneath.
    pub(crate) fn finish(&self, how: Finish, why: &str) {
        self.view.keep_in_sight(|| {
            let state = match how {
                Finish::Done => "done",
                Finish::Failed => "failed",
                Finish::Stopped => "stopped",
            };
            set(&self.element, "data-state", state);
            set(&self.element, "aria-busy", "false");
            say(&self.note, why);
            self.note.set_hidden(why.is_empty());
            self.offers.set_hidden(true);
            clear(&self.offers);
        });
    }

    /// Puts buttons beneath, by their names.
    pub(crate) fn offer(&self, actions: Vec<(&str, Box<dyn Fn()>)>) {
        self.view.keep_in_sight(|| {
            clear(&self.offers);
            for (name, action) in actions {
                let button = element("button", "plain");
                set(&button, "type", "button");
                say(&button, name);
                on_click(&button, Some(action));
                append(&self.offers, &button);
            }
            self.offers.set_hidden(false);
        });
    }

    pub(crate) fn remove(&self) {
        self.element.remove();
    }
}

fn element(name: &str, class: &str) -> HtmlElement {
    let element = document().create_element(name);
    let element: HtmlElement = element.expect("the name is valid").unchecked_into();
    element.set_class_name(class);
    element
}

fn set(element: &Element, attribute: &str, value: &str) {
    let _ = element.set_attribute(attribute, value);
}

fn say(element: &Element, text: &str) {
    element.set_text_content(Some(text));
}

fn append(to: &Element, element: &Element) {
    let _ = to.append_child(element);
}

fn clear(element: &Element) {
    element.set_text_content(None);
}

/// What a click does from now on.
fn on_click(element: &HtmlElement, action: Option<Box<dyn Fn()>>) {
    let action = action.map(|action| browser::callback(move |_| action()));
    let action = action.unwrap_or(JsValue::NULL);
    element.set_onclick(action.dyn_ref());
}

fn has_focus(element: &Element) -> bool {
    document().active_element().as_ref() == Some(element)
}

fn focus(element: &HtmlElement) {
    let _ = element.focus();
}
