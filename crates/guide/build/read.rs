//! Reads a story from YAML, and says what is wrong with it.

use std::collections::BTreeSet;

use serde::Deserialize;

/// What a part may wait for; [`Fact`](../src/facts.rs) has the same names.
pub(crate) const FACTS: &[(&str, &str)] = &[
    ("api-server-down", "ApiServerDown"),
    ("refused", "Refused"),
    ("static-without-api", "StaticWithoutApi"),
    ("mirror-added", "MirrorAdded"),
    ("restart-needed", "RestartNeeded"),
    ("path-changed", "PathChanged"),
    ("part-stopped", "PartStopped"),
    ("part-back", "PartBack"),
    ("names-listed", "NamesListed"),
    ("daemon-on-new-node", "DaemonOnNewNode"),
    ("file-copied", "FileCopied"),
    ("daemon-came-back", "DaemonCameBack"),
    ("mirror-came-back", "MirrorCameBack"),
    ("daemonset-gone", "DaemonSetGone"),
    ("file-gone", "FileGone"),
    ("daemonset-ready", "DaemonSetReady"),
    ("static-running", "StaticRunning"),
    ("node-not-ready", "NodeNotReady"),
    ("node-ready-again", "NodeReadyAgain"),
    ("plane-runs", "PlaneRuns"),
    ("plane-listed", "PlaneListed"),
    ("nodes-ready", "NodesReady"),
    ("rollout-began", "RolloutBegan"),
    ("rollout-done", "RolloutDone"),
];

/// What a step may light up.
pub(crate) const LIGHTS: &[(&str, &str)] = &[
    ("api-server", "ApiServer"),
    ("control-plane", "ControlPlane"),
    ("daemon-pods", "DaemonPods"),
    ("static-pods", "StaticPods"),
    ("kubelets", "Kubelets"),
    ("files", "Files"),
    ("daemonset", "DaemonSet"),
    ("nodes", "Nodes"),
];

pub(crate) const SCENARIOS: [&str; 4] = ["demo", "ready", "bare", "fleet"];

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
    pub(crate) light: Vec<String>,
    pub(crate) parts: Vec<Part>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    pub(crate) id: String,
    /// What to do, or what to wait for.
    pub(crate) text: Text,
    pub(crate) check: String,
    /// What the API server must be before the commands make sense.
    #[serde(default, rename = "api-server")]
    pub(crate) api_server: Option<Needs>,
    /// Empty: it comes about by itself.
    #[serde(default, rename = "do")]
    pub(crate) actions: Vec<Action>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Needs {
    Up,
    Down,
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

/// The variant of `name` in a table of names.
pub(crate) fn variant(table: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    table.iter().find(|(of, _)| *of == name).map(|(_, variant)| *variant)
}

/// Reads a story. `files` are the names of the files that its commands may use.
///
/// # Errors
///
/// A sentence that says where the text is no story.
pub(crate) fn read(text: &str, files: &BTreeSet<String>) -> Result<Story, String> {
    let story: Story = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    check(&story, files)?;
    Ok(story)
}

fn check(story: &Story, files: &BTreeSet<String>) -> Result<(), String> {
    ensure(SCENARIOS.contains(&&*story.scenario), || format!("unknown scenario {:?}", story.scenario))?;
    ensure(!story.steps.is_empty(), || "no steps".to_owned())?;
    check_ids(story.steps.iter().map(|step| &*step.id))?;
    let mut checks = BTreeSet::new();
    for step in &story.steps {
        check_step(step, files).map_err(|error| format!("step {}: {error}", step.id))?;
        for part in &step.parts {
            ensure(checks.insert(&*part.check), || format!("{:?} is checked twice", part.check))?;
        }
    }
    Ok(())
}

fn check_step(step: &Step, files: &BTreeSet<String>) -> Result<(), String> {
    for text in [&step.title, &step.claim, &step.watch] {
        check_text(text)?;
    }
    ensure(!step.light.is_empty(), || "nothing to light up".to_owned())?;
    for light in &step.light {
        ensure(variant(LIGHTS, light).is_some(), || format!("unknown light {light:?}"))?;
    }
    ensure(!step.parts.is_empty(), || "no parts".to_owned())?;
    check_ids(step.parts.iter().map(|part| &*part.id))?;
    for part in &step.parts {
        check_part(part, files).map_err(|error| format!("part {}: {error}", part.id))?;
    }
    Ok(())
}

fn check_part(part: &Part, files: &BTreeSet<String>) -> Result<(), String> {
    check_text(&part.text)?;
    ensure(variant(FACTS, &part.check).is_some(), || format!("unknown check {:?}", part.check))?;
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
