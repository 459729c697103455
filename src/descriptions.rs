//! What Kubernetes' API says of its fields, fetched once when somebody edits or asks `kubectl explain`. Nothing of
//! it is downloaded before.

use std::cell::RefCell;

use api::schema::descriptions;
use js_sys::Promise;
use stage::{Bytes, Command, Script};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use yew::Callback;

use super::named::fetch_named;

#[derive(Default)]
enum State {
    #[default]
    Absent,
    /// Under way, with what is to be told when it is over.
    Loading(Vec<Callback<()>>),
    /// Loaded, or not available.
    Settled,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Whether waiting for them makes no sense any more.
pub fn are_settled() -> bool {
    STATE.with_borrow(|state| matches!(state, State::Settled))
}

/// Fetches them unless that is done or under way, and tells when it is over; not told if it is over already.
pub fn load(then: Callback<()>) {
    let begins = STATE.with_borrow_mut(|state| match state {
        State::Settled => false,
        State::Loading(waiting) => {
            waiting.push(then);
            false
        }
        State::Absent => {
            *state = State::Loading(vec![then]);
            true
        }
    });
    if begins {
        spawn_local(async {
            if let Ok(text) = JsFuture::from(fetch_named("descriptions")).await {
                text.as_string().into_iter().for_each(descriptions::load);
            }
            let State::Loading(waiting) = STATE.replace(State::Settled) else { return };
            waiting.into_iter().for_each(|then| then.emit(()));
        });
    }
}

/// A promise that is kept once they are loaded, or found not to be available.
pub fn loaded() -> Promise {
    Promise::new(&mut |resolve, _| {
        let done = move || drop(resolve.call0(&JsValue::UNDEFINED));
        match are_settled() {
            true => done(),
            false => load(Callback::from(move |()| done())),
        }
    })
}

/// Whoever runs `kubectl explain` has this word in a line or in a script. Which program runs in the end only the shell
/// knows, and then it is too late to wait: a word too many costs a download, no more.
const WORD: &str = "explain";

fn is_mentioned(bytes: &[u8]) -> bool {
    bytes.windows(WORD.len()).any(|window| window == WORD.as_bytes())
}

/// Whether a line that is entered may print them.
pub fn are_wanted_by_line(line: &str) -> bool {
    is_mentioned(line.as_bytes())
}

/// Whether a command may print them: its line, or a file that it may run, has the word `explain`.
pub fn are_wanted_by(command: &Command) -> bool {
    match command {
        Command::Exec { line, files } | Command::Enter { line, files, .. } => {
            are_wanted_by_line(line) || files.values().map(Bytes::as_bytes).any(is_mentioned)
        }
        _ => false,
    }
}

/// Whether a session that is replayed may print them.
pub fn are_wanted_by_script(script: &Script) -> bool {
    script.entries.iter().any(|entry| are_wanted_by(&entry.command))
}
