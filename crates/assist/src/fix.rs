//! Quick fixes: the changes of a text that mend what a check has found, where it is sure what was meant.

use api::quantity;
use api::schema::{self, KindInfo};
use yaml::Diagnostic;

use crate::cursor::{Line, document_at, root_value};
use sim::order::SortShared;

/// Another text in the place of a piece of the text; bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The first byte that goes.
    pub from: usize,
    /// The byte behind the last one that goes.
    pub to: usize,
    /// What comes instead.
    pub insert: String,
}

/// What a fix does, for its button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repair {
    /// Puts this in the place of what stands there.
    Change(String),
    /// Puts this line in.
    Add(String),
    /// Tabs become blanks.
    Blanks,
    /// The template gets the labels that the selector asks for.
    Labels,
}

/// A change that mends something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, for its button.
    pub repair: Repair,
    /// In the order of the text, none overlapping another.
    pub edits: Vec<Edit>,
}

impl Fix {
    /// The text with the fix in it.
    pub fn applied(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 64);
        let mut at = 0;
        for edit in &self.edits {
            out.push_str(text.get(at..edit.from).unwrap_or_default());
            out.push_str(&edit.insert);
            at = edit.to;
        }
        out.push_str(text.get(at..).unwrap_or_default());
        out
    }

    fn change(from: usize, to: usize, insert: &str) -> Fix {
        let edits = vec![Edit { from, to, insert: insert.to_owned() }];
        Fix { repair: Repair::Change(insert.to_owned()), edits }
    }
}

/// What mends one mistake of a text, the likeliest first; nothing where that is not sure.
pub fn fixes(text: &str, diagnostic: &Diagnostic) -> Vec<Fix> {
    let Some((from, to)) = range(text, diagnostic) else { return Vec::new() };
    let message = diagnostic.message.as_str();
    let help = diagnostic.help.as_deref().unwrap_or_default();
    if let Some(meant) = help.strip_prefix("Did you mean ").and_then(|help| help.strip_suffix('?')) {
        return vec![Fix::change(from, to, meant)];
    }
    if let Some(served) = help.strip_prefix("Kubernetes serves it as ") {
        return served
            .split_once(' ')
            .and_then(|(version, kind)| serve(text, from, version, kind))
            .into_iter()
            .collect();
    }
    if message.contains("apiVersion not set") || message.contains("kind not set") {
        return name_kind(text, from);
    }
    if help.contains("YAML allows no tab in indentation") {
        return blanks(text).into_iter().collect();
    }
    if message.contains("`selector` does not match template `labels`") {
        return labels(text, from).into_iter().collect();
    }
    let is_quantity =
        message.contains("quantities must match") || message.contains("unable to parse quantity");
    if is_quantity { amount(text, from, to).into_iter().collect() } else { Vec::new() }
}

/// The bytes that a diagnostic marks.
fn range(text: &str, diagnostic: &Diagnostic) -> Option<(usize, usize)> {
    let byte = |pos: yaml::Pos| {
        let mut lines = text.split_inclusive('\n');
        let before: usize = lines.by_ref().take(pos.line.checked_sub(1)? as usize).map(str::len).sum();
        let line = lines.next().unwrap_or_default();
        let column = line.char_indices().nth(pos.column.checked_sub(1)? as usize);
        Some(before + column.map_or(line.len(), |(at, _)| at))
    };
    let (from, to) = (byte(diagnostic.span.start)?, byte(diagnostic.span.end)?);
    Some((from, to.max(from)))
}

/// The lines of the document around a byte, with where each begins.
fn lines(text: &str, at: usize) -> impl Iterator<Item = (usize, &str)> {
    let (start, document) = document_at(text, at);
    document.split_inclusive('\n').scan(start, |here, line| {
        let begin = *here;
        *here += line.len();
        Some((begin, line.trim_end_matches(['\n', '\r'])))
    })
}

/// The first line of a document's root with a key: where its value stands.
fn value_of(text: &str, at: usize, key: &str) -> Option<(usize, usize)> {
    let (begin, line) = lines(text, at).find(|(_, line)| {
        Line::of(line).key().is_some_and(|(found, _)| found == key) && line.starts_with(key)
    })?;
    let value = line.get(key.len() + 1..)?.trim_start();
    let value = value.split(" #").next().unwrap_or_default().trim_end();
    let from = begin + line.len() - line.get(key.len() + 1..)?.trim_start().len();
    Some((from, from + value.len()))
}

/// Kind and version as the API server has them; a workload of old that had no selector gets one.
fn serve(text: &str, at: usize, version: &str, kind: &str) -> Option<Fix> {
    let mut edits = Vec::new();
    for (key, wanted) in [("apiVersion", version), ("kind", kind)] {
        let (from, to) = value_of(text, at, key)?;
        if text.get(from..to)? != wanted {
            edits.push(Edit { from, to, insert: wanted.to_owned() });
        }
    }
    let needs_selector = version == "apps/v1"
        && !block(text, at, &["spec"])?.iter().any(|(_, line)| line.trim_start().starts_with("selector:"));
    if needs_selector {
        let wanted = block(text, at, &["spec", "template", "metadata", "labels"]).unwrap_or_default();
        if let (Some((begin, line)), false) =
            (lines(text, at).find(|(_, line)| *line == "spec:"), wanted.is_empty())
        {
            let labels: String = wanted.iter().map(|(_, line)| format!("      {}\n", line.trim())).collect();
            let insert = format!("\n  selector:\n    matchLabels:\n{}", labels.trim_end_matches('\n'));
            edits.push(Edit { from: begin + line.len(), to: begin + line.len(), insert });
        }
    }
    edits.sort_shared_by_key(|edit| edit.from);
    let repair = Repair::Change(format!("{version} {kind}"));
    (!edits.is_empty()).then_some(Fix { repair, edits })
}

/// The lines below a way of keys, from the document's root; `None` where a key is missing.
fn block<'t>(text: &'t str, at: usize, way: &[&str]) -> Option<Vec<(usize, &'t str)>> {
    let mut inside: Vec<(usize, &str)> = lines(text, at).collect();
    for key in way {
        let column = inside.iter().map(|(_, line)| Line::of(line)).find(|line| !line.is_empty())?.column;
        let is_it = |line: &str| {
            let line = Line::of(line);
            line.column == column
                && line.dashes.is_empty()
                && line.key().is_some_and(|(found, _)| found == *key)
        };
        let first = inside.iter().position(|(_, line)| is_it(line))?;
        let below = inside.get(first + 1..)?.iter();
        inside = below
            .take_while(|(_, line)| {
                let line = Line::of(line);
                line.is_empty() || line.column > column
            })
            .filter(|(_, line)| !Line::of(line).is_empty())
            .copied()
            .collect();
    }
    Some(inside)
}

/// Kinds that have this at their root or in their spec, where the text does not say what it is.
fn name_kind(text: &str, at: usize) -> Vec<Fix> {
    let (start, document) = document_at(text, at);
    let (version, kind) = (root_value(document, "apiVersion"), root_value(document, "kind"));
    let has = |way: &[&str]| block(text, at, way).is_some();
    let guesses: Vec<&KindInfo> = match (version, kind) {
        (_, Some(kind)) => schema::kinds().iter().filter(|info| info.kind == kind).collect(),
        (version, None) => {
            let kinds: &[(&str, &str)] = match () {
                () if has(&["spec", "containers"]) => &[("v1", "Pod")],
                () if has(&["spec", "template"]) && has(&["spec", "updateStrategy"]) => {
                    &[("apps/v1", "DaemonSet")]
                }
                () if has(&["spec", "template"]) => &[("apps/v1", "DaemonSet"), ("apps/v1", "Deployment")],
                () if has(&["data"]) => &[("v1", "ConfigMap")],
                () if has(&["spec", "ports"]) => &[("v1", "Service")],
                () => &[],
            };
            let fits = |of: &&(&str, &str)| version.is_none_or(|version| version == of.0);
            kinds.iter().filter(fits).filter_map(|(version, kind)| schema::kind(version, kind)).collect()
        }
    };
    let first =
        lines(text, at).find(|(_, line)| !Line::of(line).is_empty()).map_or(start, |(begin, _)| begin);
    let fix = |info: &&KindInfo| {
        let mut missing = Vec::new();
        missing.extend(version.is_none().then(|| format!("apiVersion: {}", info.api_version)));
        missing.extend(kind.is_none().then(|| format!("kind: {}", info.kind)));
        let edits = vec![Edit { from: first, to: first, insert: format!("{}\n", missing.join("\n")) }];
        Fix { repair: Repair::Add(missing.join(", ")), edits }
    };
    guesses.iter().map(fix).collect()
}

/// Each tab before a line's text becomes two blanks.
fn blanks(text: &str) -> Option<Fix> {
    let mut edits = Vec::new();
    let mut begin = 0;
    for line in text.split_inclusive('\n') {
        let depth = line.len() - line.trim_start_matches([' ', '\t']).len();
        let white = line.get(..depth).unwrap_or_default();
        if white.contains('\t') {
            edits.push(Edit { from: begin, to: begin + depth, insert: white.replace('\t', "  ") });
        }
        begin += line.len();
    }
    (!edits.is_empty()).then_some(Fix { repair: Repair::Blanks, edits })
}

fn labels(text: &str, at: usize) -> Option<Fix> {
    let wanted = block(text, at, &["spec", "selector", "matchLabels"])?;
    let have = block(text, at, &["spec", "template", "metadata", "labels"])?;
    let column = have.first().map(|(_, line)| Line::of(line).column)?;
    let mut edits: Vec<Edit> = Vec::new();
    let mut missing = String::new();
    for (_, line) in &wanted {
        let (key, value) = Line::of(line).key()?;
        let found = have.iter().find(|(_, line)| Line::of(line).key().is_some_and(|(other, _)| other == key));
        match found {
            Some((_, line))
                if Line::of(line).key().is_some_and(|(_, other)| other.trim() == value.trim()) => {}
            Some((begin, line)) => {
                let indent = " ".repeat(column);
                let insert = format!("{indent}{}", wanted_content(&wanted, key)?);
                edits.push(Edit { from: *begin, to: begin + line.len(), insert });
            }
            None => missing += &format!("\n{}{}", " ".repeat(column), wanted_content(&wanted, key)?),
        }
    }
    if !missing.is_empty() {
        let (begin, line) = have.last()?;
        match edits.last_mut().filter(|edit| edit.from == *begin) {
            Some(edit) => edit.insert += &missing,
            None => edits.push(Edit { from: begin + line.len(), to: begin + line.len(), insert: missing }),
        }
    }
    edits.sort_shared_by_key(|edit| edit.from);
    (!edits.is_empty()).then_some(Fix { repair: Repair::Labels, edits })
}

/// The line of a key without its indentation.
fn wanted_content<'t>(lines: &[(usize, &'t str)], key: &str) -> Option<&'t str> {
    lines
        .iter()
        .map(|(_, line)| line.trim())
        .find(|line| Line::of(line).key().is_some_and(|(found, _)| found == key))
}

/// What people write for an amount, as Kubernetes writes it.
fn amount(text: &str, from: usize, to: usize) -> Option<Fix> {
    let written = text.get(from..to)?;
    let plain = written.trim_matches(['"', '\'']).trim();
    let at = plain.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(plain.len());
    let (number, unit) = plain.split_at_checked(at)?;
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "b" | "byte" | "bytes" | "cpu" | "cpus" | "core" | "cores" => "",
        "k" | "kb" => "k",
        "ki" | "kib" => "Ki",
        "mb" => "M",
        "mi" | "mib" => "Mi",
        "g" | "gb" => "G",
        "gi" | "gib" => "Gi",
        "t" | "tb" => "T",
        "ti" | "tib" => "Ti",
        "mcpu" | "milli" | "millicores" => "m",
        _ => return None,
    };
    let mended = format!("{number}{unit}");
    let is_sound = quantity::from_json(&serde_json::Value::from(mended.as_str())).is_some();
    (is_sound && mended != plain).then(|| Fix::change(from, to, &mended))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text after the first fix of the first mistake that has one, and what is wrong with it then.
    fn mended(text: &str) -> (String, Vec<String>) {
        let found = codec::manifest::check_apply(text.as_bytes());
        let fix = found.iter().find_map(|diagnostic| fixes(text, diagnostic).into_iter().next());
        let fix = fix.unwrap_or_else(|| panic!("no fix for {found:#?}"));
        let text = fix.applied(text);
        let left = codec::manifest::check_apply(text.as_bytes());
        (text, left.into_iter().map(|diagnostic| diagnostic.message).collect())
    }

    const SOUND: &str = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: a\nspec:\n  selector:\n    matchLabels:\n      app: a\n  template:\n    metadata:\n      labels:\n        app: a\n    spec:\n      containers:\n      - name: c\n        image: nginx\n        resources:\n          limits:\n            memory: 100Mi\n";

    fn comes_back(broken: &str) {
        assert_eq!(mended(broken), (SOUND.to_owned(), Vec::new()));
    }

    #[test]
    fn a_misspelt_field_is_renamed() {
        comes_back(&SOUND.replace("image:", "imgae:"));
        comes_back(&SOUND.replace("containers:", "container:"));
    }

    #[test]
    fn what_an_object_is_can_be_added() {
        comes_back(&SOUND.replace("apiVersion: apps/v1\n", ""));
        let (text, left) = mended(&SOUND.replace("kind: DaemonSet\n", ""));
        assert!(
            text.starts_with("kind: DaemonSet\napiVersion: apps/v1\n") && left.is_empty(),
            "{text} {left:?}"
        );
        let pod = "metadata:\n  name: a\nspec:\n  containers:\n  - name: c\n    image: nginx\n";
        let (text, left) = mended(pod);
        assert_eq!((text.as_str(), left.len()), (format!("apiVersion: v1\nkind: Pod\n{pod}").as_str(), 0));
    }

    #[test]
    fn tabs_become_blanks() {
        comes_back(&SOUND.replace("\n  name: a", "\n\tname: a"));
    }

    #[test]
    fn a_version_of_old_becomes_the_present_one_with_its_selector() {
        comes_back(
            &SOUND
                .replace("apps/v1", "extensions/v1beta1")
                .replace("  selector:\n    matchLabels:\n      app: a\n", ""),
        );
        comes_back(&SOUND.replace("apps/v1", "extensions/v1beta1"));
        comes_back(&SOUND.replace("kind: DaemonSet", "kind: daemonSet"));
    }

    #[test]
    fn the_template_gets_the_labels_of_the_selector() {
        comes_back(&SOUND.replace("        app: a\n", "        app: b\n"));
        let two = SOUND.replace("      app: a\n  template", "      app: a\n      tier: x\n  template");
        let (text, left) = mended(&two);
        assert!(
            text.contains("        app: a\n        tier: x\n    spec:") && left.is_empty(),
            "{text} {left:?}"
        );
    }

    #[test]
    fn amounts_get_kubernetes_units() {
        for written in ["100MiB", "100mi", "\"100 MiB\""] {
            comes_back(&SOUND.replace("100Mi", written));
        }
    }

    #[test]
    fn nothing_is_offered_where_it_is_not_sure() {
        let text = SOUND.replace("nginx", "\"\"").replace("kind: DaemonSet", "kind: Frobnicator");
        let found = codec::manifest::check_apply(text.as_bytes());
        assert!(!found.is_empty() && found.iter().all(|diagnostic| fixes(&text, diagnostic).is_empty()));
    }
}
