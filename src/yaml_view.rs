//! YAML to read: coloured line by line. Text stays text; nothing in it is taken for markup.

use std::rc::Rc;

use yew::prelude::*;

/// Longer texts are shown without colours.
const COLOURED_LINES: usize = 600;

#[derive(PartialEq, Properties)]
pub struct YamlProps {
    pub text: Rc<str>,
}

#[component]
pub fn YamlView(props: &YamlProps) -> Html {
    let lines = props.text.lines().count();
    html! {
        <pre class="yaml" tabindex="0" data-yaml="true">
            if lines > COLOURED_LINES {
                { &*props.text }
            } else {
                { for props.text.lines().map(line) }
            }
        </pre>
    }
}

fn line(text: &str) -> Html {
    let start = text.len() - text.trim_start_matches([' ', '-']).len();
    let (indent, rest) = text.split_at(start);
    if rest.starts_with('#') {
        return html! { <span class="y-comment">{ text }{ "\n" }</span> };
    }
    match split_key(rest) {
        Some((key, value)) => html! {
            <>{ indent }<span class="y-key">{ key }</span>{ ":" }<span class={value_class(value)}>{ value }</span>{ "\n" }</>
        },
        None => html! { <>{ indent }<span class={value_class(rest)}>{ rest }</span>{ "\n" }</> },
    }
}

/// The key before `: ` or a `:` at the line's end, and what follows the colon.
fn split_key(text: &str) -> Option<(&str, &str)> {
    if text.starts_with(['"', '\'', '{', '[']) {
        return None;
    }
    let at = text.find(": ").or_else(|| text.ends_with(':').then(|| text.len() - 1))?;
    Some((&text[..at], &text[at + 1..]))
}

fn value_class(value: &str) -> &'static str {
    let value = value.trim();
    let number =
        !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-');
    match value {
        "true" | "false" | "null" => "y-word",
        _ if number => "y-word",
        _ => "y-text",
    }
}
