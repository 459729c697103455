//! Makes Rust of the files in static/guide: what is wrong with one fails the build.

mod read;
#[expect(unreachable_pub, reason = "it is public in the crate")]
#[path = "../src/terms.rs"]
mod terms;

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use read::{Action, Part, Row, Step, Text};
use terms::Light;

/// Every other file is a story.
const COMPARISON: &str = "compare.yaml";

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../static");
    let (guide, scenarios) = (root.join("guide"), root.join("scenarios"));
    for path in ["build".as_ref(), "src/terms.rs".as_ref(), &*guide, &*scenarios] {
        println!("cargo::rerun-if-changed={}", Path::display(path));
    }
    let files: BTreeSet<String> = names(&scenarios)?.into_iter().collect();
    let mut code = Code { text: String::new(), scenarios };
    code.write_stories(&guide, &files)?;
    code.write_comparison(&guide, &files)?;
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("stories.rs"), code.text)?;
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

/// `Type::Variant, ` for each.
fn variants(of: &str, values: &[impl std::fmt::Debug]) -> String {
    values.iter().map(|value| format!("{of}::{value:?}, ")).collect()
}

/// The code that comes of it.
struct Code {
    text: String,
    scenarios: PathBuf,
}

impl Code {
    fn write_stories(&mut self, guide: &Path, files: &BTreeSet<String>) -> Result<(), Box<dyn Error>> {
        self.text.push_str("pub(crate) static STORIES: &[Story] = &[\n");
        let mut seen = BTreeSet::new();
        for name in names(guide)?.into_iter().filter(|name| name != COMPARISON) {
            let story = read::story(&fs::read_to_string(guide.join(&name))?, files)
                .map_err(|error| format!("static/guide/{name}: {error}"))?;
            if !seen.insert(story.scenario.clone()) {
                return Err(format!("static/guide/{name}: another story of {}", story.scenario).into());
            }
            writeln!(self.text, "Story {{ scenario: {:?}, steps: &[", story.scenario)?;
            for step in &story.steps {
                self.write_step(&story.scenario, step)?;
            }
            self.text.push_str("] },\n");
        }
        self.text.push_str("];\n");
        match read::SCENARIOS.iter().find(|scenario| !seen.contains(**scenario)) {
            Some(missing) => Err(format!("static/guide has no story of {missing}").into()),
            None => Ok(()),
        }
    }

    fn write_comparison(&mut self, guide: &Path, files: &BTreeSet<String>) -> Result<(), Box<dyn Error>> {
        let comparison = read::comparison(&fs::read_to_string(guide.join(COMPARISON))?, files)
            .map_err(|error| format!("static/guide/{COMPARISON}: {error}"))?;
        self.text.push_str("/// The rows of the comparison.\npub static ROWS: &[Row] = &[\n");
        for row in &comparison.rows {
            self.write_row(row)?;
        }
        self.text.push_str("];\n");
        Ok(())
    }

    fn write_step(&mut self, scenario: &str, step: &Step) -> Result<(), Box<dyn Error>> {
        let texts = [&step.title, &step.claim, &step.watch].map(text);
        let [title, claim, watch] = texts;
        writeln!(self.text, "Step {{ title: {title}, claim: {claim}, watch: {watch}, goal: ")?;
        self.write_goal(&format!("{scenario}/{}", step.id), &step.light, &step.parts)
    }

    fn write_row(&mut self, row: &Row) -> Result<(), Box<dyn Error>> {
        let [question, daemonset, fixed] = [&row.question, &row.daemonset, &row.fixed].map(text);
        writeln!(self.text, "Row {{ question: {question}, daemonset: {daemonset}, fixed: {fixed}, goal: ")?;
        self.write_goal(&format!("compare/{}", row.id), &row.light, &row.parts)
    }

    /// A goal, and the end of what it is the last field of.
    fn write_goal(&mut self, id: &str, light: &[Light], parts: &[Part]) -> Result<(), Box<dyn Error>> {
        let light = variants("Light", light);
        writeln!(self.text, "Goal {{ id: {id:?}, light: &[{light}], parts: &[")?;
        for part in parts {
            self.write_part(part)?;
        }
        self.text.push_str("] } },\n");
        Ok(())
    }

    fn write_part(&mut self, part: &Part) -> Result<(), Box<dyn Error>> {
        let needs = part.api_server.map_or("None".to_owned(), |needs| format!("Some(ApiServer::{needs:?})"));
        writeln!(
            self.text,
            "Part {{ id: {:?}, text: {}, check: Fact::{:?}, needs: {needs}, given: &[{}], actions: &[",
            part.id,
            text(&part.text),
            part.check,
            variants("Given", &part.given),
        )?;
        for action in &part.actions {
            self.write_action(action)?;
        }
        self.text.push_str("] },\n");
        Ok(())
    }

    fn write_action(&mut self, action: &Action) -> Result<(), Box<dyn Error>> {
        let content = |name: &str| fs::read_to_string(self.scenarios.join(name));
        if let Some(line) = &action.run {
            let files = action.files.iter().map(|file| Ok(format!("({file:?}, {:?}), ", content(file)?)));
            let files: String = files.collect::<Result<_, std::io::Error>>()?;
            writeln!(self.text, "Action::Run {{ line: {line:?}, files: &[{files}] }},")?;
        }
        if let Some(write) = &action.write {
            let text = content(&write.file)?;
            writeln!(
                self.text,
                "Action::Write {{ node: {:?}, path: {:?}, text: {text:?} }},",
                write.node, write.path
            )?;
        }
        if let Some(node) = &action.join {
            writeln!(self.text, "Action::Join {{ node: {node:?} }},")?;
        }
        Ok(())
    }
}
