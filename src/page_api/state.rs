//! The whole state as plain JSON, for `window.kubestage.state()`.

use serde_json::{Value, json};
use view::{
    ApiServerState, ContainerView, DaemonSetView, FileView, Fit, NodeView, OnNode, PartState, PartView,
    PodView,
};

use crate::pod::difference_word;
use crate::session::Session;

pub fn state(session: &mut Session) -> Value {
    session.stage.finish_opening();
    let board = session.stage.board();
    let nodes: Vec<Value> =
        board.nodes.iter().map(|node| node_state(node, &session.stage.files(&node.name))).collect();
    json!({
        "now": session.elapsed() as f64 / 1e6,
        "playing": session.playback.playing,
        "auto": session.playback.auto,
        "speed": session.factor(),
        "quiet": session.stage.is_quiet(),
        "apiServer": api_server(board.api_server),
        "parts": board.parts.iter().map(|part| part_state(part)).collect::<Vec<_>>(),
        "nodes": nodes,
        "pending": board.pending.iter().map(|pod| pod_state(pod)).collect::<Vec<_>>(),
        "daemonSets": board.daemonsets.iter().map(|ds| daemonset_state(ds)).collect::<Vec<_>>(),
    })
}

fn api_server(state: ApiServerState) -> &'static str {
    match state {
        ApiServerState::Up => "up",
        ApiServerState::Starting => "starting",
        ApiServerState::Stopping => "stopping",
        ApiServerState::Down => "down",
    }
}

fn part_state(part: &PartView) -> Value {
    let state = match part.state {
        PartState::Running => "running",
        PartState::Starting => "starting",
        PartState::Down => "down",
        PartState::Standby => "standby",
    };
    json!({ "name": &*part.name, "state": state, "pod": &*part.pod, "restarts": part.restarts })
}

fn node_state(node: &NodeView, files: &[FileView]) -> Value {
    json!({
        "name": &*node.name,
        "status": &*node.status,
        "ready": node.ready,
        "registered": node.registered,
        "powered": node.powered,
        "linked": node.linked,
        "cordoned": node.cordoned,
        "kubeletRunning": node.kubelet_running,
        "staticPodPath": &*node.static_pod_path,
        "restartNeeded": node.restart_needed,
        "roles": node.roles_text(),
        "labels": node.labels.iter().map(|(key, value)| (key.to_string(), json!(&**value))).collect::<serde_json::Map<_, _>>(),
        "taints": node.taints.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "pods": node.pods.iter().map(|pod| pod_state(pod)).collect::<Vec<_>>(),
        "whyNot": node.why.iter().filter(|why| why.fit == Fit::Unfit).map(|why| json!({
            "daemonSet": &*why.daemonset,
            "reasons": why.causes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "files": files.iter().filter(|file| !file.is_directory).map(file_state).collect::<Vec<_>>(),
    })
}

fn file_state(file: &FileView) -> Value {
    json!({
        "path": &*file.path,
        "text": file.text.as_deref(),
        "isManifest": file.is_manifest,
        "error": file.error.as_deref(),
    })
}

fn pod_state(pod: &PodView) -> Value {
    json!({
        "namespace": &*pod.namespace,
        "name": &*pod.name,
        "uid": &*pod.uid,
        "node": pod.node.as_deref(),
        "origin": pod.origin.text(),
        "controlledBy": pod.controlled_by.as_ref().map(ToString::to_string).unwrap_or_default(),
        "file": pod.file.as_deref(),
        "isMirror": pod.is_mirror,
        "ghost": pod.ghost,
        "state": pod.state.text(),
        "status": &*pod.status,
        "ready": &*pod.ready,
        "restarts": pod.restarts,
        "ip": pod.ip.as_deref(),
        "apiStatus": pod.api_status.as_deref(),
        "nodeStatus": pod.node_status.map(OnNode::text),
        "difference": pod.difference.map(difference_word),
        "reason": pod.reason.as_deref(),
        "containers": pod.containers.iter().map(container_state).collect::<Vec<_>>(),
    })
}

fn container_state(container: &ContainerView) -> Value {
    json!({
        "name": &*container.name,
        "image": &*container.image,
        "state": &*container.state,
        "ready": container.ready,
        "running": container.running,
        "restarts": container.restarts,
        "isInit": container.is_init,
    })
}

fn daemonset_state(ds: &DaemonSetView) -> Value {
    json!({
        "namespace": &*ds.namespace,
        "name": &*ds.name,
        "desired": ds.desired,
        "current": ds.current,
        "ready": ds.ready,
        "upToDate": ds.up_to_date,
        "available": ds.available,
        "misscheduled": ds.misscheduled,
    })
}
