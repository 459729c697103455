//! The console: what every click would have been as a line, its answer, and a line to type oneself.

use sim::Time;
use stage::JobView;
use web_sys::{HtmlElement, HtmlInputElement, KeyboardEvent};
use yew::prelude::*;

use super::menu::exec;
use super::page::{use_page, use_world};
use super::renders;
use super::speed::short_clock;

/// Only these many of the newest are drawn.
const SHOWN: usize = 60;

#[component]
pub fn Console() -> Html {
    renders::note("Console", "");
    let (jobs, started) = use_world(|world| (world.console.clone(), world.started));
    let page = use_page();
    let words = page.words();
    let (input, output) = (use_node_ref(), use_node_ref());
    // How far back in the history the arrow keys have gone.
    let back = use_mut_ref(|| 0_usize);
    {
        let output = output.clone();
        use_effect_with(jobs.clone(), move |_| {
            if let Some(element) = output.cast::<HtmlElement>() {
                element.set_scroll_top(element.scroll_height());
            }
        });
    }
    let keys = {
        let (input, jobs, page) = (input.clone(), jobs.clone(), page.clone());
        Callback::from(move |event: KeyboardEvent| {
            let Some(field) = input.cast::<HtmlInputElement>() else { return };
            let mut back = back.borrow_mut();
            match event.key().as_str() {
                "Enter" if !field.value().trim().is_empty() => {
                    page.act(exec(field.value().trim().to_owned()));
                    field.set_value("");
                    *back = 0;
                }
                key @ ("ArrowUp" | "ArrowDown") => {
                    let step = if key == "ArrowUp" { *back + 1 } else { back.saturating_sub(1) };
                    *back = step.min(jobs.len());
                    let line = jobs.len().checked_sub(*back).and_then(|at| jobs.get(at));
                    field.set_value(line.map_or("", |job| &job.line));
                    event.prevent_default();
                }
                _ => {}
            }
        })
    };
    let skip = jobs.len().saturating_sub(SHOWN);
    html! {
        <div class="console">
            <div class="console-out" ref={output} role="log" aria-label={words.console} tabindex="0">
                if jobs.is_empty() {
                    <p class="muted">{ words.console_empty }</p>
                }
                { for jobs.iter().skip(skip).map(|job| row(job, started)) }
            </div>
            <label class="console-in">
                <span aria-hidden="true">{ "$" }</span>
                <input
                    ref={input}
                    type="text"
                    data-control="console"
                    aria-label={words.console_input}
                    placeholder="kubectl get pods -A -o wide"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    onkeydown={keys}
                />
            </label>
        </div>
    }
}

fn row(job: &JobView, started: Time) -> Html {
    let code = job.exit_code;
    let class = classes!(
        "job",
        code.is_none().then_some("running"),
        code.filter(|code| *code != 0).map(|_| "failed")
    );
    let clock = short_clock(job.started.since(started).as_micros());
    html! {
        <div key={job.id} {class} data-job={job.id.to_string()} data-exit={code.map(|code| code.to_string())}>
            <div class="job-line"><time>{ clock }</time><code>{ "$ " }{ &*job.line }</code></div>
            if !job.text.is_empty() {
                <pre>{ &*job.text }</pre>
            }
        </div>
    }
}
