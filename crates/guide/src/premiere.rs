//! What a first visit sees: to a cluster that is up the DaemonSet is applied, and once its pods have their nodes the
//! static pod's file arrives on worker-1.

use sim::SortedMap;
use stage::{Command, DEMO_DAEMONSET, DEMO_STATIC_POD, Script};
use view::{Board, PodView};

/// The commands of a session that begins so and that are still to be given.
#[derive(Clone, Debug)]
pub struct Premiere {
    given: usize,
}

/// The file that is applied.
const FILE: &str = "agent.yaml";

fn commands() -> [Command; Premiere::LENGTH] {
    let files = SortedMap::from([(FILE.to_owned(), DEMO_DAEMONSET.into())]);
    [
        Command::Exec { line: format!("kubectl apply -f {FILE}"), files },
        Command::WriteFile {
            node: "worker-1".to_owned(),
            path: "/etc/kubernetes/manifests/web.yaml".to_owned(),
            text: DEMO_STATIC_POD.into(),
        },
    ]
}

/// Whether every pod of the DaemonSet has been bound to its node.
fn is_bound(board: &Board) -> bool {
    let Some(ds) = board.daemonsets.iter().find(|ds| &*ds.id == "default/agent") else { return false };
    let of_it = |pod: &&std::rc::Rc<PodView>| pod.is_of("default/agent") && !pod.ghost;
    let bound = board.nodes.iter().flat_map(|node| &node.pods).filter(of_it).count();
    ds.desired > 0 && bound as u32 >= ds.desired
}

impl Premiere {
    /// How many commands it has.
    pub const LENGTH: usize = 2;

    /// What is left of it in a session; `None` if it began otherwise, or has had it all.
    pub fn of(script: &Script) -> Option<Premiere> {
        let given = script.entries.len();
        (script.options.watched && given < Premiere::LENGTH).then_some(Premiere { given })
    }

    /// The next command, if the world is ready for it. To be asked whenever that looks different.
    pub fn next(&mut self, board: &Board) -> Option<Command> {
        let ready = match self.given {
            0 => true,
            _ => is_bound(board),
        };
        let next = commands().into_iter().nth(self.given).filter(|_| ready)?;
        self.given += 1;
        Some(next)
    }

    /// What is left: given at once when a person begins to act.
    pub fn rest(&self) -> Vec<Command> {
        commands().into_iter().skip(self.given).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim::Duration;
    use stage::{Options, Stage};
    use view::ApiServerState;

    #[test]
    fn the_scene_is_set_before_the_visitors_eyes() {
        let mut stage = Stage::new(Options { watched: true, ..Options::default() });
        let begin = stage.board();
        assert_eq!(begin.api_server, ApiServerState::Up);
        assert!(begin.nodes.iter().all(|node| node.ready) && begin.daemonsets.len() == 1);
        let mut premiere = Premiere::of(stage.script()).unwrap();
        let mut given = Vec::new();
        for _ in 0..200 {
            let board = stage.board();
            if let Some(command) = premiere.next(&board) {
                given.push((command.shell_line(), stage.now().since(begin.now)));
                stage.perform(command);
            }
            stage.run_until(stage.now() + Duration::from_millis(100));
        }
        let [(apply, at_once), (file, later)] = &given[..] else { panic!("{given:?}") };
        assert_eq!((&**apply, *at_once), ("kubectl apply -f agent.yaml", Duration::ZERO));
        assert_eq!(file, "ssh worker-1 sudo tee /etc/kubernetes/manifests/web.yaml");
        assert!((Duration::from_secs(1)..Duration::from_secs(4)).contains(later), "{later:?}");
        assert!(Premiere::of(stage.script()).is_none());
        // It ends as the calm scene does, but for names that are drawn by chance.
        let names = |stage: &mut Stage| -> Vec<String> {
            let board = stage.board();
            let pods = board.nodes.iter().flat_map(|node| &node.pods);
            let own = pods.filter(|pod| &*pod.namespace == "default");
            own.map(|pod| format!("{:?} {:?} {}", pod.node, pod.origin, pod.status)).collect()
        };
        assert_eq!(names(&mut stage), names(&mut Stage::new(Options::default())));
    }

    #[test]
    fn a_visitor_who_acts_finds_the_rest_done() {
        let mut stage = Stage::new(Options { watched: true, ..Options::default() });
        let mut premiere = Premiere::of(stage.script()).unwrap();
        let first = premiere.next(&stage.board()).unwrap();
        stage.perform(first);
        assert_eq!(premiere.next(&stage.board()), None);
        assert_eq!(premiere.rest().len(), 1);
        // A reload goes on with it.
        assert_eq!(Premiere::of(stage.script()).unwrap().rest().len(), 1);
        assert!(Premiere::of(Stage::new(Options::default()).script()).is_none());
    }
}
