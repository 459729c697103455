//! `kubestage check`: the diagnostics of a manifest.

use codec::manifest::check_apply;
use kubelet::manifest::check_static;
use serde_json::{Value, json};
use yaml::{Diagnostic, Severity};

use crate::args::{As, Check, Misuse, read};
use crate::say_line;

/// The node whose staticPodPath the file is thought to lie in.
const NODE: &str = "worker-1";

/// Whether the manifest would be taken.
pub(crate) fn check(check: &Check) -> Result<bool, Misuse> {
    let bytes = read(&check.file)?;
    let found = match check.as_ {
        As::Apply => check_apply(&bytes),
        As::Static => check_static(NODE, &check.file, &bytes),
    };
    if check.json {
        let list: Vec<Value> = found.iter().map(to_json).collect();
        say_line(format_args!("{}", serde_json::to_string_pretty(&list).unwrap_or_default()));
    } else {
        found.iter().for_each(|diagnostic| print_text(&check.file, diagnostic));
    }
    Ok(!found.iter().any(|diagnostic| diagnostic.severity == Severity::Error))
}

fn reason(diagnostic: &Diagnostic) -> &'static str {
    match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn to_json(diagnostic: &Diagnostic) -> Value {
    json!({
        "line": diagnostic.span.start.line, "column": diagnostic.span.start.column,
        "field": diagnostic.path, "reason": reason(diagnostic), "message": diagnostic.message,
        "help": diagnostic.help,
    })
}

fn print_text(file: &str, diagnostic: &Diagnostic) {
    let start = diagnostic.span.start;
    say_line(format_args!(
        "{file}:{}:{}: {}: {}",
        start.line,
        start.column,
        reason(diagnostic),
        diagnostic.message
    ));
    if let Some(help) = &diagnostic.help {
        say_line(format_args!("    {help}"));
    }
}
