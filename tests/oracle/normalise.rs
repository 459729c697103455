//! What of a transcript is compared: chance and time are taken out of it.
//!
//! All of a transcript is normalised at once, so that a name is the same one in all its steps.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::pattern::Pattern;
use super::transcript::{RecordedCommand, Transcript};

/// The letters of generated names.
const SAFE: &str = "bcdfghjklmnpqrstvwxz2456789";
const AGE: &str = r"(?:\d+y)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+(?:\.\d+)?s)?";

struct Rules {
    age_field: Pattern,
    /// Times and sizes, and what stands for them.
    times: Vec<(Pattern, &'static str)>,
    /// What stands for something: the same text twice is the same thing.
    kinds: Vec<(&'static str, Pattern)>,
    node: Pattern,
    /// Events of a slow moment.
    chance: Pattern,
    /// Commands whose answers keep their indentation.
    keeps_indentation: Pattern,
    watches: Pattern,
    drains: Pattern,
    heading_word: Pattern,
    events: Pattern,
    events_head: Pattern,
    three_columns: Pattern,
    /// `pod/web`, as `-o name` prints it.
    listed: Pattern,
    cannot_delete: Pattern,
}

fn times() -> Vec<(Pattern, &'static str)> {
    let table = [
        (
            r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?: ?Z|[+-]\d\d:?\d\d| \+0000 UTC)?".to_owned(),
            "<time>",
        ),
        (
            r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}".to_owned(),
            "<time>",
        ),
        (
            r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d\d \d\d:\d\d:\d\d (\S+) kubelet\[\d+\]:"
                .to_owned(),
            "<time> ${1} kubelet[<pid>]:",
        ),
        (
            r"\b([IWEF])\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ (\w+\.go):\d+\]".to_owned(),
            "${1}<klog> ${2}]",
        ),
        (r"Image size: \d+ bytes".to_owned(), "Image size: <size> bytes"),
        (
            format!(r"in {AGE}m?s? \({AGE}m?s? including waiting\)"),
            "in <span> (<span> including waiting)",
        ),
        (
            r"in [\d.]+\w+ \([\d.]+\w+ including waiting\)".to_owned(),
            "in <span> (<span> including waiting)",
        ),
        (format!(r"\((?:{AGE}|<invalid>|<unknown>) ago\)"), "(<age> ago)"),
        (format!(r"(?:{AGE}) \(x\d+ over (?:{AGE})\)"), "<age> (xN over <age>)"),
        (r#"(resourceVersion: )"\d+""#.to_owned(), r#"${1}"<rv>""#),
        (r#"("resourceVersion": )"\d+""#.to_owned(), r#"${1}"<rv>""#),
        (
            r"((?:Less than a second|About a minute|About an hour|\d+ (?:second|minute|hour)s?) ago)".to_owned(),
            "<age> ago",
        ),
        (r#"(?<="token": ")[^"]+"#.to_owned(), "<token>"),
        (
            r"\b(?:127\.0\.0\.1|172\.18\.0\.\d+|192\.168\.56\.\d+|localhost|control-plane):(?:6443|1644\d)\b"
                .to_owned(),
            "<server>",
        ),
        ("sha256:[0-9a-f]{64}".to_owned(), "<digest>"),
        // A scheme is named after the file that makes it, with as much of its path as the build leaves.
        (r#"(?<=in scheme \\")(?:[\w./-]*/)?(?=pkg/)"#.to_owned(), ""),
    ];
    table.map(|(expression, to)| (Pattern::new(&expression), to)).into()
}

fn kinds() -> Vec<(&'static str, Pattern)> {
    let table = [
        (
            "uid",
            r"(?<![0-9a-f])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-f])|(?<=apiserver-)[a-z2-7]{26}(?![a-z0-9])"
                .to_owned(),
        ),
        ("id", r"\b[0-9a-f]{64}\b|(?<![-\w.])(?=[a-f0-9]{0,12}\d)[0-9a-f]{13}\b".to_owned()),
        ("event", r"(?<=\.)[0-9a-f]{15,16}\b".to_owned()),
        ("config", r"\b(?=[a-f]*\d)[0-9a-f]{32}\b".to_owned()),
        ("ip", r"\b(?:10\.244|10\.96|172\.18|192\.168)\.\d{1,3}\.\d{1,3}\b(?!/\d)".to_owned()),
        // A template's hash, alone or before a pod's own suffix.
        ("hash", format!(r"(?<![\w.])(?=[a-z]*\d)(?=\d*[a-z])[{SAFE}]{{8,10}}(?![\w.])")),
        ("name", format!(r"(?<=[a-z0-9>]-)[{SAFE}]{{5}}(?![a-zA-Z0-9]|-[a-z])")),
    ];
    table.map(|(kind, expression)| (kind, Pattern::new(&expression))).into()
}

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    age_field: Pattern::new(&format!(r"^(?=\d){AGE}$")),
    times: times(),
    kinds: kinds(),
    node: Pattern::new(r"\b(?:control-plane|worker-\d)\b"),
    chance: Pattern::new(r#"FailedMount .*MountVolume\.SetUp failed for volume "kube-api-access"#),
    keeps_indentation: Pattern::new(r"-o[ =]?(yaml|json)\b|\bcat\b|--dry-run"),
    watches: Pattern::new(r"\s(-w|--watch)\b"),
    drains: Pattern::new(r"\bkubectl drain\b"),
    heading_word: Pattern::whole("[A-Z][A-Z0-9 ()/_.-]*"),
    events: Pattern::new(r"^\s*Events:\s*$"),
    events_head: Pattern::new(r"^\s*(Type\s+Reason|----)"),
    three_columns: Pattern::new(r"^\s*\S+  +\S+  +\S+"),
    listed: Pattern::whole(r"[a-z.]+/\S+"),
    cannot_delete: Pattern::new(r"\[(cannot delete .*)\]"),
});

/// Each step's lines as they are compared.
pub fn normalise(transcript: &Transcript) -> Vec<Vec<String>> {
    let ignored = transcript.ignored();
    let steps: Vec<Vec<Line>> = transcript.steps.iter().map(|step| begin(step, &ignored)).collect();
    let tokens = number(&steps);
    steps.iter().map(|lines| settled(lines, &tokens)).collect()
}

/// A line with chance and times taken out, and the same with a mark for each token.
#[derive(Clone, Debug)]
struct Line {
    text: String,
    masked: String,
}

impl Line {
    fn new(text: String) -> Line {
        let masked = masked(&text);
        Line { text, masked }
    }

    /// What lines are ordered by: nothing that chance decides.
    fn key(&self) -> (&str, String) {
        (&self.masked, nodes(&self.text).join(" "))
    }
}

fn masked(line: &str) -> String {
    let mut line = line.to_owned();
    for (kind, pattern) in &RULES.kinds {
        line = pattern.replace(&line, &format!("<{kind}>")).into_owned();
    }
    line
}

fn nodes(line: &str) -> Vec<&str> {
    RULES.node.all(line).collect()
}

fn begin(step: &RecordedCommand, ignored: &[Pattern]) -> Vec<Line> {
    let keeps_indentation = RULES.keeps_indentation.is_in(step.first());
    let mut lines = Vec::new();
    for line in &step.lines {
        let mut line = spaced(line);
        // Values that go on stand under the first, wherever that is.
        let indent = line.len() - line.trim_start_matches(' ').len();
        if indent > 9 && !keeps_indentation {
            line.replace_range(9..indent, "");
        }
        if RULES.chance.is_in(&line) || ignored.iter().any(|pattern| pattern.is_in(&line)) {
            continue;
        }
        for (pattern, to) in &RULES.times {
            line = pattern.replace(&line, to).into_owned();
        }
        lines.push(line);
    }
    let rows = ages(&lines).into_iter().map(|(line, is_row)| (spaced(&line), is_row));
    ordered(step.first(), rows.collect())
}

/// Columns apart by two spaces, however wide they are; the indentation stays.
fn spaced(line: &str) -> String {
    let body = line.trim_start_matches(' ');
    let indent = &line[..line.len() - body.len()];
    let body = body.replace('\t', "  ");
    let body = body.trim_end();
    if body.is_empty() { String::new() } else { format!("{indent}{}", columns(body).join("  ")) }
}

/// The parts between two spaces or more.
fn columns(line: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find("  ") {
        parts.push(&rest[..at]);
        rest = rest[at..].trim_start_matches(' ');
    }
    parts.push(rest);
    parts
}

fn is_heading(line: &str) -> bool {
    let words = columns(line.trim());
    words.len() >= 2 && words.iter().all(|word| RULES.heading_word.is_in(word))
}

/// The lines with the ages in tables taken out, each with whether it is a row of a table.
fn ages(lines: &[String]) -> Vec<(String, bool)> {
    let mut out = Vec::new();
    let (mut in_table, mut in_events) = (false, false);
    for line in lines {
        if is_heading(line) {
            (in_table, in_events) = (true, false);
            out.push((line.clone(), false));
            continue;
        }
        if RULES.events.is_in(line) {
            (in_table, in_events) = (false, true);
            out.push((line.clone(), false));
            continue;
        }
        if line.trim().is_empty() {
            (in_table, in_events) = (false, false);
        }
        let is_row = in_table || (in_events && line.starts_with(' ') && !RULES.events_head.is_in(line));
        if is_row || RULES.three_columns.is_in(line) {
            out.push((without_ages(line, is_row), is_row));
        } else {
            out.push((line.clone(), is_row));
        }
    }
    out
}

fn without_ages(line: &str, is_row: bool) -> String {
    let is_age =
        |field: &str| RULES.age_field.is_in(field) || (is_row && matches!(field, "<invalid>" | "<unknown>"));
    let fields: Vec<&str> =
        columns(line).into_iter().map(|field| if is_age(field) { "<age>" } else { field }).collect();
    // Indentation is a first column with nothing in it.
    let indent = line.len() - line.trim_start_matches(' ').len();
    match fields.split_first() {
        Some((&"", rest)) => " ".repeat(indent) + &rest.join("  "),
        _ => fields.join("  "),
    }
}

/// Rows whose order is up to chance, in an order that is not.
fn ordered(command: &str, rows: Vec<(String, bool)>) -> Vec<Line> {
    if RULES.watches.is_in(command) {
        let mut seen: Vec<String> = rows.iter().map(|(line, _)| masked(line)).collect();
        seen.sort();
        seen.dedup();
        return seen.into_iter().map(Line::new).collect();
    }
    if RULES.drains.is_in(command) {
        return sorted(rows.iter().map(|(line, _)| Line::new(in_order(line))).collect());
    }
    let sorts = !command.contains("--sort-by");
    let (mut out, mut block) = (Vec::new(), Vec::new());
    for (text, is_row) in rows {
        let belongs = sorts && (is_row || RULES.listed.is_in(&text));
        if belongs {
            block.push(Line::new(text));
            continue;
        }
        out.append(&mut sorted(std::mem::take(&mut block)));
        out.push(Line::new(text));
    }
    out.append(&mut sorted(block));
    out
}

fn sorted(mut lines: Vec<Line>) -> Vec<Line> {
    lines.sort_by(|a, b| a.key().cmp(&b.key()));
    lines
}

/// What drain says of several filters comes in any order.
fn in_order(line: &str) -> String {
    let mut line = line.to_owned();
    if let Some(groups) = RULES.cannot_delete.groups(&line) {
        let all = groups[1];
        let mut parts: Vec<String> = all
            .split(", cannot delete ")
            .map(|part| part.strip_prefix("cannot delete ").unwrap_or(part).to_owned())
            .collect();
        parts.sort();
        let parts: Vec<String> = parts.iter().map(|part| format!("cannot delete {part}")).collect();
        line = line.replace(all, &parts.join(", "));
    }
    if let Some(warnings) = line.strip_prefix("Warning: ").filter(|rest| rest.contains("; ")) {
        let mut parts: Vec<&str> = warnings.split("; ").collect();
        parts.sort_unstable();
        line = format!("Warning: {}", parts.join("; "));
    }
    line
}

/// A kind, and the text that stands for something.
type Token = (&'static str, String);

fn token(kind: &'static str, text: &str) -> Token {
    // Tools cut ids.
    (kind, if kind == "id" { text.chars().take(13).collect() } else { text.to_owned() })
}

/// Where a token was seen first, and on which nodes' lines at all.
struct Seen<'a> {
    step: usize,
    masked: &'a str,
    row: usize,
    nodes: Vec<&'a str>,
}

/// Numbers for tokens in the order in which they come, ties settled by what else is said of them.
fn number(steps: &[Vec<Line>]) -> BTreeMap<Token, String> {
    let mut seen: Vec<(Token, Seen<'_>)> = Vec::new();
    let mut places: BTreeMap<Token, usize> = BTreeMap::new();
    for (step, lines) in steps.iter().enumerate() {
        for (row, line) in lines.iter().enumerate().filter(|(_, line)| line.text != line.masked) {
            for (kind, pattern) in &RULES.kinds {
                for text in pattern.all(&line.text) {
                    let token = token(kind, text);
                    let place = *places.entry(token.clone()).or_insert_with(|| {
                        seen.push((token, Seen { step, masked: &line.masked, row, nodes: Vec::new() }));
                        seen.len() - 1
                    });
                    let there = &mut seen[place].1.nodes;
                    for node in nodes(&line.text) {
                        if !there.contains(&node) {
                            there.push(node);
                        }
                    }
                }
            }
        }
    }
    seen.sort_by_cached_key(|(_, seen)| {
        let nodes = if seen.nodes.len() < 3 { seen.nodes.join(",") } else { String::new() };
        (seen.step, seen.masked, nodes, seen.row)
    });
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    let mut tokens = BTreeMap::new();
    for (token, _) in seen {
        let count = counts.entry(token.0).or_default();
        *count += 1;
        let name = format!("<{}-{count}>", token.0);
        tokens.insert(token, name);
    }
    tokens
}

/// Lines with their tokens' names; neighbours that differ in nothing else stand in the order of these.
fn settled(lines: &[Line], tokens: &BTreeMap<Token, String>) -> Vec<String> {
    let mut out = Vec::new();
    for run in lines.chunk_by(|a, b| a.masked == b.masked) {
        let mut named: Vec<String> = run.iter().map(|line| named(&line.text, tokens)).collect();
        named.sort();
        out.append(&mut named);
    }
    out
}

fn named(line: &str, tokens: &BTreeMap<Token, String>) -> String {
    let mut line = line.to_owned();
    for (kind, pattern) in &RULES.kinds {
        let name =
            |text: &str| tokens.get(&token(kind, text)).cloned().unwrap_or_else(|| format!("<{kind}-?>"));
        line = pattern.replace_by(&line, name);
    }
    line
}
