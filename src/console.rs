//! The console: a terminal, and what every click would have been as a line in it.

mod ansi;
mod edit;
mod keys;
pub mod terminal;

use sim::Time;
use stage::JobView;
use web_sys::{HtmlElement, HtmlTextAreaElement, InputEvent, KeyboardEvent};
use yew::prelude::*;

use super::names::{named, word_at};
use super::page::{use_page, use_world};
use super::renders;
use super::speed::short_clock;
use super::state::Action;
use edit::EditFile;
use keys::{Keys, Line};

/// Only these many of the newest are drawn.
const SHOWN: usize = 60;

/// The share of its height that a letter of the console is wide.
const LETTER: f64 = 0.6;

#[component]
pub fn Console() -> Html {
    renders::note("Console", "");
    let (jobs, started, terminal) =
        use_world(|world| (world.console.clone(), world.started, world.terminal.clone()));
    let page = use_page();
    let words = page.words();
    let (input, output) = (use_node_ref(), use_node_ref());
    let keys = use_mut_ref(Keys::default);
    // What the line looks like, as far as it is drawn by this component.
    let line = use_state_eq(Line::default);
    let cleared = use_state_eq(|| page.terminal.cleared.get());
    {
        let output = output.clone();
        use_effect_with((jobs.clone(), line.clone()), move |_| {
            if let Some(element) = output.cast::<HtmlElement>() {
                element.set_scroll_top(element.scroll_height());
            }
        });
    }
    {
        let (input, page, line) = (input.clone(), page.clone(), line.clone());
        use_effect_with(terminal.editing.is_some(), move |_| {
            if let Some(field) = input.cast::<HtmlTextAreaElement>() {
                field.set_value(&page.terminal.draft.borrow());
                line.set(Line::of(&field.value()));
            }
        });
    }
    let on_key = {
        let (input, output, page) = (input.clone(), output.clone(), page.clone());
        let (line, cleared) = (line.clone(), cleared.clone());
        Callback::from(move |event: KeyboardEvent| {
            let Some(field) = input.cast::<HtmlTextAreaElement>() else { return };
            if let Some(element) = output.cast::<HtmlElement>() {
                page.terminal.columns.set(columns(&element));
            }
            let mut keys = keys.borrow_mut();
            let next = keys.press(&event, &field, &page);
            *page.terminal.draft.borrow_mut() = field.value();
            cleared.set(page.terminal.cleared.get());
            line.set(next);
        })
    };
    let on_input = {
        let (line, page) = (line.clone(), page.clone());
        Callback::from(move |event: InputEvent| {
            let Some(field) = event.target_dyn_into::<HtmlTextAreaElement>() else { return };
            *page.terminal.draft.borrow_mut() = field.value();
            line.set(Line::of(&field.value()));
        })
    };
    // A click that marks no text selects what the word names, and goes to the line.
    let to_line = {
        let (input, page) = (input.clone(), page.clone());
        Callback::from(move |event: MouseEvent| {
            if keys::has_selection() {
                return;
            }
            let word = word_at(event.client_x(), event.client_y());
            if let Some(selection) = named(&page.stores.world.now().board, &word) {
                page.act(Action::Select(selection));
            }
            if let Some(field) = input.cast::<HtmlElement>() {
                let _ = field.focus();
            }
        })
    };
    let shown = shown(&jobs, *cleared);
    let prompt = match (&line.search, &terminal.prompt) {
        (Some(query), _) => format!("(reverse-i-search)`{query}': "),
        (None, Some(prompt)) => prompt.to_string(),
        (None, None) => String::new(),
    };
    let more = "\n> ".repeat(line.rows.saturating_sub(1) as usize);
    html! {
        <div class="console">
            if let Some(editing) = terminal.editing.clone() {
                <EditFile {editing} />
            }
            <div class="console-out" ref={output} role="log" aria-label={words.drawer.console} tabindex="0" onclick={to_line} onkeydown={on_key.clone()}>
                if jobs.is_empty() {
                    <p class="muted">{ words.drawer.console_empty }</p>
                }
                { for shown.iter().map(|job| row(job, started)) }
            </div>
            <label class="console-in" data-running={terminal.prompt.is_none().to_string()}>
                <pre class="prompt" data-prompt={prompt.clone()}>{ prompt }{ more }</pre>
                <textarea
                    ref={input}
                    rows={line.rows.to_string()}
                    data-control="console"
                    aria-label={words.drawer.console_input}
                    aria-describedby="console-keys"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    onkeydown={on_key}
                    oninput={on_input}
                />
            </label>
            if !line.offers.is_empty() {
                <p class="offers" role="status" data-offers="true">{ line.offers.join("  ") }</p>
            }
            <p class="unseen" id="console-keys">{ words.drawer.console_keys }</p>
        </div>
    }
}

/// How many letters fit beside each other.
fn columns(element: &HtmlElement) -> u16 {
    let style = gloo::utils::window().get_computed_style(element).ok().flatten();
    let size = style.and_then(|style| style.get_property_value("font-size").ok());
    let size: f64 = size.and_then(|size| size.trim_end_matches("px").parse().ok()).unwrap_or(12.0);
    let fit = f64::from(element.client_width()) / (size * LETTER);
    (fit as u16).clamp(40, 300)
}

/// What stands on the screen: nothing that was there when it was cleared last.
fn shown(jobs: &[JobView], cleared: u32) -> &[JobView] {
    // `watch` shows one screen after another of its own; `clear` leaves nothing.
    let is_clear = |job: &JobView| {
        let (rest, clears) = ansi::on_screen(&job.text);
        clears && rest.trim().is_empty() && job.exit_code.is_some()
    };
    let after = jobs.iter().rposition(|job| job.id <= cleared || is_clear(job)).map_or(0, |at| at + 1);
    let newest = jobs.len().saturating_sub(SHOWN).max(after);
    jobs.get(newest..).unwrap_or_default()
}

fn row(job: &JobView, started: Time) -> Html {
    let code = job.exit_code;
    let class = classes!(
        "job",
        code.is_none().then_some("running"),
        code.filter(|code| *code != 0).map(|_| "failed")
    );
    let clock = short_clock(job.started.since(started).as_micros());
    let prompt = if job.prompt.is_empty() { "$ " } else { &*job.prompt };
    let line = job.line.replace('\n', "\n> ");
    let (text, _) = ansi::on_screen(&job.text);
    html! {
        <div key={job.id} {class} data-job={job.id.to_string()} data-exit={code.map(|code| code.to_string())}>
            <div class="job-line"><time>{ clock }</time><code><span class="prompt">{ prompt }</span>{ line }</code></div>
            if !text.is_empty() {
                <pre>{ coloured(text) }</pre>
            }
        </div>
    }
}

fn coloured(text: &str) -> Html {
    if !text.contains('\x1b') {
        return html! { text.to_owned() };
    }
    ansi::pieces(text)
        .into_iter()
        .map(|(class, text)| {
            if class.is_empty() {
                html! { text }
            } else {
                html! { <span {class}>{ text }</span> }
            }
        })
        .collect()
}
