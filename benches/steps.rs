//! Single steps of the parts, on few nodes and on many: what happens once for each pod or each change must take
//! the same time on both.
//!
//! `cargo bench --bench steps`; compare the two lines of one group with each other. The few are 50 nodes with
//! 1,500 pods, the many 5,000 with 150,000, where a step knows of them.

#[allow(dead_code)]
#[path = "../tests/support/stand.rs"]
mod stand;
mod work;

use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Duration as WallTime;

use api::Node;
use api::meta::Uid;
use api::object::{Kind, Object};
use api::pod::{ConditionStatus, ConditionType, Pod};
use client::informer::Caches;
use codec::manifest::check_apply;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kubeadm::control_plane_manifest;
use scheduler::Scheduler;
use serde_json::json;
use sim::{Duration, Rng, Time};
use wire::{Answer, Call, Component, Ctx, Effect, PodId, Reply, Settings, WatchEvent};

const SIZES: [usize; 2] = [50, 5000];
const SETS: usize = 30;

fn node(number: usize) -> Rc<Node> {
    let name = format!("n{number}");
    let value = json!({
        "metadata": {"name": name, "uid": format!("node-{name}"), "labels": {"kubernetes.io/hostname": name}},
        "status": {"allocatable": {"cpu": "4", "memory": "16Gi", "pods": "110"}},
    });
    Rc::new(Node::from_value(&value))
}

/// Pods that share what they say, as those of one DaemonSet do.
fn daemon_pods(nodes: usize, set: usize) -> impl Iterator<Item = Pod> {
    let value = json!({
        "metadata": {"namespace": "default", "labels": {"app": format!("agent-{set}")}},
        "spec": {"containers": [{"name": "agent", "image": "example.com/agent:1"}],
            "schedulerName": "default-scheduler", "tolerations": [{"operator": "Exists"}]},
        "status": {"phase": "Pending"},
    });
    let pattern = Pod::from_value(&value);
    (0..nodes).map(move |number| {
        let mut pod = pattern.clone();
        pod.meta.name = format!("agent-{set}-{number}").into();
        pod.meta.uid = Uid { high: set as u64, low: number as u64 };
        pod.meta.serial = (1 + set * nodes + number) as u32;
        pod.pinned_to = Some(format!("n{number}").into());
        pod
    })
}

// ---- the scheduler ----

/// A scheduler to which every request is granted at once.
struct Alone {
    scheduler: Scheduler,
    now: Time,
    settings: Settings,
    rng: Rng,
}

impl Alone {
    fn new(nodes: usize) -> Alone {
        let (settings, rng) = (Settings::default(), Rng::stream(1, "bench"));
        let mut alone = Alone { scheduler: Scheduler::new(), now: Time::START, settings, rng };
        alone.tell(|scheduler, ctx| scheduler.start(ctx));
        let nodes = (0..nodes).map(|number| Object::Node(node(number))).collect();
        alone.tell(|scheduler, ctx| scheduler.on_list(Kind::Node, nodes, ctx));
        alone.tell(|scheduler, ctx| scheduler.on_list(Kind::Pod, Vec::new(), ctx));
        alone
    }

    fn tell(&mut self, what: impl FnOnce(&mut Scheduler, &mut Ctx)) -> Vec<Effect> {
        let mut effects = Vec::new();
        let (now, settings, rng) = (self.now, &self.settings, &mut self.rng);
        what(&mut self.scheduler, &mut Ctx { now, settings, rng, effects: &mut effects });
        effects
    }

    /// A pod's whole way: its event, its cycle, its binding, the event of the bound pod, and its end.
    fn schedule(&mut self, pod: &Rc<Pod>, bound: &Rc<Pod>) {
        let effects = self.watch(WatchEvent::Added(Object::Pod(pod.clone())));
        let cycle = effects.into_iter().find_map(|effect| match effect {
            Effect::Wake { at, timer } => Some((at, timer)),
            _ => None,
        });
        let (at, timer) = cycle.expect("a cycle is planned");
        self.now = self.now.max(at);
        let effects = self.tell(|scheduler, ctx| scheduler.on_timer(timer, ctx));
        let binding = effects.into_iter().find_map(|effect| match effect {
            Effect::Request { call: Call::Bind { .. }, token } => Some(token),
            _ => None,
        });
        let token = binding.expect("the pod is bound");
        self.tell(|scheduler, ctx| scheduler.on_answer(token, Answer::ok(Reply::Done), ctx));
        self.watch(WatchEvent::Modified(Object::Pod(bound.clone())));
        self.watch(WatchEvent::Deleted(Object::Pod(bound.clone())));
    }

    fn watch(&mut self, event: WatchEvent) -> Vec<Effect> {
        self.tell(|scheduler, ctx| scheduler.on_watch(&event, ctx))
    }
}

fn scheduler_cycle(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("scheduler: a daemon pod comes, is bound and goes");
    for nodes in SIZES {
        let mut alone = Alone::new(nodes);
        let pod = Rc::new(daemon_pods(nodes, 0).nth(7).expect("there are more nodes"));
        let mut bound = pod.clone();
        Rc::make_mut(&mut bound).node_name = pod.pinned_to.clone();
        group.bench_function(BenchmarkId::from_parameter(nodes), |bencher| {
            bencher.iter(|| alone.schedule(&pod, &bound));
        });
    }
    group.finish();
}

// ---- the DaemonSet controller ----

fn daemon_set_sync(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("DaemonSet controller: one pod's readiness changes");
    for nodes in SIZES {
        let mut stand = stand::Stand::daemon_only(Duration::ZERO);
        stand.plain_creation = true;
        (0..nodes).for_each(|number| stand.node(&format!("n{number}"), json!({})));
        stand.daemon_set("agent", json!({}));
        stand.run_secs(60);
        stand.all_ready();
        let (key, pod) = (stand::parse_key("agent"), stand.pods()[7].meta.name.clone());
        let mut ready = true;
        group.bench_function(BenchmarkId::from_parameter(nodes), |bencher| {
            bencher.iter(|| {
                ready = !ready;
                stand.set_ready(&pod, ready);
                stand.sync_once(&key);
                stand.calls.clear();
            });
        });
        let there = nodes as u32 - u32::from(!ready);
        assert_eq!(stand.ds("agent").status.number_ready, there, "the status follows");
    }
    group.finish();
}

// ---- the API server ----

fn pod_status_patch(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("API server: a pod's status is patched");
    for nodes in SIZES {
        let mut work = work::Work::boot(nodes, 3);
        work.run(work::Task::Storm);
        let now = work.cluster.now();
        let api = &mut work.cluster.api;
        let pod =
            api.store.pods.iter().find(|pod| **pod.meta.namespace() == *"default").expect("there are pods");
        let (id, mut status) = (PodId::of(&pod.meta), pod.status.clone());
        let mut ready = true;
        group.bench_function(BenchmarkId::from_parameter(nodes), |bencher| {
            bencher.iter(|| {
                ready = !ready;
                let value = ConditionStatus::from_bool(ready);
                status.set_condition(ConditionType::Ready, value, None, now.stamp());
                let call = Call::PatchPodStatus { pod: id.clone(), status: Box::new(status.clone()) };
                assert!(api.handle(call, now).result.is_ok());
                api.store.take_changes()
            });
        });
    }
    group.finish();
}

// ---- informers ----

fn informer_apply(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("informers: a pod is modified");
    for nodes in SIZES {
        let mut caches = Caches::default();
        for number in 0..nodes {
            caches.apply(&WatchEvent::Added(Object::Node(node(number))));
        }
        for pod in (0..SETS).flat_map(|set| daemon_pods(nodes, set)) {
            caches.apply(&WatchEvent::Added(Object::Pod(Rc::new(pod))));
        }
        assert_eq!(caches.pods.len(), nodes * SETS);
        let pod = Rc::new(daemon_pods(nodes, 3).nth(7).expect("there are more nodes"));
        let event = WatchEvent::Modified(Object::Pod(pod));
        group.bench_function(BenchmarkId::from_parameter(nodes), |bencher| {
            bencher.iter(|| caches.apply(&event));
        });
    }
    group.finish();
}

// ---- manifests ----

fn manifest_check(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("manifests: read, strictly decoded, validated; by documents");
    let document = control_plane_manifest("kube-apiserver", "control-plane", Ipv4Addr::new(10, 0, 0, 10));
    for documents in [1, 100] {
        let text = vec![document.as_str(); documents].join("---\n");
        assert_eq!(check_apply(text.as_bytes()), []);
        group.throughput(Throughput::Elements(documents as u64));
        group.bench_function(BenchmarkId::from_parameter(documents), |bencher| {
            bencher.iter(|| check_apply(text.as_bytes()));
        });
    }
    group.finish();
}

fn quick() -> Criterion {
    let criterion = Criterion::default().warm_up_time(WallTime::from_millis(300));
    criterion.measurement_time(WallTime::from_secs(1)).sample_size(20).without_plots()
}

criterion_group! {
    name = steps;
    config = quick();
    targets = scheduler_cycle, daemon_set_sync, pod_status_patch, informer_apply, manifest_check
}
criterion_main!(steps);
