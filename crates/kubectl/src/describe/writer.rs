//! Lines with indentation, aligned at the end.

use std::rc::Rc;

use serde_json::Value;

use api::event::Event;
use api::meta::StringMap;
use api::toleration::{Taint, Toleration, TolerationOperator};
use cli_runtime::tabwriter::{TabWriter, escape_terminal};
use cli_runtime::time::rfc1123z;
use printers::age;
use sim::order::SortShared;
use sim::{Time, Timestamp};

/// Annotations that are too long to be of use here.
const SKIPPED: &str = "kubectl.kubernetes.io/last-applied-configuration";
pub(super) const LONGEST_ANNOTATION: usize = 140;

/// What is written so far.
pub(crate) struct Writer {
    text: String,
    pub(crate) now: Time,
}

impl Writer {
    pub(crate) fn new(now: Time) -> Writer {
        Writer { text: String::new(), now }
    }

    /// Text at a level of indentation.
    pub(crate) fn write(&mut self, level: usize, text: impl AsRef<str>) {
        self.text.extend(std::iter::repeat_n("  ", level));
        self.text.push_str(text.as_ref());
    }

    /// `Name:\tvalue`.
    pub(crate) fn field(&mut self, level: usize, name: &str, value: impl std::fmt::Display) {
        self.write(level, format!("{name}:\t{value}\n"));
    }

    /// Columns aligned, control sequences made visible.
    pub(crate) fn finish(self) -> String {
        TabWriter::for_descriptions().format(&escape_terminal(&self.text))
    }

    /// The text with its tabs.
    pub(crate) fn unaligned(self) -> String {
        escape_terminal(&self.text)
    }

    /// A title, followed by its lines; `<none>` without lines.
    fn multiline(&mut self, title: &str, lines: &[String]) {
        self.text.push_str(&format!("{title}:\t"));
        if lines.is_empty() {
            self.text.push_str("<none>\n");
        }
        for (at, line) in lines.iter().enumerate() {
            self.text.push_str(if at == 0 { "" } else { "\t" });
            self.text.push_str(line);
            self.text.push('\n');
        }
    }

    pub(crate) fn labels(&mut self, title: &str, labels: &StringMap) {
        let lines: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        self.multiline(title, &lines);
    }

    /// Rule: CLI-019.
    pub(crate) fn annotations(&mut self, title: &str, annotations: &StringMap) {
        let mut lines = Vec::new();
        for (key, value) in annotations.iter().filter(|(key, _)| &***key != SKIPPED) {
            let value = value.strip_suffix('\n').unwrap_or(value);
            if value.len() + key.len() + 2 > LONGEST_ANNOTATION || value.contains('\n') {
                let parts = value.split('\n').map(|part| format!("\t  {}", shorten(part)));
                lines.push(format!("{key}:\n{}", parts.collect::<Vec<_>>().join("\n")));
            } else {
                lines.push(format!("{key}: {value}"));
            }
        }
        self.multiline(title, &lines);
    }

    /// Rule: CLI-017.
    pub(crate) fn taints(&mut self, title: &str, taints: &[Taint]) {
        let mut sorted: Vec<&Taint> = taints.iter().collect();
        sorted.sort_shared_by_key(|taint| format!("{},{}", taint.effect.as_str(), taint.key));
        let lines: Vec<String> = sorted.into_iter().map(Taint::to_string).collect();
        self.multiline(title, &lines);
    }

    /// Rule: CLI-016.
    pub(crate) fn tolerations(&mut self, title: &str, tolerations: &[Toleration]) {
        let mut sorted: Vec<&Toleration> = tolerations.iter().collect();
        sorted.sort_shared_by(|a, b| a.key.cmp(&b.key));
        let lines: Vec<String> = sorted.into_iter().map(toleration_line).collect();
        self.multiline(title, &lines);
    }

    /// Rule: CLI-018. `None`: they were not asked for.
    pub(crate) fn describe_events(&mut self, events: Option<&[Rc<Event>]>) {
        let Some(events) = events else { return };
        if events.is_empty() {
            self.field(0, "Events", "<none>");
            return;
        }
        self.write(0, "Events:\n  Type\tReason\tAge\tFrom\tMessage\n");
        self.write(1, "----\t------\t----\t----\t-------\n");
        for event in events {
            let draft = &event.draft;
            let first = age(&draft.first.stamp(), self.now);
            let interval = match draft.count {
                0 | 1 => first,
                count => format!("{} (x{count} over {first})", age(&draft.last.stamp(), self.now)),
            };
            let message = draft.message();
            let message = message.trim();
            let message = match &draft.field_path {
                Some(path) => format!("{path}: {message}"),
                None => message.to_owned(),
            };
            let kind = if draft.is_warning() { "Warning" } else { "Normal" };
            let line =
                format!("{kind}\t{}\t{interval}\t{}\t{message}\n", draft.reason, draft.source.component);
            self.write(1, line);
        }
    }
}

fn shorten(text: &str) -> String {
    let most = LONGEST_ANNOTATION - 2;
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}...", &text[..end])
}

fn toleration_line(toleration: &Toleration) -> String {
    let mut line = toleration.key.to_string();
    if !toleration.value.is_empty() {
        line += &format!("={}", toleration.value);
    }
    if let Some(effect) = toleration.effect {
        line += &format!(":{effect}");
    }
    if toleration.operator == Some(TolerationOperator::Exists) && toleration.value.is_empty() {
        let space = if line.is_empty() { "" } else { " " };
        line += &format!("{space}op=Exists");
    }
    if let Some(seconds) = toleration.toleration_seconds {
        line += &format!(" for {seconds}s");
    }
    line
}

/// A stamp of the API form as describe prints it.
pub(super) fn date(value: &Value) -> String {
    // Go's zero time stands for one that is not known.
    let known = value.as_str().and_then(Timestamp::parse);
    known.map_or_else(|| "Mon, 01 Jan 0001 00:00:00 +0000".to_owned(), rfc1123z)
}
