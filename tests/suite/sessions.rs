//! Random sessions: what people may do to a cluster, and playing it.

use api::object::{Kind, Object};
use api::pod::Pod;
use cluster::BOOT_DELAY;
use kubeadm::MANIFESTS;
use proptest::prelude::*;
use sim::{Duration, SortedMap};
use stage::{Command, Options, Stage, Start};

pub const NODES: [&str; 4] = ["control-plane", "worker-1", "worker-2", "worker-3"];

/// One action of a random session.
#[derive(Clone, Debug)]
pub enum Act {
    Apply(Set),
    DeleteSet {
        name: &'static str,
        orphan: bool,
    },
    /// Deletes one of the pods there are.
    DeletePod {
        which: usize,
        force: bool,
    },
    /// Crashes a container of one of the pods there are.
    Crash {
        which: usize,
        exit_code: i32,
    },
    Write {
        node: &'static str,
        file: &'static str,
        content: Content,
    },
    Remove {
        node: &'static str,
        file: &'static str,
    },
    Move {
        node: &'static str,
        from: &'static str,
        to: &'static str,
    },
    /// One pod in two files.
    Copy {
        node: &'static str,
        from: &'static str,
        to: &'static str,
    },
    Kubelet {
        node: &'static str,
        up: bool,
    },
    Restart {
        node: &'static str,
    },
    Power {
        node: &'static str,
        on: bool,
    },
    Network {
        node: &'static str,
        up: bool,
    },
    DeleteNode {
        node: &'static str,
    },
    /// A machine is there, or it was taken away.
    Machine {
        node: &'static str,
        there: bool,
    },
    ApiServer {
        up: bool,
    },
    Label {
        node: &'static str,
        pool: Option<&'static str>,
    },
    Cordon {
        node: &'static str,
        cordoned: bool,
    },
    /// Applies a Deployment, a StatefulSet or a Job.
    Work(Work),
    DeleteWork {
        kind: &'static str,
    },
    Wait {
        millis: u64,
    },
}

/// Who says whether a container that has ended is started again: its pod, or the container itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restarts {
    AsThePod,
    Always,
    OnFailure,
    Never,
    /// Only after the exit code 1.
    AfterOne,
}

impl Restarts {
    /// The lines of a container; `indent` stands before its fields.
    fn lines(self, indent: &str) -> String {
        let (policy, rule) = match self {
            Restarts::AsThePod => return String::new(),
            Restarts::Always => ("Always", ""),
            Restarts::OnFailure => ("OnFailure", ""),
            Restarts::Never => ("Never", ""),
            Restarts::AfterOne => {
                ("Never", "restartPolicyRules: [{action: Restart, exitCodes: {operator: In, values: [1]}}]\n")
            }
        };
        let rule = if rule.is_empty() { String::new() } else { format!("{indent}{rule}") };
        format!("{indent}restartPolicy: {policy}\n{rule}")
    }
}

/// What runs pods without regard to nodes; there is one of each sort, called `work`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    Deployment {
        replicas: u8,
        image: u8,
        restarts: Restarts,
    },
    StatefulSet {
        replicas: u8,
        image: u8,
        parallel: bool,
    },
    /// A Job whose pods end with this code.
    Job {
        completions: u8,
        parallelism: u8,
        exit_code: u8,
        restarts: bool,
    },
}

const WORK: [&str; 3] = ["deployment", "statefulset", "job"];

impl Work {
    fn manifest(self) -> String {
        let of = |api: &str, kind: &str, app: &str, spec: &str, pod: &str| {
            format!(
                "apiVersion: {api}\nkind: {kind}\nmetadata:\n  name: work\nspec:\n{spec}  template:\n    metadata:\n      \
                 labels:\n        app: {app}\n    spec:\n{pod}"
            )
        };
        let selecting = |app: &str, replicas: u8| {
            format!("  replicas: {replicas}\n  selector:\n    matchLabels:\n      app: {app}\n")
        };
        let nginx =
            |image: u8| format!("      containers:\n      - name: main\n        image: nginx:{image}\n");
        match self {
            Work::Deployment { replicas, image, restarts } => {
                let pod = nginx(image) + &restarts.lines("        ");
                of("apps/v1", "Deployment", "d", &selecting("d", replicas), &pod)
            }
            Work::StatefulSet { replicas, image, parallel } => {
                let policy = if parallel { "  podManagementPolicy: Parallel\n" } else { "" };
                let spec = format!("{}{policy}", selecting("s", replicas));
                of("apps/v1", "StatefulSet", "s", &spec, &nginx(image))
            }
            Work::Job { completions, parallelism, exit_code, restarts } => {
                let spec = format!(
                    "  completions: {completions}\n  parallelism: {parallelism}\n  backoffLimit: 2\n"
                );
                let policy = if restarts { "OnFailure" } else { "Never" };
                let pod = format!(
                    "      restartPolicy: {policy}\n      containers:\n      - name: main\n        image: busybox:1.37\n        \
                     command: [sh, -c, 'sleep 3; exit {exit_code}']\n"
                );
                of("batch/v1", "Job", "j", &spec, &pod)
            }
        }
    }
}

/// A DaemonSet as a random session applies it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Set {
    pub name: &'static str,
    pub image: u8,
    /// Its nodeSelector `pool`.
    pub pool: Option<&'static str>,
    pub tolerates_all: bool,
    pub on_delete: bool,
    pub surge: bool,
    pub restarts: Restarts,
}

/// What is in a file of a manifest directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    Pod { name: &'static str, image: u8, restarts: Restarts },
    Broken,
    DaemonSet,
    Empty,
}

impl Set {
    fn manifest(&self) -> String {
        let Set { name, image, .. } = self;
        let restarts = self.restarts.lines("        ");
        let selector =
            self.pool.map_or(String::new(), |pool| format!("      nodeSelector:\n        pool: {pool}\n"));
        let tolerations =
            if self.tolerates_all { "      tolerations:\n      - operator: Exists\n" } else { "" };
        let strategy = match (self.on_delete, self.surge) {
            (true, _) => "  updateStrategy:\n    type: OnDelete\n",
            (false, true) => {
                "  updateStrategy:\n    rollingUpdate:\n      maxSurge: 1\n      maxUnavailable: 0\n"
            }
            (false, false) => "",
        };
        format!(
            "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: {name}\nspec:\n{strategy}  selector:\n    \
             matchLabels:\n      app: {name}\n  template:\n    metadata:\n      labels:\n        app: {name}\n    \
             spec:\n{selector}{tolerations}      containers:\n      - name: main\n        image: nginx:{image}\n{restarts}"
        )
    }
}

impl Content {
    fn text(self) -> String {
        match self {
            Content::Pod { name, image, restarts } => format!(
                "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\nspec:\n  containers:\n  - name: main\n    \
                 image: nginx:{image}\n{}",
                restarts.lines("    ")
            ),
            Content::Broken => "apiVersion: v1\nkind: [Pod\n".to_owned(),
            Content::DaemonSet => "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: x\n".to_owned(),
            Content::Empty => String::new(),
        }
    }
}

fn path(file: &str) -> String {
    format!("{MANIFESTS}/{file}")
}

impl Act {
    /// The command, if there is something to do it to; and how long it is waited afterwards.
    pub fn command(&self, stage: &Stage) -> Option<Command> {
        let exec = |line: String| Some(Command::Exec { line, files: SortedMap::new() });
        let owned = |text: &str| text.to_owned();
        match self {
            Act::Apply(set) => {
                let files = SortedMap::from([("set.yaml".to_owned(), set.manifest().into())]);
                Some(Command::Exec { line: "kubectl apply -f set.yaml".to_owned(), files })
            }
            Act::DeleteSet { name, orphan } => {
                let cascade = if *orphan { " --cascade=orphan" } else { "" };
                exec(format!("kubectl delete daemonset {name} --wait=false{cascade}"))
            }
            Act::DeletePod { which, force } => {
                let pod = pick(stage, *which)?;
                let (name, namespace) = (&pod.meta.name, pod.meta.namespace());
                let force = if *force { " --grace-period=0 --force" } else { "" };
                exec(format!("kubectl delete pod {name} -n {namespace} --wait=false{force}"))
            }
            Act::Crash { which, exit_code } => {
                let pod = pick(stage, *which)?;
                Some(Command::CrashContainer {
                    node: owned(pod.node_name.as_deref()?),
                    namespace: owned(pod.meta.namespace()),
                    pod: owned(&pod.meta.name),
                    container: owned(&pod.spec.containers.first()?.name),
                    exit_code: *exit_code,
                })
            }
            Act::Write { node, file, content } => {
                Some(Command::WriteFile { node: owned(node), path: path(file), text: content.text().into() })
            }
            Act::Remove { node, file } => Some(Command::RemoveFile { node: owned(node), path: path(file) }),
            Act::Move { node, from, to } => {
                Some(Command::MoveFile { node: owned(node), from: path(from), to: path(to) })
            }
            Act::Copy { node, from, to } => exec(format!("ssh {node} sudo cp {} {}", path(from), path(to))),
            Act::Kubelet { node, up: true } => Some(Command::StartKubelet { node: owned(node) }),
            Act::Kubelet { node, up: false } => Some(Command::StopKubelet { node: owned(node) }),
            Act::Restart { node } => Some(Command::RestartKubelet { node: owned(node) }),
            Act::Power { node, on: true } => Some(Command::PowerOn { node: owned(node) }),
            Act::Power { node, on: false } => Some(Command::PowerOff { node: owned(node) }),
            Act::Network { node, up: true } => Some(Command::RestoreNetwork { node: owned(node) }),
            Act::Network { node, up: false } => Some(Command::CutNetwork { node: owned(node) }),
            Act::Machine { node, there: true } => {
                Some(Command::AddMachine { node: owned(node), labels: SortedMap::new() })
            }
            Act::Machine { node, there: false } => Some(Command::RemoveMachine { node: owned(node) }),
            Act::DeleteNode { node } => exec(format!("kubectl delete node {node}")),
            Act::ApiServer { up } => Some(Command::SetApiServer { up: *up }),
            Act::Label { node, pool: Some(pool) } => {
                exec(format!("kubectl label node {node} pool={pool} --overwrite"))
            }
            Act::Label { node, pool: None } => exec(format!("kubectl label node {node} pool-")),
            Act::Cordon { node, cordoned: true } => exec(format!("kubectl cordon {node}")),
            Act::Cordon { node, cordoned: false } => exec(format!("kubectl uncordon {node}")),
            Act::Work(work) => {
                let files = SortedMap::from([("work.yaml".to_owned(), work.manifest().into())]);
                Some(Command::Exec { line: "kubectl apply -f work.yaml".to_owned(), files })
            }
            Act::DeleteWork { kind } => exec(format!("kubectl delete {kind} work --wait=false")),
            Act::Wait { .. } => None,
        }
    }
}

/// One of the pods there are, but none of the control plane.
fn pick(stage: &Stage, which: usize) -> Option<std::rc::Rc<Pod>> {
    let pods: Vec<_> = pods(stage).into_iter().filter(|pod| **pod.meta.namespace() == *"default").collect();
    pods.get(which.checked_rem(pods.len())?).cloned()
}

pub fn pods(stage: &Stage) -> Vec<std::rc::Rc<Pod>> {
    let list = stage.cluster().api.store.list(Kind::Pod, None);
    let pod = |object| match object {
        Object::Pod(pod) => Some(pod),
        _ => None,
    };
    list.into_iter().filter_map(pod).collect()
}

/// A cluster that is up and calm. Booting takes long, so each thread does it once.
pub fn standard() -> Stage {
    thread_local! {
        static BOOTED: Stage =
            Stage::new(Options { start: Start::Ready, kube_proxy: false, ..Options::default() });
    }
    BOOTED.with(Clone::clone)
}

pub fn run_for(stage: &mut Stage, span: Duration) {
    let until = stage.now() + span;
    stage.run_until(until);
}

/// Does it, and lets a little time pass.
pub fn play(stage: &mut Stage, act: &Act) {
    if let Some(command) = act.command(stage) {
        stage.perform(command);
    }
    let millis = if let Act::Wait { millis } = act { *millis } else { 50 };
    run_for(stage, Duration::from_millis(millis));
}

/// Everything is switched on again, and given the time it may take at most.
pub fn calm_down(stage: &mut Stage) {
    for node in NODES {
        // Each is refused where there is nothing to do.
        stage.perform(Command::AddMachine { node: node.to_owned(), labels: SortedMap::new() });
        stage.perform(Command::PowerOn { node: node.to_owned() });
        stage.perform(Command::RestoreNetwork { node: node.to_owned() });
    }
    run_for(stage, BOOT_DELAY + Duration::from_secs(1));
    stage.perform(Command::SetApiServer { up: true });
    for node in NODES {
        stage.perform(Command::StartKubelet { node: node.to_owned() });
    }
    // A node that was deleted is registered again by a kubelet that starts (ND-045).
    run_for(stage, Duration::from_secs(120));
    for node in NODES {
        if stage.cluster().api.store.nodes.get("", node).is_none() {
            stage.perform(Command::RestartKubelet { node: node.to_owned() });
        }
    }
    run_for(stage, Duration::from_secs(3_600));
}

// ---- strategies ----

fn node() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NODES[..])
}

fn worker() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NODES[1..])
}

fn file() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a.yaml", "b.yaml", "c.yaml~", ".hidden.yaml"])
}

fn restarts() -> impl Strategy<Value = Restarts> {
    prop_oneof![
        5 => Just(Restarts::AsThePod),
        1 => Just(Restarts::Always),
        1 => Just(Restarts::OnFailure),
        1 => Just(Restarts::Never),
        1 => Just(Restarts::AfterOne),
    ]
}

fn set() -> impl Strategy<Value = Set> {
    let name = prop::sample::select(vec!["agent", "probe"]);
    let pool = prop::option::weighted(0.3, Just("blue"));
    let flags = (prop::bool::weighted(0.3), prop::bool::weighted(0.2), prop::bool::weighted(0.3));
    (name, 1..4u8, pool, flags, restarts()).prop_map(
        |(name, image, pool, (tolerates_all, on_delete, surge), restarts)| Set {
            name,
            image,
            pool,
            tolerates_all,
            on_delete,
            surge,
            restarts,
        },
    )
}

fn content() -> impl Strategy<Value = Content> {
    let name = prop::sample::select(vec!["web", "db"]);
    prop_oneof![
        6 => (name, 1..3u8, restarts())
            .prop_map(|(name, image, restarts)| Content::Pod { name, image, restarts }),
        1 => Just(Content::Broken),
        1 => Just(Content::DaemonSet),
        1 => Just(Content::Empty),
    ]
}

fn wait() -> impl Strategy<Value = Act> {
    prop_oneof![0..2_000u64, 2_000..30_000u64, 30_000..400_000u64].prop_map(|millis| Act::Wait { millis })
}

fn deletes() -> impl Strategy<Value = Act> {
    (any::<usize>(), any::<bool>()).prop_map(|(which, force)| Act::DeletePod { which, force })
}

fn crashes() -> impl Strategy<Value = Act> {
    (any::<usize>(), prop::sample::select(vec![0, 1, 137]))
        .prop_map(|(which, exit_code)| Act::Crash { which, exit_code })
}

fn kubelets() -> impl Strategy<Value = Act> {
    prop_oneof![
        (node(), any::<bool>()).prop_map(|(node, up)| Act::Kubelet { node, up }),
        node().prop_map(|node| Act::Restart { node }),
    ]
}

fn machines() -> impl Strategy<Value = Act> {
    prop_oneof![
        (node(), any::<bool>()).prop_map(|(node, on)| Act::Power { node, on }),
        (node(), any::<bool>()).prop_map(|(node, up)| Act::Network { node, up }),
        node().prop_map(|node| Act::DeleteNode { node }),
        (worker(), any::<bool>()).prop_map(|(node, there)| Act::Machine { node, there }),
    ]
}

/// Sessions that are mostly about machines that fail.
pub fn failing_nodes() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => machines(),
        2 => set().prop_map(Act::Apply),
        1 => (worker(), file(), content()).prop_map(|(node, file, content)| Act::Write { node, file, content }),
        1 => deletes(),
        2 => kubelets(),
        1 => api_server(),
        4 => wait(),
    ];
    prop::collection::vec(act, 1..12)
}

fn api_server() -> impl Strategy<Value = Act> {
    any::<bool>().prop_map(|up| Act::ApiServer { up })
}

/// Sessions that are mostly about DaemonSets.
pub fn daemon_sets() -> impl Strategy<Value = Vec<Act>> {
    let pool = prop::option::of(Just("blue"));
    let act = prop_oneof![
        4 => set().prop_map(Act::Apply),
        1 => (prop::sample::select(vec!["agent", "probe"]), prop::bool::weighted(0.3))
            .prop_map(|(name, orphan)| Act::DeleteSet { name, orphan }),
        2 => deletes(),
        1 => crashes(),
        2 => (node(), pool).prop_map(|(node, pool)| Act::Label { node, pool }),
        1 => (node(), any::<bool>()).prop_map(|(node, cordoned)| Act::Cordon { node, cordoned }),
        1 => kubelets(),
        1 => machines(),
        1 => api_server(),
        4 => wait(),
    ];
    prop::collection::vec(act, 1..12)
}

fn work() -> impl Strategy<Value = Work> {
    prop_oneof![
        (0..5u8, 1..3u8, restarts()).prop_map(|(replicas, image, restarts)| Work::Deployment {
            replicas,
            image,
            restarts
        }),
        (0..4u8, 1..3u8, any::<bool>()).prop_map(|(replicas, image, parallel)| Work::StatefulSet {
            replicas,
            image,
            parallel
        }),
        (1..4u8, 1..3u8, prop::sample::select(vec![0, 0, 3]), any::<bool>()).prop_map(
            |(completions, parallelism, exit_code, restarts)| Work::Job {
                completions,
                parallelism,
                exit_code,
                restarts
            }
        ),
    ]
}

/// Sessions that are mostly about Deployments, StatefulSets and Jobs.
pub fn workloads() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        6 => work().prop_map(Act::Work),
        1 => prop::sample::select(&WORK[..]).prop_map(|kind| Act::DeleteWork { kind }),
        3 => deletes(),
        1 => crashes(),
        1 => (node(), any::<bool>()).prop_map(|(node, cordoned)| Act::Cordon { node, cordoned }),
        1 => kubelets(),
        1 => machines(),
        1 => api_server(),
        4 => wait(),
    ];
    prop::collection::vec(act, 1..12)
}

/// Sessions that are mostly about static pods.
pub fn static_pods() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        6 => (worker(), file(), content()).prop_map(|(node, file, content)| Act::Write { node, file, content }),
        2 => (worker(), file()).prop_map(|(node, file)| Act::Remove { node, file }),
        2 => (worker(), file(), file()).prop_map(|(node, from, to)| Act::Move { node, from, to }),
        2 => (worker(), file(), file()).prop_map(|(node, from, to)| Act::Copy { node, from, to }),
        2 => deletes(),
        2 => crashes(),
        2 => kubelets(),
        1 => machines(),
        1 => api_server(),
        1 => set().prop_map(Act::Apply),
        4 => wait(),
    ];
    prop::collection::vec(act, 1..12)
}

/// Anything.
pub fn any_session() -> impl Strategy<Value = Vec<Act>> {
    prop_oneof![daemon_sets(), static_pods(), failing_nodes(), workloads()]
}

/// The random sessions of `make test` whose end is checked: `prop_…_settle_as_they_should` together.
const SESSIONS: u64 = 2_000;

/// How many cases a test runs that usually runs so many: with `PROPTEST_CASES`, its share of these.
pub fn cases(usual: u32) -> u32 {
    let wanted: Option<u64> = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    wanted.map_or(usual, |wanted| (wanted.saturating_mul(u64::from(usual)) / SESSIONS).max(1) as u32)
}
