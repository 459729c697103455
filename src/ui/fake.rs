//! A stand-in for the stage: a plausible board with one daemon pod that comes and goes.

use std::collections::BTreeMap;
use std::rc::Rc;

use kubestage::sim::{Duration, Time};
use kubestage::stage::{Command, Options, Script};
use kubestage::view::*;
use kubestage::yaml::Diagnostic;

pub type JobId = u32;

#[derive(Clone, Debug, PartialEq)]
pub struct JobView {
    pub id: JobId,
    pub started: Time,
    pub line: String,
    pub output: String,
    pub exit_code: Option<i32>,
    pub diagnostics: Vec<Diagnostic>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ManifestUse<'a> {
    Apply,
    Static { node: &'a str },
}

pub struct Stage {
    script: Script,
    now: Time,
    jobs: Vec<JobView>,
    files: BTreeMap<(String, String), String>,
    board: Option<(u64, Rc<Board>)>,
    api: bool,
}

const STATIC: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: nginx\n    image: nginx:1.29\n";
const DIR: &str = "/etc/kubernetes/manifests";

impl Stage {
    pub fn new(options: Options) -> Stage {
        let mut files = BTreeMap::new();
        for name in ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"] {
            files.insert(("control-plane".into(), format!("{DIR}/{name}.yaml")), STATIC.replace("web", name));
        }
        files.insert(("worker-1".into(), format!("{DIR}/web.yaml")), STATIC.into());
        for node in ["control-plane", "worker-1", "worker-2", "worker-3"] {
            let config = format!(
                "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nstaticPodPath: {DIR}\n"
            );
            files.insert((node.into(), "/var/lib/kubelet/config.yaml".into()), config);
        }
        Stage {
            script: Script::new(options),
            now: Time::START,
            jobs: Vec::new(),
            files,
            board: None,
            api: true,
        }
    }

    pub fn from_script(script: &Script) -> Stage {
        let mut stage = Stage::new(script.options.clone());
        stage.script = script.clone();
        stage
    }

    pub fn script(&self) -> &Script {
        &self.script
    }

    pub fn now(&self) -> Time {
        self.now
    }

    pub fn started(&self) -> Time {
        Time::START
    }

    pub fn perform(&mut self, command: Command) -> JobId {
        match &command {
            Command::SetApiServer { up } => self.api = *up,
            Command::WriteFile { node, path, text } => {
                self.files.insert((node.clone(), path.clone()), text.clone());
            }
            Command::RemoveFile { node, path } => {
                self.files.remove(&(node.clone(), path.clone()));
            }
            Command::MoveFile { node, from, to } => {
                if let Some(text) = self.files.remove(&(node.clone(), from.clone())) {
                    self.files.insert((node.clone(), to.clone()), text);
                }
            }
            _ => {}
        }
        self.board = None;
        let id = self.jobs.len() as JobId;
        let output = if command.shell_line().contains("get pods") {
            "NAME          READY   STATUS    RESTARTS   AGE\nagent-x7k2p   1/1     Running   0          2m\n"
        } else {
            ""
        };
        self.jobs.push(JobView {
            id,
            started: self.now,
            line: command.shell_line(),
            output: output.into(),
            exit_code: Some(0),
            diagnostics: vec![],
        });
        self.script.push(Time::START, self.now, command);
        id
    }

    pub fn jobs(&self) -> &[JobView] {
        &self.jobs
    }

    pub fn step(&mut self) -> bool {
        self.now = self.now + Duration::from_millis(200);
        true
    }

    pub fn run_until(&mut self, t: Time) {
        self.now = t.max(self.now);
    }

    pub fn run_slice(&mut self, until: Time, _max_steps: u32) -> bool {
        self.run_until(until);
        true
    }

    pub fn run_until_quiet(&mut self, limit: Duration) -> bool {
        self.now = self.now + limit;
        true
    }

    fn cycle(&self) -> u64 {
        self.now.since(Time::START).as_millis() % 9000
    }

    pub fn board(&mut self) -> Rc<Board> {
        let phase = self.cycle() / 400;
        if let Some((of, board)) = &self.board
            && *of == phase
        {
            return board.clone();
        }
        let board = Rc::new(self.make(phase));
        self.board = Some((phase, board.clone()));
        board
    }

    fn make(&self, phase: u64) -> Board {
        let names = ["control-plane", "worker-1", "worker-2", "worker-3"];
        let nodes = names.iter().map(|name| Rc::new(self.node(name, phase))).collect();
        let mut waiting = pod("default/batch-1", None, Origin::Api, PodState::Pending, "Pending");
        waiting.reason = Some("0/4 nodes are available: 1 node(s) had untolerated taint(s), 3 Insufficient cpu. preemption: 0/4 nodes are available: 1 Preemption is not helpful for scheduling, 3 No preemption victims found for incoming pod.".into());
        Board {
            now: self.now,
            api_server: if self.api { ApiServerState::Up } else { ApiServerState::Down },
            parts: ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"]
                .iter()
                .map(|name| {
                    let down = *name == "kube-apiserver" && !self.api;
                    Rc::new(PartView {
                        name: (*name).into(),
                        state: if down { PartState::Down } else { PartState::Running },
                        pod: format!("kube-system/{name}-control-plane").into(),
                        restarts: 0,
                        note: "".into(),
                    })
                })
                .collect(),
            nodes,
            pending: vec![Rc::new(waiting)],
            daemonsets: vec![ds("default/agent", 3), ds("kube-system/kube-proxy", 4)],
            quiet: false,
        }
    }

    fn node(&self, name: &str, phase: u64) -> NodeView {
        let mut pods = Vec::new();
        let mut add = |pod: PodView| pods.push(Rc::new(pod));
        let control = name == "control-plane";
        if control {
            for part in ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"] {
                let id = format!("kube-system/{part}-control-plane");
                let mut part = pod(&id, Some(name), Origin::Static, PodState::Running, "Running");
                part.file = Some(format!("{DIR}/x.yaml").into());
                add(part);
            }
        }
        let proxy = format!("kube-system/kube-proxy-{}", &name[name.len() - 4..]);
        add(pod(&proxy, Some(name), Origin::DaemonSet, PodState::Running, "Running"));
        if name == "worker-1" {
            let mut web =
                pod("default/web-worker-1", Some(name), Origin::Static, PodState::Running, "Running");
            web.is_mirror = true;
            web.file = Some(format!("{DIR}/web.yaml").into());
            add(web);
        }
        if name == "worker-2" {
            let (state, word) = match phase {
                0..4 => (PodState::Terminating, "Terminating"),
                4..6 => (PodState::Pending, "Pending"),
                6..10 => (PodState::ContainerCreating, "ContainerCreating"),
                _ => (PodState::Running, "Running"),
            };
            let mut agent = pod("default/agent-x7k2p", Some(name), Origin::DaemonSet, state, word);
            agent.ghost = state == PodState::Pending;
            add(agent);
            let mut left =
                pod("default/db-worker-2", Some(name), Origin::Static, PodState::Running, "Running");
            left.difference = Some(Difference::OnlyOnNode);
            left.api_status = None;
            left.node_status = Some("Running".into());
            add(left);
        }
        if name == "worker-3" {
            let mut agent = pod(
                "default/agent-9fjqd",
                Some(name),
                Origin::DaemonSet,
                PodState::CrashLoopBackOff,
                "CrashLoopBackOff",
            );
            agent.restarts = 3;
            agent.containers[0].restarts_at = Some(Time(Time::START.0 + 60_000_000));
            add(agent);
        }
        if name == "worker-1" {
            add(pod("default/agent-b4ck2", Some(name), Origin::DaemonSet, PodState::Running, "Running"));
        }
        let why_not = if control {
            vec![WhyNot {
                daemonset: "default/agent".into(),
                reasons: vec!["untolerated taint node-role.kubernetes.io/control-plane:NoSchedule".into()],
            }]
        } else {
            vec![]
        };
        NodeView {
            name: name.into(),
            status: "Ready".into(),
            ready: true,
            registered: true,
            powered: true,
            kubelet_running: true,
            linked: true,
            cordoned: false,
            roles: if control { "control-plane" } else { "<none>" }.into(),
            labels: vec![
                ("kubernetes.io/hostname".into(), name.into()),
                ("kubernetes.io/os".into(), "linux".into()),
            ],
            taints: if control {
                vec!["node-role.kubernetes.io/control-plane:NoSchedule".into()]
            } else {
                vec![]
            },
            internal_ip: "192.168.0.10".into(),
            static_pod_path: DIR.into(),
            restart_needed: name == "worker-3",
            pods,
            why_not,
            cpu: "350m / 4".into(),
            memory: "100Mi / 16Gi".into(),
        }
    }

    pub fn flights(&self) -> Vec<Flight> {
        let start = Time(self.now.0 - self.cycle() * 1000);
        let kubelet = |n: &str| Place::Kubelet(n.into());
        let legs: Vec<(u64, Place, Place, &str, &str, &str)> = vec![
            (0, Place::User, Place::ApiServer, "delete", "Pod", "default/agent-x7k2p"),
            (200, Place::ApiServer, kubelet("worker-2"), "modified", "Pod", "default/agent-x7k2p"),
            (200, Place::ApiServer, Place::ControllerManager, "modified", "Pod", "default/agent-x7k2p"),
            (1400, kubelet("worker-2"), Place::ApiServer, "delete", "Pod", "default/agent-x7k2p"),
            (1600, Place::ApiServer, Place::ControllerManager, "deleted", "Pod", "default/agent-x7k2p"),
            (1800, Place::ControllerManager, Place::ApiServer, "create", "Pod", "default/agent-x7k2p"),
            (1800, Place::ControllerManager, Place::ApiServer, "create", "Event", "SuccessfulCreate"),
            (2000, Place::ApiServer, Place::Etcd, "put", "Pod", "default/agent-x7k2p"),
            (2000, Place::ApiServer, Place::Scheduler, "added", "Pod", "default/agent-x7k2p"),
            (2200, Place::Scheduler, Place::ApiServer, "bind", "Pod", "default/agent-x7k2p"),
            (2400, Place::ApiServer, kubelet("worker-2"), "added", "Pod", "default/agent-x7k2p"),
            (
                2600,
                kubelet("worker-2"),
                Place::Pod("worker-2".into(), "default/agent-x7k2p".into()),
                "run",
                "Pod",
                "default/agent-x7k2p",
            ),
            (3400, kubelet("worker-2"), Place::ApiServer, "patch status", "Pod", "default/agent-x7k2p"),
            (3400, kubelet("worker-1"), Place::ApiServer, "patch status", "Pod", "default/agent-x7k2p"),
            (3400, kubelet("worker-3"), Place::ApiServer, "patch status", "Pod", "default/agent-x7k2p"),
            (3600, Place::ApiServer, Place::ControllerManager, "modified", "Pod", "default/agent-x7k2p"),
            (5000, Place::Disk("worker-1".into()), kubelet("worker-1"), "read", "File", "web.yaml"),
            (
                5200,
                kubelet("worker-1"),
                Place::Pod("worker-1".into(), "default/web-worker-1".into()),
                "run",
                "Pod",
                "default/web-worker-1",
            ),
            (5600, kubelet("worker-1"), Place::ApiServer, "create", "Pod", "default/web-worker-1"),
        ];
        legs.into_iter()
            .enumerate()
            .map(|(id, (at, from, to, verb, kind, object))| {
                let length =
                    if matches!(from, Place::Disk(_)) || matches!(to, Place::Pod(..)) { 400 } else { 200 };
                Flight {
                    id: id as u64 + start.0,
                    from,
                    to,
                    verb: verb.into(),
                    kind: kind.into(),
                    object: object.into(),
                    sent: start + Duration::from_millis(at),
                    arrives: start + Duration::from_millis(at + length),
                    count: 1,
                }
            })
            .filter(|flight| flight.sent <= self.now && self.now < flight.arrives)
            .collect()
    }

    pub fn messages(&self, _limit: usize) -> Vec<MessageView> {
        vec![MessageView {
            sent: Time::START,
            arrives: Time::START + Duration::from_millis(200),
            from: "kubectl".into(),
            to: "kube-apiserver".into(),
            verb: "create".into(),
            object: "DaemonSet default/agent".into(),
        }]
    }

    pub fn events(&self, _limit: usize) -> Vec<EventView> {
        vec![EventView {
            last_seen: self.now.stamp(),
            warning: true,
            reason: "BackOff".into(),
            object: "pod/agent-9fjqd".into(),
            namespace: "default".into(),
            message: "Back-off restarting failed container agent in pod agent-9fjqd_default(…)".into(),
            count: 4,
            source: "kubelet, worker-3".into(),
        }]
    }

    pub fn files(&self, node: &str) -> Vec<FileView> {
        let of_node = self.files.iter().filter(|((of, _), _)| of == node);
        of_node
            .map(|((_, path), text)| FileView {
                path: path.as_str().into(),
                is_directory: false,
                text: Some(text.as_str().into()),
                is_manifest: path.starts_with(DIR),
                error: None,
            })
            .collect()
    }

    pub fn pod_yaml(&self, id: &str) -> Option<String> {
        Some(format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {}\n",
            id.rsplit('/').next().unwrap_or(id)
        ))
    }

    pub fn object_yaml(&self, kind: &str, _ns: &str, name: &str) -> Option<String> {
        Some(format!("kind: {kind}\nmetadata:\n  name: {name}\n"))
    }

    pub fn check_manifest(&self, text: &str, _as: ManifestUse) -> Vec<Diagnostic> {
        let line = text.lines().position(|line| line.contains('!'));
        let at = |n: usize| kubestage::yaml::Pos { line: n as u32 + 1, column: 1, offset: 0 };
        let found = line.map(|n| {
            let span = kubestage::yaml::Span { start: at(n), end: at(n) };
            Diagnostic::error("error: error parsing ds.yaml: yaml: line 3: could not find expected ':'", span)
        });
        found.into_iter().collect()
    }

    pub fn log(&self) -> String {
        String::new()
    }

    pub fn log_hash(&self) -> String {
        "0000000000000000".into()
    }
}

fn pod(id: &str, node: Option<&str>, origin: Origin, state: PodState, word: &str) -> PodView {
    let (namespace, name) = id.split_once('/').unwrap_or(("default", id));
    let by = match (origin, node) {
        (Origin::DaemonSet, _) => "DaemonSet/agent".to_owned(),
        (Origin::Static, Some(node)) => format!("Node/{node}"),
        _ => String::new(),
    };
    PodView {
        id: id.into(),
        namespace: namespace.into(),
        name: name.into(),
        uid: id.into(),
        node: node.map(Into::into),
        origin,
        controlled_by: by.into(),
        file: None,
        is_mirror: origin == Origin::Static,
        ghost: false,
        state,
        status: word.into(),
        ready: if state == PodState::Running { "1/1" } else { "0/1" }.into(),
        restarts: 0,
        created: Time::START.stamp(),
        ip: Some("10.244.1.7".into()),
        api_status: Some(word.into()),
        node_status: Some(word.into()),
        difference: None,
        reason: None,
        containers: vec![ContainerView {
            name: "main".into(),
            image: "nginx:1.29".into(),
            state: word.into(),
            ready: state == PodState::Running,
            running: state == PodState::Running,
            restarts: 0,
            restarts_at: None,
            is_init: false,
        }],
    }
}

fn ds(id: &str, n: u32) -> Rc<DaemonSetView> {
    let (namespace, name) = id.split_once('/').unwrap_or(("default", id));
    Rc::new(DaemonSetView {
        id: id.into(),
        namespace: namespace.into(),
        name: name.into(),
        desired: n,
        current: n,
        ready: n - 1,
        up_to_date: n,
        available: n - 1,
        misscheduled: 0,
        node_selector: "<none>".into(),
        created: Time::START.stamp(),
    })
}
