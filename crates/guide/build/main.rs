//! Makes Rust of the stories in static/guide: what is wrong with one fails the build.

mod read;

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use read::{Action, FACTS, LIGHTS, Needs, Part, Step, Story, Text, variant};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../static");
    let (stories, scenarios) = (root.join("guide"), root.join("scenarios"));
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed={}", stories.display());
    println!("cargo::rerun-if-changed={}", scenarios.display());
    let files: BTreeSet<String> = names(&scenarios)?.into_iter().collect();
    let mut code = String::from("pub(crate) static STORIES: &[Story] = &[\n");
    let mut seen = BTreeSet::new();
    for name in names(&stories)? {
        let story = read::read(&fs::read_to_string(stories.join(&name))?, &files)
            .map_err(|error| format!("static/guide/{name}: {error}"))?;
        if !seen.insert(story.scenario.clone()) {
            return Err(format!("static/guide/{name}: another story of {}", story.scenario).into());
        }
        write_story(&mut code, &story, &scenarios)?;
    }
    if let Some(missing) = read::SCENARIOS.iter().find(|scenario| !seen.contains(**scenario)) {
        return Err(format!("static/guide has no story of {missing}").into());
    }
    code.push_str("];\n");
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("stories.rs"), code)?;
    Ok(())
}

/// The files of a directory, in order.
fn names(directory: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        names.push(entry?.file_name().into_string().map_err(|name| format!("{name:?} is no text"))?);
    }
    names.retain(|name| name.ends_with(".yaml"));
    names.sort();
    Ok(names)
}

fn text(text: &Text) -> String {
    format!("Text {{ en: {:?}, ko: {:?} }}", text.en, text.ko)
}

fn write_story(code: &mut String, story: &Story, scenarios: &Path) -> Result<(), Box<dyn Error>> {
    writeln!(code, "Story {{ scenario: {:?}, steps: &[", story.scenario)?;
    for step in &story.steps {
        write_step(code, step, scenarios)?;
    }
    code.push_str("] },\n");
    Ok(())
}

fn write_step(code: &mut String, step: &Step, scenarios: &Path) -> Result<(), Box<dyn Error>> {
    let lights = step.light.iter().filter_map(|light| variant(LIGHTS, light));
    let lights: Vec<String> = lights.map(|light| format!("Light::{light}")).collect();
    writeln!(
        code,
        "Step {{ id: {:?}, title: {}, claim: {}, watch: {}, light: &[{}], parts: &[",
        step.id,
        text(&step.title),
        text(&step.claim),
        text(&step.watch),
        lights.join(", ")
    )?;
    for part in &step.parts {
        write_part(code, part, scenarios)?;
    }
    code.push_str("] },\n");
    Ok(())
}

fn write_part(code: &mut String, part: &Part, scenarios: &Path) -> Result<(), Box<dyn Error>> {
    let needs = match part.api_server {
        None => "None",
        Some(Needs::Up) => "Some(ApiServer::Up)",
        Some(Needs::Down) => "Some(ApiServer::Down)",
    };
    let check = variant(FACTS, &part.check).unwrap_or_default();
    writeln!(
        code,
        "Part {{ id: {:?}, text: {}, check: Fact::{check}, needs: {needs}, actions: &[",
        part.id,
        text(&part.text)
    )?;
    for action in &part.actions {
        write_action(code, action, scenarios)?;
    }
    code.push_str("] },\n");
    Ok(())
}

fn write_action(code: &mut String, action: &Action, scenarios: &Path) -> Result<(), Box<dyn Error>> {
    let content = |name: &str| fs::read_to_string(scenarios.join(name));
    if let Some(line) = &action.run {
        write!(code, "Action::Run {{ line: {line:?}, files: &[")?;
        for file in &action.files {
            write!(code, "({file:?}, {:?}), ", content(file)?)?;
        }
        code.push_str("] },\n");
    }
    if let Some(write) = &action.write {
        let text = content(&write.file)?;
        writeln!(
            code,
            "Action::Write {{ node: {:?}, path: {:?}, text: {text:?} }},",
            write.node, write.path
        )?;
    }
    if let Some(node) = &action.join {
        writeln!(code, "Action::Join {{ node: {node:?} }},")?;
    }
    Ok(())
}
