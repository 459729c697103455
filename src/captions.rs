//! Captions: each hop that is under way in one short sentence, and what is waited for. The sentence follows from what
//! the parts say to each other; this only chooses words, and lets each stand long enough to be read.

use std::collections::VecDeque;
use std::rc::Rc;

use sim::{SortedSet, Time};
use view::{Board, Hop, Tick, What};

use super::words::{Lang, Words, fill};

/// Another caption comes no sooner than this after the last.
const LEAST_MS: f64 = 650.0;
/// The last one stands so long when nothing follows.
const STANDS_MS: f64 = 3000.0;
/// How many are listed where nothing moves.
const LISTED: usize = 6;
/// So many names are told one by one.
const NAMES_MOST: usize = 2;
const NODES_MOST: usize = 3;

/// Hops that wait to be told; of more the ones that say least are left out.
const WAITING: usize = 3;

/// What is under way in a session, and what is waited for.
pub struct Scene<'a> {
    pub hops: &'a [Hop],
    pub board: &'a Board,
    /// What a kubelet does next, when, and on which node: a walk over the nodes.
    pub tick: &'a dyn Fn() -> Option<(Time, Tick, Rc<str>)>,
    pub now: Time,
}

/// What the line says.
#[derive(Clone, Copy)]
pub struct Caption<'a> {
    pub text: &'a str,
    /// It says what is waited for, not what happens.
    pub waits: bool,
}

/// What was said last, and when.
#[derive(Default)]
pub struct Captions {
    shown: String,
    shown_at: f64,
    /// Hops that are under way and were taken up, told or not.
    known: SortedSet<(Time, What)>,
    /// Those that are still to be told, oldest first.
    waiting: Vec<Hop>,
    /// The latest of them, oldest first.
    list: VecDeque<String>,
    /// See [`Caption::waits`].
    waits: bool,
}

impl Captions {
    /// Another session begins.
    pub fn begin_anew(&mut self) {
        *self = Captions::default();
    }

    /// What the line says at `wall` milliseconds; nothing if there is nothing to tell.
    pub fn line(&mut self, scene: &Scene<'_>, wall: f64, lang: Lang) -> Option<Caption<'_>> {
        self.take_up(scene.hops);
        if wall - self.shown_at < LEAST_MS {
            return self.shown();
        }
        let words = lang.words();
        if !self.waiting.is_empty() {
            let hop = self.waiting.remove(0);
            self.say(sentence(words, &hop), wall);
        } else if scene.hops.is_empty() {
            match waited_for(words, scene) {
                Some(text) => {
                    self.shown = text;
                    self.shown_at = wall - LEAST_MS;
                    self.waits = true;
                }
                None if wall - self.shown_at > STANDS_MS => self.shown.clear(),
                None => {}
            }
        }
        self.shown()
    }

    fn shown(&self) -> Option<Caption<'_>> {
        (!self.shown.is_empty()).then_some(Caption { text: &self.shown, waits: self.waits })
    }

    fn take_up(&mut self, hops: &[Hop]) {
        let present: SortedSet<(Time, What)> = hops.iter().map(|hop| (hop.at, hop.what)).collect();
        for hop in hops.iter().filter(|hop| !self.known.contains(&(hop.at, hop.what))) {
            self.waiting.push(hop.clone());
        }
        self.known = present;
        while self.waiting.len() > WAITING {
            let least = self.waiting.iter().enumerate().min_by_key(|(_, hop)| hop.what);
            let Some(at) = least.map(|(at, _)| at) else { break };
            self.waiting.remove(at);
        }
    }

    fn say(&mut self, text: String, wall: f64) {
        if self.list.back() != Some(&text) {
            self.list.push_back(text.clone());
        }
        if self.list.len() > LISTED {
            self.list.pop_front();
        }
        self.shown = text;
        self.shown_at = wall;
        self.waits = false;
    }

    /// The latest captions, one a line, oldest first.
    pub fn listed(&self) -> String {
        self.list.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

/// The back-off that ends next, if one is on, else what a kubelet does next.
fn waited_for(words: &Words, scene: &Scene<'_>) -> Option<String> {
    let seconds = |until: Time| until.since(scene.now).as_micros().div_ceil(1_000_000).to_string();
    back_off(words, scene, &seconds).or_else(|| {
        let (at, tick, node) = (scene.tick)()?;
        let text = match tick {
            Tick::Report => words.captions.cap_report_again,
            Tick::FileCheck => words.captions.cap_file_check,
        };
        Some(fill(text, &[&node, &seconds(at)]))
    })
}

fn back_off(words: &Words, scene: &Scene<'_>, seconds: &dyn Fn(Time) -> String) -> Option<String> {
    let pods = scene.board.nodes.iter().flat_map(|node| &node.pods);
    let waits =
        pods.flat_map(|pod| pod.containers.iter().filter_map(move |one| Some((one.restarts_at?, pod))));
    let (until, pod) = waits.filter(|(until, _)| *until > scene.now).min_by_key(|(until, _)| *until)?;
    let node = pod.node.as_deref().unwrap_or_default();
    Some(fill(words.captions.cap_back_off, &[&pod.name, node, &seconds(until)]))
}

/// Names as one says them: two with "and" between them, more than `most` as a number.
fn joined(words: &Words, all: &[Rc<str>], most: usize, many: &str) -> String {
    match all.len() > most {
        true => fill(many, &[&all.len().to_string()]),
        false => {
            let mut all: Vec<&str> = all.iter().map(|name| &**name).collect();
            all.sort_unstable();
            all.join(if all.len() == 2 { words.captions.cap_and } else { ", " })
        }
    }
}

/// A hop in one sentence.
pub fn sentence(words: &Words, hop: &Hop) -> String {
    let names = joined(words, &hop.names, NAMES_MOST, words.captions.cap_pods);
    let nodes = joined(words, &hop.nodes, NODES_MOST, words.captions.cap_nodes);
    let count = hop.count.to_string();
    let file = || names.rsplit('/').next().unwrap_or(&names).to_owned();
    match (hop.what, hop.covered) {
        (What::Asked, _) => fill(words.captions.cap_asked, &[&names]),
        (What::Answered, _) => words.captions.cap_answered.to_owned(),
        (What::Refused, _) => words.captions.cap_refused.to_owned(),
        (What::Sent, _) => fill(words.captions.cap_sent, &[&names]),
        (What::DeletionAsked, _) => fill(words.captions.cap_deletion, &[&names]),
        (What::Noticed, _) => fill(words.captions.cap_noticed, &[&names]),
        (What::Missed, _) => fill(words.captions.cap_missed, &[&names]),
        (What::Created, Some((covered, wanted))) => fill(
            words.captions.cap_creates_more,
            &[&covered.to_string(), &wanted.to_string(), &names, &count],
        ),
        (What::Created, None) => fill(words.captions.cap_creates, &[&names, &count]),
        (What::Removed, _) => fill(words.captions.cap_removed, &[&names]),
        (What::Marked, _) => fill(words.captions.cap_marked, &[&nodes]),
        (What::Queued, _) => fill(words.captions.cap_queued, &[&names]),
        (What::Bound, _) => fill(words.captions.cap_bound, &[&names, &nodes]),
        (What::Handed, _) => fill(words.captions.cap_handed, &[&nodes, &names]),
        (What::EndAsked, _) => fill(words.captions.cap_end_asked, &[&nodes, &names]),
        (What::Ended, _) if hop.nodes.len() > 1 => fill(words.captions.cap_ended_more, &[&nodes, &names]),
        (What::Ended, _) => fill(words.captions.cap_ended, &[&nodes, &names]),
        (What::Read, _) => fill(words.captions.cap_read, &[&nodes, &file()]),
        (What::SetUp, _) => fill(words.captions.cap_set_up, &[&nodes, &names]),
        (What::SetUpFromFile, _) => fill(words.captions.cap_from_file, &[&nodes, &names]),
        (What::Started, _) => fill(words.captions.cap_started, &[&nodes, &names]),
        (What::Mirrored, _) => fill(words.captions.cap_mirrored, &[&nodes, &names]),
        (What::Reported, _) => fill(words.captions.cap_reported, &[&nodes, &names, &hop.word]),
    }
}

#[cfg(test)]
mod tests {
    use stage::{Command, Options, Stage};

    use super::*;

    /// What the captions say of a session, each sentence once, as it goes on from a command.
    fn told(options: Options, command: Command, lang: Lang) -> Vec<String> {
        let mut stage = Stage::new(options);
        let mut captions = Captions::default();
        stage.perform(command);
        let mut said: Vec<String> = Vec::new();
        for frame in 0..500 {
            stage.run_until(stage.now() + sim::Duration::from_millis(20));
            let (hops, board) = (stage.hops(), stage.board());
            let scene = Scene { hops: &hops, board: &board, tick: &|| stage.next_tick(), now: stage.now() };
            let line = captions.line(&scene, f64::from(frame) * 1000.0, lang).map(|caption| caption.text);
            if let Some(line) = line.filter(|line| said.last().is_none_or(|last| last != line)) {
                said.push(line.to_owned());
            }
        }
        said
    }

    fn apply() -> Command {
        let files = [("agent.yaml".to_owned(), stage::DEMO_DAEMONSET.into())].into();
        Command::Exec { line: "kubectl apply -f agent.yaml".to_owned(), files }
    }

    #[test]
    fn the_way_through_the_api_is_told_hop_by_hop() {
        let said = told(Options { watched: true, ..Options::default() }, apply(), Lang::En);
        let all = said.join("\n");
        let hops = [
            "kubectl sends DaemonSet agent to the API server",
            "The controller-manager hears of DaemonSet agent",
            "the controller-manager creates",
            "The scheduler hears of",
            "The scheduler binds",
            "the kubelet hears of",
            "the kubelet sets up",
            "the kubelet starts",
            "the kubelet reports",
        ];
        let mut from = 0;
        for hop in hops {
            let at = all[from..].to_lowercase().find(&hop.to_lowercase());
            from += at.unwrap_or_else(|| panic!("{hop:?} is missing, or out of order, in:\n{all}"));
        }
        assert!(said.iter().all(|line| line.chars().count() <= 100), "{all}");
    }

    #[test]
    fn while_nothing_happens_it_is_told_what_a_kubelet_does_next() {
        let write = |text: &str| Command::WriteFile {
            node: "worker-1".to_owned(),
            path: "/etc/kubernetes/manifests/web.yaml".to_owned(),
            text: text.into(),
        };
        let said = told(Options::default(), write("kind: ["), Lang::En).join("\n");
        assert!(said.contains("The kubelet on worker-1 looks through its directory again in"), "{said}");
        let said = told(Options::default(), Command::SetApiServer { up: false }, Lang::En).join("\n");
        assert!(said.contains("reports again in"), "{said}");
    }

    #[test]
    fn the_way_of_a_file_asks_nobody_until_the_mirror_pod() {
        let write = Command::WriteFile {
            node: "worker-2".to_owned(),
            path: "/etc/kubernetes/manifests/web.yaml".to_owned(),
            text: stage::DEMO_STATIC_POD.into(),
        };
        let said = told(Options::default(), write, Lang::Ko);
        let hops = ["web.yaml 파일", "web-worker-2", "미러 파드", "컨테이너를 시작"];
        let mut from = 0;
        let all = said.join("\n");
        for hop in hops {
            let at = all[from..].find(hop);
            from += at.unwrap_or_else(|| panic!("{hop:?} is missing, or out of order, in:\n{all}"));
        }
        assert!(!all.contains("스케줄러"), "{all}");
    }
}
