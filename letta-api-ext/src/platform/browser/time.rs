//! Time by the browser's clocks and timers. They are there in pages and in workers.

use std::pin::pin;
use std::time::{Duration, SystemTime};

use futures_util::future::{Either, select};
use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;
use web_time::web::SystemTimeExt;

pub(crate) use web_time::Instant;

/// A deadline later than this means no deadline.
pub(crate) const FOREVER: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// The longest wait of one timer: browsers count milliseconds in 31 bits, and one beyond that fires at once.
const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);

/// Time ran out.
pub(crate) struct Elapsed;

/// The current time by the clock of this machine.
pub(crate) fn now() -> SystemTime {
    web_time::SystemTime::now().to_std()
}

/// Waits.
pub(crate) async fn sleep(time: Duration) {
    sleep_until(Instant::now() + time.min(FOREVER)).await;
}

/// Waits for a future until an instant. What is ready at the first look counts, even if the instant has passed.
pub(crate) async fn timeout_at<F: Future>(limit: Instant, future: F) -> Result<F::Output, Elapsed> {
    match select(pin!(future), pin!(sleep_until(limit))).await {
        Either::Left((output, _)) => Ok(output),
        Either::Right(((), _)) => Err(Elapsed),
    }
}

async fn sleep_until(end: Instant) {
    loop {
        // A timer may fire early: it is rounded, its wait may be too long for one timer, and it has another clock.
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        Timer::after(left.min(LONGEST)).await;
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(handler: &Function, milliseconds: i32) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
}

/// A timer of the browser that resolves a promise. The browser calls no function of ours, so none can be called after it is
/// dropped, or while it runs.
struct Timer {
    id: JsValue,
    resolve: Function,
}

impl Timer {
    async fn after(wait: Duration) {
        let milliseconds = wait.as_micros().div_ceil(1_000);
        let milliseconds = i32::try_from(milliseconds).unwrap_or(i32::MAX);
        let mut timer = None;
        let fired = Promise::new(&mut |resolve, _| {
            let id = set_timeout(&resolve, milliseconds);
            timer = Some(Self { id, resolve });
        });
        // A promise that is only ever resolved does not fail.
        let _ = JsFuture::from(fired).await;
    }
}

impl Drop for Timer {
    /// Ends the timer. The promise is resolved too: what waits for it is kept until then.
    fn drop(&mut self) {
        clear_timeout(&self.id);
        let _ = self.resolve.call0(&JsValue::UNDEFINED);
    }
}
