//! One kubelet with a clock, a disk and an API server of a few lines: what the tests of its rules drive.

mod admission;
mod end;
mod files;
mod init;
mod mirror;
mod node;
mod probes;
mod restart;
mod start;

use std::net::Ipv4Addr;
use std::rc::Rc;

use serde_json::{Value, json};

use super::config::CONFIG_FILE;
use super::runtime::cni::{BRIDGE_CONFLIST, CNI_CONF_DIR};
use super::{FileChange, Host, Kubelet};
use api::event::EventDraft;
use api::meta::{Deletion, Uid};
use api::node::Node;
use api::object::{Key, Kind, Object};
use api::pod::{ContainerState, Pod, PodStatus};
use api::resources::Resources;
use api::status_error::{GroupResource, StatusError};
use sim::files::Files;
use sim::{Agenda, Duration, Rng, SortedMap, Time};
use wire::{Answer, Call, CallError, Ctx, DeleteOptions, Effect, Reply, Settings, Timer, Token, WatchEvent};

pub(crate) const MANIFESTS: &str = "/etc/kubernetes/manifests";
/// The network plugin's configuration.
pub(crate) const NETWORK: &str = "/etc/cni/net.d/10-bridge.conflist";

/// What is under way.
#[derive(Debug)]
enum Due {
    Wake(Timer),
    Request(Call, Token),
    Answer(Token, Answer),
    Watch(WatchEvent),
}

pub(crate) struct World {
    pub(crate) now: Time,
    pub(crate) start: Time,
    pub(crate) kubelet: Kubelet,
    pub(crate) files: Files,
    pub(crate) node: Option<Rc<Node>>,
    pub(crate) leases: u32,
    pub(crate) settings: Settings,
    pub(crate) api_up: bool,
    pub(crate) objects: SortedMap<Key, Rc<Pod>>,
    pub(crate) events: Vec<(Time, EventDraft)>,
    /// `seconds name: phase container=state …`, one line for each status that the API server took.
    pub(crate) statuses: Vec<String>,
    pub(crate) log: Vec<String>,
    /// How many wakes were asked for.
    pub(crate) wakes: u32,
    agenda: Agenda<Due>,
    rng: Rng,
    uids: u64,
    pub(crate) namespaces: Vec<String>,
    /// Names of ConfigMaps and Secrets.
    pub(crate) configs: Vec<String>,
}

pub(crate) fn host() -> Host {
    let capacity = json!({"cpu": "4", "memory": "16Gi", "ephemeral-storage": "100Gi", "pods": "110"});
    Host {
        node_name: "n1".into(),
        internal_ip: Ipv4Addr::new(192, 168, 0, 11),
        pod_cidr: Ipv4Addr::new(10, 244, 1, 0),
        capacity: Resources::from_value(&capacity),
        labels: SortedMap::new(),
        taints: Vec::new(),
    }
}

impl World {
    /// A kubelet that starts at time 0 and is connected at once.
    pub(crate) fn new() -> World {
        let mut world = World::stopped();
        world.start_kubelet();
        world.connect();
        world
    }

    /// The informers' first lists, or new ones after the API server was away.
    pub(crate) fn connect(&mut self) {
        let nodes = self.node.iter().cloned().map(Object::Node).collect();
        let pods = self.objects.values().cloned().map(Object::Pod).collect();
        self.tell(|kubelet, ctx| kubelet.on_list(Kind::Node, nodes, ctx));
        self.tell(|kubelet, ctx| kubelet.on_list(Kind::Pod, pods, ctx));
    }

    /// Nothing reaches the API server, and nothing comes from it.
    pub(crate) fn cut_api(&mut self) {
        self.api_up = false;
    }

    pub(crate) fn restore_api(&mut self) {
        self.api_up = true;
        self.connect();
    }

    pub(crate) fn stopped() -> World {
        let mut files = Files::default();
        for directory in ["/var/lib/kubelet", MANIFESTS, CNI_CONF_DIR] {
            files.make_directory(directory).unwrap();
        }
        files.write(NETWORK, BRIDGE_CONFLIST.as_bytes(), Time::START).unwrap();
        let config = format!(
            "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nstaticPodPath: {MANIFESTS}\n"
        );
        files.write(CONFIG_FILE, config.as_bytes(), Time::START).unwrap();
        World {
            now: Time::START,
            start: Time::START,
            kubelet: Kubelet::new(host()),
            files,
            node: None,
            leases: 0,
            settings: Settings::default(),
            api_up: true,
            objects: SortedMap::new(),
            events: Vec::new(),
            statuses: Vec::new(),
            log: Vec::new(),
            wakes: 0,
            agenda: Agenda::default(),
            rng: Rng::stream(1, "kubelet"),
            uids: 0,
            configs: Vec::new(),
            namespaces: vec!["default".to_owned(), "kube-system".to_owned()],
        }
    }

    pub(crate) fn start_kubelet(&mut self) {
        let files = self.files.clone();
        self.tell(|kubelet, ctx| kubelet.start(&files, ctx));
    }

    /// Tells the kubelet something and carries out its effects.
    pub(crate) fn tell<T>(&mut self, what: impl FnOnce(&mut Kubelet, &mut Ctx) -> T) -> T {
        let mut effects = Vec::new();
        let mut ctx =
            Ctx { now: self.now, settings: &self.settings, rng: &mut self.rng, effects: &mut effects };
        let result = what(&mut self.kubelet, &mut ctx);
        for effect in effects {
            match effect {
                Effect::Wake { at, timer } => {
                    self.wakes += 1;
                    self.agenda.push(at, Due::Wake(timer));
                }
                Effect::Log(line) => self.log.push(format!("{} {}", self.seconds(), line.text)),
                Effect::Connect | Effect::Exit { .. } => panic!("no wish of a kubelet"),
                Effect::Request { call, token } => {
                    let at = self.now + self.settings.link_delay;
                    self.agenda.push(at, Due::Request(call, token));
                }
            }
        }
        result
    }

    /// Seconds since the beginning, as the timelines print them.
    pub(crate) fn seconds(&self) -> String {
        seconds(self.now.since(self.start))
    }

    pub(crate) fn run(&mut self, millis: u64) {
        let until = self.now + Duration::from_millis(millis);
        while let Some((at, due)) = self.agenda.pop_until(until) {
            self.now = at;
            match due {
                Due::Wake(timer) => {
                    let files = self.files.clone();
                    self.tell(|kubelet, ctx| kubelet.on_timer(timer, &files, ctx));
                }
                Due::Request(call, token) => self.serve(call, token),
                Due::Answer(token, answer) => self.tell(|kubelet, ctx| kubelet.on_answer(token, answer, ctx)),
                Due::Watch(event) => self.tell(|kubelet, ctx| kubelet.on_watch(&event, ctx)),
            }
        }
        self.now = until;
    }

    /// Whether nothing at all is due.
    pub(crate) fn is_quiet(&self) -> bool {
        self.agenda.is_empty()
    }

    fn serve(&mut self, call: Call, token: Token) {
        let answer = match self.api_up {
            true => self.handle(call),
            false => Answer { result: Err(CallError::Refused), warnings: Vec::new() },
        };
        if token != Token::None {
            self.agenda.push(self.now + self.settings.link_delay, Due::Answer(token, answer));
        }
    }

    fn handle(&mut self, call: Call) -> Answer {
        match call {
            Call::PostEvent(draft) => {
                self.events.push((self.now, draft));
                Answer::ok(Reply::Done)
            }
            Call::PatchPodStatus { pod, status } => self.patch_status(&pod.key, pod.uid, *status),
            Call::Delete { kind: Kind::Pod, key, options } => self.delete(&key, &options),
            Call::Create(Object::Pod(pod)) => self.create(&pod),
            Call::Create(Object::Node(node)) => self.create_node(&node),
            Call::Get { kind: Kind::Node, .. } => match &self.node {
                Some(node) => Answer::ok(Reply::Object(Object::Node(node.clone()))),
                None => Answer::err(StatusError::not_found(GroupResource::core("nodes"), "n1")),
            },
            Call::Update(Object::Node(node)) | Call::UpdateStatus(Object::Node(node)) => {
                self.node = Some(node.clone());
                self.send(WatchEvent::Modified(Object::Node(node.clone())));
                Answer::ok(Reply::Object(Object::Node(node)))
            }
            Call::Get { kind, key } => match self.configs.contains(&key.name.to_string()) {
                true => Answer::ok(Reply::Done),
                false => Answer::err(StatusError::not_found(GroupResource::core(kind.resource()), &key.name)),
            },
            Call::HoldLease { .. } => {
                self.leases += 1;
                Answer::ok(Reply::Done)
            }
            call => panic!("the tests' API server cannot {} {:?}", call.verb(), call.kind()),
        }
    }

    fn create_node(&mut self, node: &Rc<Node>) -> Answer {
        if self.node.is_some() {
            return Answer::err(StatusError::already_exists(GroupResource::core("nodes"), "n1"));
        }
        let mut node = (**node).clone();
        self.uids += 1;
        node.meta.uid = Uid::random(self.uids, self.uids);
        let node = Rc::new(node);
        self.node = Some(node.clone());
        self.send(WatchEvent::Added(Object::Node(node.clone())));
        Answer::ok(Reply::Object(Object::Node(node)))
    }

    /// Creates a pod that a component made.
    fn create(&mut self, pod: &Rc<Pod>) -> Answer {
        let key = Key::of(&pod.meta);
        if self.objects.contains_key(&key) {
            return Answer::err(StatusError::already_exists(GroupResource::core("pods"), &key.name));
        }
        if !self.namespaces.contains(&key.namespace.to_string()) {
            return Answer::err(StatusError::not_found(GroupResource::core("namespaces"), &key.namespace));
        }
        let mut pod = (**pod).clone();
        self.uids += 1;
        pod.meta.uid = Uid::random(self.uids, self.uids);
        pod.meta.created = self.now.stamp();
        self.statuses.push(format!("{} {}: created", self.seconds(), pod.meta.name));
        self.store(pod);
        Answer::ok(Reply::Object(Object::Pod(self.objects[&key].clone())))
    }

    fn patch_status(&mut self, key: &Key, uid: Uid, status: PodStatus) -> Answer {
        let Some(pod) = self.objects.get(key).filter(|pod| pod.meta.uid == uid) else {
            return Answer::err(StatusError::not_found(GroupResource::core("pods"), &key.name));
        };
        let mut pod = (**pod).clone();
        self.statuses.push(format!("{} {}", self.seconds(), describe(&pod, &status)));
        pod.status = status;
        self.store(pod);
        Answer::ok(Reply::Done)
    }

    pub(crate) fn store(&mut self, pod: Pod) {
        let pod = Rc::new(pod);
        let object = Object::Pod(pod.clone());
        let event = match self.objects.insert(Key::of(&pod.meta), pod) {
            Some(_) => WatchEvent::Modified(object),
            None => WatchEvent::Added(object),
        };
        self.send(event);
    }

    fn send(&mut self, event: WatchEvent) {
        if !self.api_up {
            return;
        }
        self.agenda.push(self.now + self.settings.link_delay, Due::Watch(event));
    }

    pub(crate) fn delete(&mut self, key: &Key, options: &DeleteOptions) -> Answer {
        let Some(pod) = self.objects.get(key) else {
            return Answer::err(StatusError::not_found(GroupResource::core("pods"), &key.name));
        };
        if options.uid.is_some_and(|uid| uid != pod.meta.uid) {
            let pods = GroupResource::core("pods");
            return Answer::err(StatusError::conflict(pods, &key.name, "the uid is another"));
        }
        let own = pod.spec.termination_grace_period.as_secs() as i64;
        match options.grace_seconds.unwrap_or(own) {
            0 => {
                if let Some(pod) = self.objects.remove(key) {
                    self.statuses.push(format!("{} {}: deleted", self.seconds(), pod.meta.name));
                    self.send(WatchEvent::Deleted(Object::Pod(pod)));
                }
            }
            grace => {
                let mut pod = (**pod).clone();
                let at = (self.now + Duration::from_secs(grace as u64)).stamp();
                pod.meta.deletion = Some(Box::new(Deletion { at, grace_seconds: grace as u32 }));
                self.store(pod);
            }
        }
        Answer::ok(Reply::Done)
    }

    /// kubectl delete pod, of the namespace default.
    pub(crate) fn delete_pod(&mut self, name: &str, grace_seconds: Option<i64>) {
        let options = DeleteOptions { grace_seconds, ..DeleteOptions::default() };
        self.delete(&Key::new("default", name), &options);
    }

    /// A pod bound to this node appears in the API server.
    pub(crate) fn create_pod(&mut self, name: &str, spec: Value) -> Uid {
        self.uids += 1;
        let mut object = json!({
            "metadata": {"name": name, "namespace": "default"}, "spec": spec,
        });
        validation::defaults::pod::set_object_defaults_pod(&mut object);
        let mut pod = Pod::from_value(&object);
        pod.meta.uid = Uid::random(self.uids, self.uids);
        pod.meta.generation = 1;
        pod.node_name = Some("n1".into());
        let uid = pod.meta.uid;
        self.store(pod);
        uid
    }

    pub(crate) fn pod(&self, name: &str) -> &Pod {
        &self.objects[&Key::new("default", name)]
    }

    pub(crate) fn has_pod(&self, name: &str) -> bool {
        self.objects.contains_key(&Key::new("default", name))
    }

    /// `seconds reason: message`, of the events about one pod.
    pub(crate) fn events_of(&self, name: &str) -> Vec<String> {
        let about = self.events.iter().filter(|(_, draft)| &*draft.regarding.name == name);
        about
            .map(|(time, draft)| {
                let time = seconds(
                    draft
                        .first
                        .since(self.start)
                        .max(time.since(self.start).saturating_sub(self.settings.link_delay)),
                );
                format!("{time} {}: {}", draft.reason, draft.message())
            })
            .collect()
    }

    /// Saves a manifest on the node's disk.
    pub(crate) fn write(&mut self, name: &str, text: &str) {
        let path = format!("{MANIFESTS}/{name}");
        self.files.write(&path, text.as_bytes(), self.now).unwrap();
        self.tell_of_file(&path);
    }

    pub(crate) fn remove(&mut self, name: &str) {
        let path = format!("{MANIFESTS}/{name}");
        self.files.remove(&path).unwrap();
        self.tell_of_file(&path);
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        let (from, to) = (format!("{MANIFESTS}/{from}"), format!("{MANIFESTS}/{to}"));
        self.files.rename(&from, &to).unwrap();
        self.tell_of_file(&from);
        self.tell_of_file(&to);
    }

    pub(crate) fn tell_of_file(&mut self, path: &str) {
        let files = self.files.clone();
        let change = if files.get(path).is_some() { FileChange::Written } else { FileChange::Removed };
        self.tell(|kubelet, ctx| kubelet.on_file_event(path, change, &files, ctx));
    }

    /// The names of the pods of which something runs on the node, in order.
    pub(crate) fn running(&self) -> Vec<String> {
        let running = self.kubelet.runtime.running_containers();
        let mut names: Vec<String> = running.map(|(sandbox, _)| sandbox.name.to_string()).collect();
        names.sort();
        names.dedup();
        names
    }

    pub(crate) fn logged(&self, text: &str) -> bool {
        self.log.iter().any(|line| line.contains(text))
    }

    /// The status timeline of one pod.
    pub(crate) fn statuses_of(&self, name: &str) -> Vec<&str> {
        let word = format!(" {name}: ");
        self.statuses.iter().filter(|line| line.contains(&word)).map(|line| line.as_str()).collect()
    }
}

impl World {
    /// The last status the API server took for a pod.
    pub(crate) fn last_status(&self, name: &str) -> &str {
        let statuses = self.statuses_of(name);
        statuses.into_iter().rev().find(|line| !line.ends_with(": deleted")).unwrap_or_default()
    }
}

fn seconds(span: Duration) -> String {
    format!("{}.{:03}", span.as_secs(), span.as_millis() % 1000)
}

/// `name: phase container=state …`: ready containers with an exclamation mark, restarts with a number.
fn describe(pod: &Pod, status: &PodStatus) -> String {
    let mut text = format!("{}: {}", pod.meta.name, status.phase.text());
    for (container, status) in pod.spec.containers.iter().zip(&status.containers) {
        let state = match &status.state {
            ContainerState::Waiting(waiting) => waiting.reason.to_string(),
            ContainerState::Running(_) => "Running".to_owned(),
            ContainerState::Terminated(end) => format!("{}({})", end.reason, end.exit_code),
        };
        text += &format!(" {}={state}", container.name);
        if status.ready {
            text.push('!');
        }
        if status.restart_count > 0 {
            text += &format!("x{}", status.restart_count);
        }
    }
    text
}
