//! What the command palette offers, and which of it a typed text means.

use std::rc::Rc;

use stage::{Options, Start};
use view::NodeMark;

use crate::guide_strip::text;
use crate::menu::{Item, items};
use crate::state::{Action, FrontAction, LayoutAction, PlaybackAction, Selection, Theme, World};
use crate::words::{Lang, Words, fill};

/// More are not listed: another letter narrows them down.
const MOST: usize = 60;
/// With more nodes than this only those are offered whose name was begun.
const NODES_UNNAMED: usize = 30;

/// Something that can be done, and what it is done to.
#[derive(Clone, PartialEq)]
pub struct Choice {
    pub item: Item,
    /// A pod, a node, a part or a DaemonSet; empty for the page itself.
    pub on: String,
}

/// How well a choice answers to a text: less is better, nothing if it does not.
fn rank(choice: &Choice, terms: &[String]) -> Option<u8> {
    let on = choice.on.to_lowercase();
    let word = choice.item.word.to_lowercase();
    let line = choice.item.line.as_deref().unwrap_or_default().to_lowercase();
    let mut worst = 0;
    for term in terms {
        let one = match () {
            () if begins_a_word(&word, term) => 0,
            () if begins_a_word(&on, term) => 1,
            () if word.contains(term) || on.contains(term) => 2,
            () if line.contains(term) => 3,
            () => return None,
        };
        worst = worst.max(one);
    }
    Some(worst)
}

fn begins_a_word(text: &str, term: &str) -> bool {
    text.match_indices(term).any(|(at, _)| !text[..at].chars().next_back().is_some_and(char::is_alphanumeric))
}

/// Those of all choices that a text means, the best first.
pub fn choices(lang: Lang, world: &World, query: &str) -> Vec<Choice> {
    let terms: Vec<String> = query.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let mut found: Vec<(u8, Choice)> = Vec::new();
    // A part of the control plane is a pod, too: what does the same is offered once.
    let mut offer = |choice: Choice| {
        if !found.iter().any(|(_, other)| other.item.action == choice.item.action) {
            found.extend(rank(&choice, &terms).map(|rank| (rank, choice)));
        }
    };
    for_the_page(lang.words(), world).into_iter().for_each(&mut offer);
    for_the_guide(lang, world).into_iter().for_each(&mut offer);
    for_far_nodes(lang.words(), world, &terms).into_iter().for_each(&mut offer);
    for target in targets(world, &terms) {
        let name = target.name();
        // As kubectl takes it.
        let on = name.strip_prefix("default/").unwrap_or(name);
        for item in items(lang.words(), &world.board, &target) {
            offer(Choice { item, on: on.to_owned() });
        }
    }
    // Stable, so that equals stay in the order of the page.
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().take(MOST).map(|(_, choice)| choice).collect()
}

/// Everything that has a menu; of very many nodes only those that are named.
fn targets(world: &World, terms: &[String]) -> Vec<Selection> {
    let board = &world.board;
    let few = board.nodes.len() <= NODES_UNNAMED;
    let near = board.nodes.iter().filter(|node| few || terms.iter().any(|term| node.name.contains(&**term)));
    let near: Vec<_> = near.take(NODES_UNNAMED).collect();
    let daemonsets = board.daemonsets.iter().map(|set| Selection::DaemonSet(set.id.clone()));
    let nodes = near.iter().map(|node| Selection::Node(node.name.clone()));
    let pods = near.iter().flat_map(|node| &node.pods).chain(&board.pending);
    let (system, own): (Vec<_>, Vec<_>) = pods.partition(|pod| &*pod.namespace == "kube-system");
    let parts = board.parts.iter().map(|part| Selection::Part(part.name.clone()));
    let pods = |pods: Vec<&Rc<view::PodView>>| -> Vec<Selection> {
        pods.into_iter().map(|pod| Selection::Pod(pod.id.clone())).collect()
    };
    daemonsets.chain(pods(own)).chain(nodes).chain(parts).chain(pods(system)).collect()
}

/// Nodes that are known by little more than their name: the ways to them, where all of a name is begun.
fn for_far_nodes(words: &Words, world: &World, terms: &[String]) -> Vec<Choice> {
    if !world.is_far || terms.is_empty() {
        return Vec::new();
    }
    let named =
        world.fleet.nodes.iter().filter(|node| terms.iter().any(|term| node.name.starts_with(&**term)));
    let ways = |node: &Rc<NodeMark>| {
        let name = &node.name;
        let mut show = of_page("show", words.menu.show, Action::Show(Selection::Node(name.clone())));
        let map = fill(words.fleet.show_on_map, &[name]);
        let mut map = of_page("show-on-map", &map, Action::ShowOnMap(name.clone()));
        (show.on, map.on) = (name.to_string(), name.to_string());
        [show, map]
    };
    named.take(NODES_UNNAMED).flat_map(ways).collect()
}

fn of_page(id: &str, word: &str, action: impl Into<Action>) -> Choice {
    Choice { item: Item::new(id, word, action), on: String::new() }
}

fn for_the_page(words: &Words, world: &World) -> Vec<Choice> {
    let start = |start, long| (start, Options { start, ..(*world.options).clone() }, long);
    let starts = [
        start(Start::Demo, words.bar.start_demo),
        start(Start::Ready, words.bar.start_ready),
        start(Start::Bare, words.bar.start_bare),
    ];
    let mut all = vec![
        of_page("play", words.help.key_play, PlaybackAction::Toggle),
        of_page("step", words.bar.step, Action::Step(1)),
        of_page("slower", words.help.key_slower, PlaybackAction::Slower),
        of_page("faster", words.help.key_faster, PlaybackAction::Faster),
        of_page("auto-speed", words.bar.auto_long, PlaybackAction::Auto(true)),
        of_page("console", words.help.key_console, Action::FocusConsole),
        of_page("filter", words.scene.filter, Action::FocusFilter),
        of_page("compare", words.drawer.compare, Action::Compare),
        of_page("share", words.bar.share_long, Action::Share),
        of_page("theme-auto", words.bar.theme_auto, LayoutAction::Theme(Theme::Auto)),
        of_page("theme-light", words.bar.theme_light, LayoutAction::Theme(Theme::Light)),
        of_page("theme-dark", words.bar.theme_dark, LayoutAction::Theme(Theme::Dark)),
        of_page("lang-ko", Lang::Ko.name(), LayoutAction::Lang(Lang::Ko)),
        of_page("lang-en", Lang::En.name(), LayoutAction::Lang(Lang::En)),
        of_page("scale", words.bar.scale, LayoutAction::Larger),
        of_page("help", words.bar.help, FrontAction::Help(true)),
    ];
    all.extend(starts.into_iter().map(|(start, options, word)| {
        let id = match start {
            Start::Demo => "start-demo",
            Start::Ready => "start-ready",
            Start::Bare => "start-bare",
        };
        let mut choice = of_page(id, word, Action::Reset(options));
        choice.on = words.bar.scenario.to_owned();
        choice
    }));
    all
}

/// The guide's steps: to have each brought about.
fn for_the_guide(lang: Lang, world: &World) -> Vec<Choice> {
    let step = |step: &'static guide::Step| {
        let mut choice = of_page("guide-step", text(lang, &step.title), Action::Play(&step.goal));
        choice.on = lang.words().guide.guide_do.to_owned();
        choice
    };
    world.story().steps.iter().map(step).collect()
}
