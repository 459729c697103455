//! The wall clock, for budgets: how much of a frame is left.

use gloo::utils::window;
use web_sys::Performance;

thread_local! {
    static CLOCK: Option<Performance> = window().performance();
}

/// Milliseconds since the page was opened.
pub fn now_ms() -> f64 {
    CLOCK.with(|clock| clock.as_ref().map_or(0.0, Performance::now))
}

/// Says whether less than so many milliseconds have passed since now.
pub fn budget(ms: f64) -> impl Fn() -> bool {
    let end = now_ms() + ms;
    move || now_ms() < end
}
