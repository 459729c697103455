//! Single answers of a real control plane: `validation.jsonl` and `printing.jsonl`.

use std::sync::LazyLock;

use serde_json::Value;

use super::diff;
use super::pattern::Pattern;
use super::session::Session;

/// What a command wrote, and how it ended; what was not seen at all is nothing.
struct Answer {
    stdout: Option<String>,
    stderr: Option<String>,
    exit: Option<i64>,
}

/// Plays commands twice: the second time without the first's stdout.
fn answers(mut session: impl FnMut() -> Session, commands: &[String]) -> Vec<Answer> {
    let (mut first, mut second) = (session(), session());
    let mut play = |command: &String| {
        let said = first.say(&format!("{command} 2>/dev/null; echo \"rc=$?\""));
        let stderr = second.say(&format!("{command} >/dev/null"));
        let Some((said, stderr)) = said.zip(stderr) else {
            return Answer { stdout: None, stderr: None, exit: None };
        };
        let (stdout, code) = said.rsplit_once("rc=").unwrap_or(("", &said));
        Answer { stdout: Some(stdout.to_owned()), stderr: Some(stderr), exit: code.trim().parse().ok() }
    };
    commands.iter().map(&mut play).collect()
}

static ACCESS: LazyLock<Pattern> = LazyLock::new(|| Pattern::new("kube-api-access-[a-z0-9]{5}"));
static KLOG: LazyLock<Pattern> = LazyLock::new(|| Pattern::new(r"^F\d{4} [\d:.]+ +\d+ "));

/// What of a text is compared.
fn plain(text: &str) -> String {
    let text = text.replace(" (server dry run)", "");
    let text = ACCESS.replace(text.trim_end_matches('\n'), "kube-api-access-xxxxx");
    let mut text = KLOG.replace(&text, "F ").into_owned();
    let given = "object given to jsonpath engine was:";
    if let Some(at) = text.find(given) {
        text.truncate(at + given.len());
    }
    text
}

/// What differs between an answer and the recorded one.
fn difference(command: &str, real: &Value, ours: &Answer) -> Option<String> {
    let mut out = String::new();
    for (stream, got) in [("stdout", &ours.stdout), ("stderr", &ours.stderr)] {
        let real = plain(real[stream].as_str().unwrap_or_default());
        let got = plain(got.as_deref().unwrap_or_default());
        if real != got {
            let lines = |text: &str| text.split('\n').map(str::to_owned).collect::<Vec<_>>();
            out += &format!("{stream}\n{}", diff::lines(&lines(&real), &lines(&got)));
        }
    }
    if real["exit"].as_i64() != ours.exit {
        out += &format!("expected  exit {}\ngot       exit {:?}\n", real["exit"], ours.exit);
    }
    (!out.is_empty()).then(|| format!("$ {command}\n{out}"))
}

fn add_files(session: &mut Session, input: &Value) {
    for (name, text) in input["files"].as_object().into_iter().flatten() {
        session.add_file(name, text.as_str().unwrap_or_default());
    }
}

/// What differs of a manifest that is applied, or of two that are applied one after the other.
pub fn validation(case: &Value) -> Option<String> {
    let real: Vec<&Value> = case["real"].as_array().into_iter().flatten().collect();
    let commands: Vec<String> = real
        .iter()
        .map(|real| real["command"].as_str().unwrap_or_default().replace(" --dry-run=server", ""))
        .collect();
    let session = || {
        let mut session = Session::new(0);
        add_files(&mut session, &case["input"]);
        session
    };
    let one_after_the_other = case["input"]["files"].as_object().is_some_and(|files| files.len() > 1);
    // A dry run leaves nothing behind.
    let ours = match one_after_the_other {
        true => answers(session, &commands),
        false => commands.iter().flat_map(|one| answers(session, std::slice::from_ref(one))).collect(),
    };
    let differences: Vec<String> = real
        .iter()
        .zip(&ours)
        .filter_map(|(real, ours)| difference(real["command"].as_str().unwrap_or_default(), real, ours))
        .collect();
    let what = format!("{}\n", case["what"]);
    (!differences.is_empty()).then(|| what + &differences.concat())
}

/// What differs of each command, all typed into one session.
pub fn printing(cases: &[Value], setup: &str) -> Vec<(String, Option<String>)> {
    let command = |case: &Value| case["input"]["command"].as_str().unwrap_or_default().to_owned();
    let mut cases: Vec<&Value> = cases.iter().collect();
    // These make pods, which lists would show.
    cases.sort_by_key(|case| case["group"] == "quantity");
    let session = || {
        let mut session = Session::new(0);
        session.add_file("printing-setup.json", setup);
        cases.iter().for_each(|case| add_files(&mut session, &case["input"]));
        session.play("kubectl create ns print\nkubectl create -f printing-setup.json\nsleep 3s\n");
        session
    };
    let commands: Vec<String> = cases.iter().map(|case| command(case)).collect();
    let ours = answers(session, &commands);
    let compared = cases.iter().zip(&ours).map(|(case, ours)| {
        let id = case["id"].as_str().unwrap_or("?").to_owned();
        (id, difference(&command(case), &case["real"], ours))
    });
    compared.collect()
}
