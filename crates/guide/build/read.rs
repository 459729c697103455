//! Reads the guide's files from YAML, and says what is wrong with one.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::terms::{ApiServer, Fact, Given, Light};

pub(crate) const SCENARIOS: [&str; 4] = ["demo", "ready", "bare", "fleet"];

/// The steps of one scenario.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Story {
    pub(crate) scenario: String,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) id: String,
    /// A few words.
    pub(crate) title: Text,
    /// What the step lets a person see: a sentence or two.
    pub(crate) claim: Text,
    /// What to look at while it happens.
    pub(crate) watch: Text,
    pub(crate) light: Vec<Light>,
    pub(crate) parts: Vec<Part>,
}

/// The comparison.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Comparison {
    pub(crate) rows: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) id: String,
    /// A few words.
    pub(crate) question: Text,
    /// What is so of a DaemonSet's pod, and what of a static pod.
    pub(crate) daemonset: Text,
    #[serde(rename = "static")]
    pub(crate) fixed: Text,
    pub(crate) light: Vec<Light>,
    pub(crate) parts: Vec<Part>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    pub(crate) id: String,
    /// What to do, or what to wait for.
    pub(crate) text: Text,
    pub(crate) check: Fact,
    /// What the API server must be before the commands make sense.
    #[serde(default, rename = "api-server")]
    pub(crate) api_server: Option<ApiServer>,
    /// What must be there before.
    #[serde(default)]
    pub(crate) given: Vec<Given>,
    /// Empty: it comes about by itself.
    #[serde(default, rename = "do")]
    pub(crate) actions: Vec<Action>,
}

/// One command: exactly one of `run`, `write` and `join`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Action {
    /// A line of the console, and the files of static/scenarios that it names.
    pub(crate) run: Option<String>,
    #[serde(default)]
    pub(crate) files: Vec<String>,
    pub(crate) write: Option<Write>,
    /// A new machine's name.
    pub(crate) join: Option<String>,
}

/// A file of static/scenarios, saved on a node's disk.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Write {
    pub(crate) node: String,
    pub(crate) path: String,
    pub(crate) file: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    pub(crate) en: String,
    pub(crate) ko: String,
}

/// Reads a story. `files` are the names of the files that its commands may use.
///
/// # Errors
///
/// A sentence that says where the text is no story.
pub(crate) fn story(text: &str, files: &BTreeSet<String>) -> Result<Story, String> {
    let story: Story = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    ensure(SCENARIOS.contains(&&*story.scenario), || format!("unknown scenario {:?}", story.scenario))?;
    ensure(!story.steps.is_empty(), || "no steps".to_owned())?;
    check_ids(story.steps.iter().map(|step| &*step.id))?;
    for step in &story.steps {
        let texts = [&step.title, &step.claim, &step.watch];
        check_goal(&texts, &step.light, &step.parts, files)
            .map_err(|error| format!("step {}: {error}", step.id))?;
    }
    check_facts(story.steps.iter().flat_map(|step| &step.parts))?;
    Ok(story)
}

/// Reads the comparison, as [`story`] reads a story.
///
/// # Errors
///
/// A sentence that says where the text is no comparison.
pub(crate) fn comparison(text: &str, files: &BTreeSet<String>) -> Result<Comparison, String> {
    let comparison: Comparison = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    ensure(!comparison.rows.is_empty(), || "no rows".to_owned())?;
    check_ids(comparison.rows.iter().map(|row| &*row.id))?;
    for row in &comparison.rows {
        let texts = [&row.question, &row.daemonset, &row.fixed];
        check_goal(&texts, &row.light, &row.parts, files)
            .map_err(|error| format!("row {}: {error}", row.id))?;
    }
    check_facts(comparison.rows.iter().flat_map(|row| &row.parts))?;
    Ok(comparison)
}

fn check_goal(
    texts: &[&Text],
    light: &[Light],
    parts: &[Part],
    files: &BTreeSet<String>,
) -> Result<(), String> {
    texts.iter().try_for_each(|text| check_text(text))?;
    ensure(!light.is_empty(), || "nothing to light up".to_owned())?;
    ensure(!parts.is_empty(), || "no parts".to_owned())?;
    check_ids(parts.iter().map(|part| &*part.id))?;
    for part in parts {
        check_part(part, files).map_err(|error| format!("part {}: {error}", part.id))?;
    }
    Ok(())
}

/// A fact ticks one part of a story only.
fn check_facts<'a>(parts: impl Iterator<Item = &'a Part>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for part in parts {
        ensure(seen.insert(part.check), || format!("{:?} is checked twice", part.check))?;
    }
    Ok(())
}

fn check_part(part: &Part, files: &BTreeSet<String>) -> Result<(), String> {
    check_text(&part.text)?;
    for action in &part.actions {
        let kinds = [action.run.is_some(), action.write.is_some(), action.join.is_some()];
        ensure(kinds.iter().filter(|is| **is).count() == 1, || {
            "a command is exactly one of run, write and join".to_owned()
        })?;
        let named = action.files.iter().chain(action.write.iter().map(|write| &write.file));
        for file in named {
            ensure(files.contains(file), || format!("no file {file:?} in static/scenarios"))?;
        }
        let line = action.run.as_deref().unwrap_or_default();
        let unused = action.files.iter().find(|file| !line.contains(&***file));
        ensure(unused.is_none(), || format!("the line does not name {unused:?}"))?;
    }
    Ok(())
}

/// Ids are kept in a browser's storage and in tests: lower case, digits and dashes, each once.
fn check_ids<'a>(ids: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for id in ids {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        ensure(!id.is_empty() && id.chars().all(plain), || format!("{id:?} is no id"))?;
        ensure(seen.insert(id), || format!("two are called {id:?}"))?;
    }
    Ok(())
}

/// Both languages, each in its own letters.
fn check_text(text: &Text) -> Result<(), String> {
    let hangul = |c: char| ('가'..='힣').contains(&c);
    for one in [&text.en, &text.ko] {
        ensure(!one.trim().is_empty() && one.trim() == one, || {
            format!("a text is empty or has space around it: {one:?}")
        })?;
    }
    ensure(!text.en.chars().any(hangul), || format!("not English: {:?}", text.en))?;
    ensure(text.ko.chars().any(hangul), || format!("not Korean: {:?}", text.ko))
}

fn ensure(holds: bool, error: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(error()) }
}
