//! The course of a conversation: the steps, and what to do if one fails.

use std::cell::{Cell, OnceCell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use futures_util::future::{AbortHandle, abortable};
use letta_api_ext::token_holder::TokenState;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{BroadcastChannel, MessageEvent, PageTransitionEvent};

use crate::access::Access;
use crate::browser::{self, on, window};
use crate::failure::{During, Failure, Kind, sentence};
use crate::history::{History, Speaker};
use crate::session;
use crate::talk::{Step, Talk};
use crate::unsent::{self, Unsent};
use crate::view::{Finish, Message, Notice, State, View};

const SIGNED_OUT: &str = "signed-out";

/// The conversation. It lives as long as the page.
struct Chat {
    view: &'static View,
    access: &'static Access,
    /// Empty until the page knows which agent it is.
    talk: OnceCell<Talk>,
    agent_name: OnceCell<String>,
    /// Stops the answer that is under way.
    course: RefCell<Option<AbortHandle>>,
    /// Messages that the agent may not have, in the order in which they were sent.
    unsent: RefCell<Vec<Rc<Said>>>,
    /// The message that the notice is about.
    troubled: RefCell<Option<Rc<Said>>>,
    storage: Unsent,
}

/// A message of the user's.
struct Said {
    text: String,
    message: Message,
    /// The page's own ID of the message, a new one for each time that it is sent.
    otid: RefCell<String>,
    /// Whether the service certainly does not have it.
    is_unsent: Cell<bool>,
    /// Whether the agent may have it, and failed.
    has_failed: Cell<bool>,
    /// Whether it may be sent again as it is.
    may_go_again: Cell<bool>,
    /// What the agent answered, by the IDs of its messages.
    answers: RefCell<Vec<(String, Message)>>,
}

/// How to go on after a failure.
#[derive(Clone)]
enum Again {
    Start,
    Load,
    BeReady,
    Deliver(Rc<Said>),
    Renew(Box<Again>),
}

/// Begins when the page has been loaded.
pub(crate) fn start() {
    let chat: &'static Chat = Box::leak(Box::new(Chat {
        view: View::open(),
        access: Access::new(),
        talk: OnceCell::new(),
        agent_name: OnceCell::new(),
        course: RefCell::new(None),
        unsent: RefCell::new(Vec::new()),
        troubled: RefCell::new(None),
        storage: Unsent::default(),
    }));
    browser::every(1_000, move || chat.show_access());
    // A page that the browser restores from its cache starts anew: the user may have signed out.
    on(&window(), "pageshow", |event| {
        if event.unchecked_ref::<PageTransitionEvent>().persisted() {
            let _ = window().location().reload();
        }
    });
    // Other tabs of this application share the session, so all of them are signed out together.
    let tabs = BroadcastChannel::new("letta-chat").ok();
    if let Some(tabs) = &tabs {
        on(tabs, "message", move |event| {
            let message: &MessageEvent = event.unchecked_ref();
            if message.data().as_string().as_deref() == Some(SIGNED_OUT) {
                chat.end_access();
            }
        });
    }
    chat.view.on_sign_out(move || {
        chat.storage.close();
        if let Some(tabs) = &tabs {
            let _ = tabs.post_message(&JsValue::from_str(SIGNED_OUT));
        }
        chat.end_access();
    });
    spawn_local(chat.start());
}

impl Chat {
    async fn start(&'static self) {
        self.view.set_state(State::Loading);
        let session = match session::read().await {
            Ok(session) => session,
            Err(failure) => return self.show_failure(failure, Again::Start, None),
        };
        let talk = match Talk::new(&session) {
            Ok(talk) => talk,
            Err(error) => {
                let failure = Failure::of(&error, During::Reading);
                return self.show_failure(failure, Again::Start, None);
            }
        };
        if let Some(holder) = talk.holder() {
            self.access
                .begin(holder.clone(), move || self.access_changed());
        }
        let _ = self.talk.set(talk);
        let _ = self.agent_name.set(session.agent.name.clone());
        self.view.set_people(&session);
        self.restore(&format!("{} {}", session.user, session.agent.id));
        self.view.on_compose(
            move |text| self.send(text),
            move || self.stop(),
            move || self.keep(),
        );
        self.load().await;
    }

    /// Reads the conversation so far.
    async fn load(&'static self) {
        self.leave_notice(None);
        self.view.set_state(State::Loading);
        let Some(talk) = self.talk.get() else {
            return;
        };
        match talk.history().await {
            Ok(history) => {
                self.show_history(&history);
                self.become_ready();
            }
            Err(failure) => self.show_failure(failure, Again::Load, None),
        }
    }

    /// Shows the conversation, and below it what the agent does not have.
    fn show_history(&self, history: &History) {
        for said in &history.messages {
            if let Some(otid) = &said.otid {
                self.forget(otid);
            }
        }
        self.view.set_messages(history);
        for said in &*self.unsent.borrow() {
            said.message.to_end();
        }
        self.keep();
    }

    /// Takes what the user wrote, unless an answer is under way.
    fn send(&'static self, text: &str) -> bool {
        if self.talk.get().is_none() || self.is_busy() {
            return false;
        }
        let said = Rc::new(Said {
            text: text.to_owned(),
            message: self.view.add_message(Speaker::User, text),
            otid: RefCell::default(),
            is_unsent: Cell::new(false),
            has_failed: Cell::new(false),
            may_go_again: Cell::new(true),
            answers: RefCell::default(),
        });
        self.begin(&said);
        spawn_local(self.deliver(said));
        true
    }

    fn is_busy(&self) -> bool {
        self.view.is_busy() || self.view.state() == State::Loading
    }

    fn stop(&self) {
        if let Some(course) = &*self.course.borrow() {
            course.abort();
        }
    }

    /// Shows that the user's message is on its way.
    fn begin(&'static self, said: &Rc<Said>) {
        self.leave_notice(Some(said));
        self.view.set_state(State::Waiting);
        self.act("is thinking");
        self.forget(&said.otid.borrow());
        // With this ID, the history tells whether the message arrived.
        said.otid.replace(browser::random_id());
        said.is_unsent.set(false);
        said.has_failed.set(false);
        self.unsent.borrow_mut().push(said.clone());
        self.keep();
        said.answers.borrow_mut().clear();
        said.message.finish(Finish::Done, "");
        said.message.to_end();
    }

    /// Sends the user's message, and shows the result.
    async fn deliver(&'static self, said: Rc<Said>) {
        let Some(talk) = self.talk.get() else {
            return;
        };
        let otid = said.otid.borrow().clone();
        let sending = talk.send(&said.text, &otid, |step| match step {
            Step::Text { message, text } => self.show_piece(&said, message, &text),
            Step::Activity(text) => self.act(text),
        });
        let (sending, course) = abortable(sending);
        self.course.replace(Some(course));
        match sending.await {
            Ok(Ok(reason)) => {
                said.finish_answers(Finish::Done, "");
                if said.answers.borrow().is_empty() {
                    let why = format!("No answer came ({reason}).");
                    let message = self.view.add_message(Speaker::Agent, "");
                    message.finish(Finish::Stopped, &why);
                }
                self.forget(&otid);
                self.become_ready();
            }
            Ok(Err(failure)) => {
                said.is_unsent.set(failure.is_unsent);
                said.has_failed.set(failure.kind == Kind::Failed);
                said.finish_answers(Finish::Failed, "Broke off");
                let why = match said.answers.borrow().is_empty() {
                    true => said.why_failed(),
                    false => "",
                };
                said.message.finish(Finish::Failed, why);
                self.show_failure(failure, Again::Deliver(said.clone()), Some(&said));
            }
            // The user has stopped it.
            Err(_) => {
                said.finish_answers(Finish::Stopped, "Stopped");
                if said.answers.borrow().is_empty() {
                    let why = "Stopped before an answer came";
                    said.message.finish(Finish::Stopped, why);
                }
                self.forget(&otid);
                self.become_ready();
            }
        }
        self.course.replace(None);
        self.keep();
    }

    fn show_piece(&'static self, said: &Said, id: String, text: &str) {
        self.view.set_state(State::Streaming);
        self.view.set_activity(None);
        if !said.answers.borrow().iter().any(|(known, _)| *known == id) {
            said.finish_answers(Finish::Done, "");
            let answer = self.view.add_message(Speaker::Agent, "");
            said.answers.borrow_mut().push((id.clone(), answer));
        }
        let answers = said.answers.borrow();
        if let Some((_, answer)) = answers.iter().find(|(known, _)| *known == id) {
            answer.append(text);
        }
    }

    /// Shows what the agent does.
    fn act(&self, what: &str) {
        let name = self.agent_name.get().map_or("The agent", String::as_str);
        self.view.set_activity(Some(&format!("{name} {what}")));
    }

    /// Sends again what failed, unless it turns out to have arrived.
    async fn deliver_again(&'static self, said: Rc<Said>) {
        self.leave_notice(Some(&said));
        let Some(talk) = self.talk.get() else {
            return;
        };
        if !said.is_unsent.get() {
            self.view.set_state(State::Waiting);
            self.view
                .set_activity(Some("Looking whether your message arrived"));
            let history = match talk.history().await {
                Ok(history) => history,
                Err(failure) => {
                    return self.show_failure(failure, Again::Deliver(said.clone()), Some(&said));
                }
            };
            let mut after = history.messages.iter();
            let has_arrived = after.any(|other| other.otid.as_ref() == Some(&*said.otid.borrow()));
            if has_arrived && after.any(|other| other.from == Speaker::Agent) {
                self.show_history(&history);
                return self.become_ready();
            }
            if has_arrived && !said.has_failed.get() {
                let text = "Your message arrived, and there is no answer yet.";
                return self.view.show_notice(Notice {
                    state: State::Failed,
                    text: text.to_owned(),
                    button: Some(("Look again", self.action(Again::Deliver(said)))),
                    wait: 0,
                    edit: None,
                    has_link: false,
                });
            }
        }
        said.remove_answers();
        self.begin(&said);
        self.deliver(said).await;
    }

    async fn renew(&'static self, then: Again) {
        self.leave_notice(None);
        self.view.set_state(State::Loading);
        match self.access.renew().await {
            Ok(()) => self.go_on(then).await,
            Err(error) => {
                let failure = Failure::of(&error, During::Reading);
                self.show_failure(failure, Again::Renew(Box::new(then)), None);
            }
        }
    }

    fn become_ready(&'static self) {
        self.view.set_state(State::Ready);
        self.show_end();
    }

    /// Shows that access ended while no request was under way.
    fn show_end(&'static self) {
        let failure = match self.access.state() {
            TokenState::Ended => Failure::new(Kind::Ended, ""),
            TokenState::SignedOut => Failure::signed_out(),
            _ => {
                if self.view.state() == State::Expired {
                    self.leave_notice(None);
                    self.view.set_state(State::Ready);
                }
                return;
            }
        };
        self.show_failure(failure, Again::BeReady, None);
    }

    fn access_changed(&'static self) {
        self.show_access();
        // A conversation that is under way notices by itself.
        if matches!(self.view.state(), State::Ready | State::Expired) {
            self.show_end();
        }
    }

    fn show_access(&self) {
        self.view.set_access(self.access);
    }

    /// The user has signed out. The browser may show this page for a while yet.
    fn end_access(&'static self) {
        self.access.forget();
        self.show_access();
        let is_talking = self.course.borrow().is_some();
        match is_talking {
            true => self.stop(),
            false => self.show_end(),
        }
    }

    /// Goes on as the user has chosen.
    fn go_on(&'static self, again: Again) -> Pin<Box<dyn Future<Output = ()>>> {
        Box::pin(async move {
            match again {
                Again::Start => self.start().await,
                Again::Load => self.load().await,
                Again::BeReady => self.become_ready(),
                Again::Deliver(said) => self.deliver_again(said).await,
                Again::Renew(then) => self.renew(*then).await,
            }
        })
    }

    /// What a button does that goes on so.
    fn action(&'static self, again: Again) -> Box<dyn Fn()> {
        Box::new(move || spawn_local(self.go_on(again.clone())))
    }

    /// Says what happened. `said` is a message that was not delivered.
    fn show_failure(&'static self, failure: Failure, again: Again, said: Option<&Rc<Said>>) {
        self.leave_notice(said);
        if let Some(said) = said {
            // A message that is refused for good must not be sent again unchanged.
            said.may_go_again.set(failure.kind != Kind::Refused);
            self.troubled.replace(Some(said.clone()));
        }
        let edit = said
            .cloned()
            .map(|said| -> Box<dyn Fn()> { Box::new(move || self.take_back(&said)) });
        let message = failure.message;
        let try_again = || Some(("Try again", self.action(again.clone())));
        let notice = |state, text, button| Notice {
            state,
            text,
            button,
            wait: 0,
            edit,
            has_link: false,
        };
        let notice = match failure.kind {
            Kind::Ended => {
                let renew = self.action(Again::Renew(Box::new(again)));
                let text = "Your access has ended.".to_owned();
                notice(State::Expired, text, Some(("Renew access", renew)))
            }
            Kind::SignedOut => Notice {
                has_link: true,
                edit: None,
                ..notice(State::SignedOut, message, None)
            },
            Kind::AccessRefused => notice(State::AccessRefused, message, try_again()),
            Kind::Limited => Notice {
                wait: failure.wait.unwrap_or(5),
                ..notice(
                    State::Limited,
                    format!("{message} Please wait a moment."),
                    try_again(),
                )
            },
            Kind::Refused => notice(State::Failed, sentence(&message, browser::upper_case), None),
            Kind::Lost | Kind::Failed => Notice {
                wait: failure.wait.unwrap_or(0),
                ..notice(
                    State::Failed,
                    sentence(&message, browser::upper_case),
                    try_again(),
                )
            },
        };
        self.view.show_notice(notice);
    }

    /// Hides the notice. If it was about another message than `said`, that message gets its buttons back.
    fn leave_notice(&'static self, said: Option<&Rc<Said>>) {
        self.view.hide_notice();
        let Some(troubled) = self.troubled.take() else {
            return;
        };
        let is_other = said.is_none_or(|said| !Rc::ptr_eq(said, &troubled));
        let is_unsent = |other: &Rc<Said>| Rc::ptr_eq(other, &troubled);
        if is_other && self.unsent.borrow().iter().any(is_unsent) {
            self.offer(&troubled);
        }
    }

    /// Puts buttons at a message that was not delivered.
    fn offer(&'static self, said: &Rc<Said>) {
        let mut actions: Vec<(&str, Box<dyn Fn()>)> = Vec::new();
        if said.may_go_again.get() {
            let again = self.action(Again::Deliver(said.clone()));
            let unless_busy = move || {
                if !self.is_busy() {
                    again();
                }
            };
            actions.push(("Send again", Box::new(unless_busy)));
        }
        let other = said.clone();
        actions.push(("Edit", Box::new(move || self.take_back(&other))));
        said.message.offer(actions);
    }

    fn take_back(&'static self, said: &Said) {
        said.remove_answers();
        said.message.remove();
        self.forget(&said.otid.borrow());
        self.view.return_draft(&said.text);
        self.keep();
        if self.is_busy() {
            return;
        }
        self.leave_notice(None);
        self.become_ready();
    }

    /// The agent has the message, or the user does not want it to.
    fn forget(&self, otid: &str) {
        let is_other = |said: &Rc<Said>| *said.otid.borrow() != otid;
        self.unsent.borrow_mut().retain(is_other);
    }

    fn keep(&self) {
        let unsent = self.unsent.borrow();
        let messages = unsent.iter().map(|said| unsent::Message {
            text: said.text.clone(),
            otid: said.otid.borrow().clone(),
            is_unsent: said.is_unsent.get(),
            has_failed: said.has_failed.get(),
        });
        self.storage.keep(self.view.draft(), messages.collect());
    }

    /// Shows what this user left in this tab, once.
    fn restore(&'static self, user: &str) {
        let Some(kept) = self.storage.open(user) else {
            return;
        };
        for kept in kept.messages {
            let said = Rc::new(Said {
                message: self.view.add_message(Speaker::User, &kept.text),
                text: kept.text,
                otid: RefCell::new(kept.otid),
                is_unsent: Cell::new(kept.is_unsent),
                has_failed: Cell::new(kept.has_failed),
                may_go_again: Cell::new(true),
                answers: RefCell::default(),
            });
            said.message.finish(Finish::Failed, said.why_failed());
            self.offer(&said);
            self.unsent.borrow_mut().push(said);
        }
        if !kept.draft.is_empty() {
            self.view.return_draft(&kept.draft);
        }
    }
}

impl Said {
    fn why_failed(&self) -> &'static str {
        match self.is_unsent.get() {
            true => "Not sent",
            false => "Not answered",
        }
    }

    /// Ends the last answer so. What was said before it is whole.
    fn finish_answers(&self, how: Finish, why: &str) {
        let answers = self.answers.borrow();
        let Some(((_, last), whole)) = answers.split_last() else {
            return;
        };
        for (_, answer) in whole {
            answer.finish(Finish::Done, "");
        }
        last.finish(how, why);
    }

    fn remove_answers(&self) {
        for (_, answer) in &*self.answers.borrow() {
            answer.remove();
        }
    }
}
