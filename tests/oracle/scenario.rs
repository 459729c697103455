//! A transcript, played and compared step by step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::normalise::normalise;
use super::pattern::Pattern;
use super::session::Session;
use super::transcript::{RecordedCommand, Transcript};
use super::{WORKERS, diff};

/// In scenarios with one of these tags it is up to chance which worker comes first.
const CHANCE_NODES: [&str; 3] = ["update", "deployment", "scheduler"];

const ORDERS: [[char; 3]; 6] =
    [['1', '2', '3'], ['1', '3', '2'], ['2', '1', '3'], ['2', '3', '1'], ['3', '1', '2'], ['3', '2', '1']];

static PLACE: LazyLock<Pattern> = LazyLock::new(|| Pattern::new(r"<(uid|id|event|config|ip|hash|name)-\d+>"));
static NUMBERED: LazyLock<Pattern> = LazyLock::new(|| Pattern::new(r"<(\w+)-(?:\d+|new)>"));
static EXIT: LazyLock<Pattern> = LazyLock::new(|| Pattern::new(r"\[exit (\d+)\]$"));
static GET: LazyLock<Pattern> = LazyLock::new(|| Pattern::new(r"\bkubectl get\b"));
static STRUCTURED: LazyLock<Pattern> = LazyLock::new(|| Pattern::new(r"-o[ =]?(yaml|json)\b"));

/// What differs of each compared step, by the step's number, counted from 1.
pub fn check(expected: &Transcript) -> Vec<(usize, Option<String>)> {
    let got = play(expected);
    let want = normalise(expected);
    let ways = if expected.tags().iter().any(|tag| CHANCE_NODES.contains(tag)) {
        ORDERS.map(|order| got.with_workers(order)).into()
    } else {
        vec![got.clone()]
    };
    let mut ways: Vec<(Vec<Vec<String>>, Same)> =
        ways.iter().map(|way| (normalise(way), Same::default())).collect();
    let mut found = Vec::new();
    for (at, step) in expected.steps.iter().enumerate().filter(|(_, step)| !step.waits()) {
        let want = said_by(step, &want[at]);
        let told: Vec<Vec<String>> = ways
            .iter_mut()
            .map(|(have, same)| same.step(&want, &said_by(&got.steps[at], &have[at])))
            .collect();
        if step.is_compared {
            let agrees =
                told.contains(&want) || is_list(step) && in_any_order(&told).contains(&ordered(&want));
            found.push((at + 1, (!agrees).then(|| difference(step, &want, &told[0]))));
        }
    }
    found
}

fn ordered(lines: &[String]) -> Vec<String> {
    let mut lines = lines.to_vec();
    lines.sort();
    lines
}

fn in_any_order(told: &[Vec<String>]) -> Vec<Vec<String>> {
    told.iter().map(|lines| ordered(lines)).collect()
}

fn difference(step: &RecordedCommand, expected: &[String], got: &[String]) -> String {
    let without_numbers = |lines: &[String]| {
        ordered(&lines.iter().map(|line| NUMBERED.replace(line, "<${1}>").into_owned()).collect::<Vec<_>>())
    };
    let same = without_numbers(expected) == without_numbers(got);
    let note = if same { "  (only which name is which)" } else { "" };
    format!("$ {}{note}\n{}", step.first(), diff::lines(expected, got))
}

/// What this cluster says to the same commands.
fn play(expected: &Transcript) -> Transcript {
    let mut session = Session::new(WORKERS);
    for image in expected.images() {
        for node in 1..=WORKERS {
            session.play(&format!("ssh worker-{node} sudo crictl pull {image}"));
        }
    }
    let mut got = expected.without_answers();
    for (at, step) in got.steps.iter_mut().enumerate() {
        session.play(&format!("echo step {at} begins"));
        if step.waits() {
            session.play(&step.command);
            continue;
        }
        let (first, rest) = match step.command.split_once('\n') {
            Some((first, rest)) => (first, format!("\n{rest}")),
            None => (&*step.command, String::new()),
        };
        let typed = format!("{first}; echo \"[exit $?]\"{rest}");
        let said = session.play(&typed);
        let said = said.strip_prefix(&format!("$ {typed}\n")).unwrap_or(&said).trim_end_matches('\n');
        let mut lines = said;
        if let Some(groups) = EXIT.groups(said) {
            step.status = groups[1].parse().unwrap_or(u32::MAX);
            lines = &said[..said.len() - groups[0].len()];
        }
        let lines = lines.trim_end_matches('\n');
        if !lines.is_empty() {
            step.lines = lines.split('\n').map(str::to_owned).collect();
        }
    }
    got
}

fn said_by(step: &RecordedCommand, lines: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = lines.iter().filter(|line| !line.trim().is_empty()).cloned().collect();
    let rolled_out = lines.last().is_some_and(|line| line.contains("successfully rolled out"));
    if step.first().contains("rollout status") && rolled_out {
        // How much of it is still seen is a matter of moments.
        lines.drain(..lines.len() - 1);
    }
    if step.status != 0 {
        lines.push(format!("[exit {}]", step.status));
    }
    lines
}

/// Whether the answer is a list whose order may be another.
fn is_list(step: &RecordedCommand) -> bool {
    let command = step.first();
    GET.is_in(command) && !command.contains("--sort-by") && !STRUCTURED.is_in(command)
}

/// Which of our placeholders stands for which expected one: settled at the first line that says it.
#[derive(Debug, Default)]
struct Same {
    to: BTreeMap<String, String>,
    taken: BTreeSet<String>,
}

fn tokens(line: &str) -> Vec<String> {
    PLACE.all(line).map(str::to_owned).collect()
}

fn masked(line: &str) -> String {
    PLACE.replace(line, "<${1}>").into_owned()
}

impl Same {
    /// How many of these are known to be the same; nothing if some cannot be.
    fn fits(&self, ours: &[String], theirs: &[String]) -> Option<usize> {
        let mut known = 0;
        for (a, b) in ours.iter().zip(theirs) {
            match self.to.get(a) {
                Some(to) if to != b => return None,
                Some(_) => known += 1,
                None if self.taken.contains(b) => return None,
                None => {}
            }
        }
        Some(known)
    }

    /// Our lines of a step with the expected placeholders, as far as they are known.
    fn step(&mut self, want: &[String], have: &[String]) -> Vec<String> {
        let mut groups: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
        for line in want {
            groups.entry(masked(line)).or_default().push(tokens(line));
        }
        let mut waiting: Vec<&String> = have.iter().filter(|line| PLACE.is_in(line)).collect();
        // Those that are known for certain come first.
        for least in [1, 0] {
            waiting.retain(|line| {
                let Some(group) = groups.get_mut(&masked(line)) else { return true };
                !self.settle(&tokens(line), group, least)
            });
        }
        let mut out = Vec::new();
        for run in have.chunk_by(|a, b| masked(a) == masked(b)) {
            let mut run: Vec<String> = run.iter().map(|line| self.named(line)).collect();
            run.sort();
            out.append(&mut run);
        }
        out
    }

    /// Takes the expected line of a group that fits best, if at least so many of its tokens are known.
    fn settle(&mut self, ours: &[String], group: &mut Vec<Vec<String>>, least: usize) -> bool {
        let fitting =
            group.iter().enumerate().filter_map(|(at, theirs)| Some((self.fits(ours, theirs)?, at)));
        // The first of those that fit as well as any.
        let best = fitting.max_by_key(|(known, at)| (*known, std::cmp::Reverse(*at)));
        let Some((_, at)) = best.filter(|(known, _)| *known >= least) else { return false };
        let theirs = group.remove(at);
        self.taken.extend(theirs.iter().cloned());
        self.to.extend(ours.iter().cloned().zip(theirs));
        true
    }

    fn named(&self, line: &str) -> String {
        let name = |place: &str| {
            let kind = place.trim_start_matches('<').split('-').next().unwrap_or_default();
            self.to.get(place).cloned().unwrap_or_else(|| format!("<{kind}-new>"))
        };
        PLACE.replace_by(line, name)
    }
}
