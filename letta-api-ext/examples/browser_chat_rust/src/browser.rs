//! What the browser tells the page, and what the page asks of it.

use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::JsValue;
use web_sys::{Document, Event, EventTarget, Window};

/// The page's window.
pub(crate) fn window() -> Window {
    web_sys::window().expect("a page has a window")
}

pub(crate) fn document() -> Document {
    window().document().expect("a page has a document")
}

/// Calls back at each event of this name, as long as the page lives.
pub(crate) fn on(target: &EventTarget, name: &str, action: impl FnMut(Event) + 'static) {
    let action = callback(action);
    let _ = target.add_event_listener_with_callback(name, action.unchecked_ref());
}

/// Calls back again and again, until [`stop`] is called with what it returns.
pub(crate) fn every(milliseconds: i32, mut action: impl FnMut() + 'static) -> i32 {
    let action = callback(move |_| action());
    let timer = window().set_interval_with_callback_and_timeout_and_arguments_0(
        action.unchecked_ref(),
        milliseconds,
    );
    timer.unwrap_or_default()
}

/// Ends a timer of [`every`].
pub(crate) fn stop(timer: i32) {
    window().clear_interval_with_handle(timer);
}

/// A function of JavaScript. It lives as long as JavaScript has it.
pub(crate) fn callback(action: impl FnMut(Event) + 'static) -> JsValue {
    Closure::<dyn FnMut(Event)>::new(action).into_js_value()
}

/// Milliseconds by a clock that nobody sets.
pub(crate) fn now() -> f64 {
    window()
        .performance()
        .map_or_else(js_sys::Date::now, |clock| clock.now())
}

/// An ID that nobody else has.
pub(crate) fn random_id() -> String {
    window()
        .crypto()
        .map(|crypto| crypto.random_uuid())
        .unwrap_or_default()
}

/// Tells whoever looks for a bug of this page.
pub(crate) fn complain(what: &str) {
    web_sys::console::error_1(&what.into());
}

/// The same text in upper case. The browser has the tables for it, so the page needs none.
pub(crate) fn upper_case(text: &str) -> String {
    js_sys::JsString::from(text).to_upper_case().into()
}
