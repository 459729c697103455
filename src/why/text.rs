//! The causes in words. In English they are [`Cause`]'s own; the names of fields and reasons stay.

use view::{Cause, Fit, Why};

use crate::words::{Lang, fill};

pub fn causes_text(lang: Lang, causes: &[Cause]) -> String {
    causes.iter().map(|cause| cause_text(lang, cause)).collect::<Vec<_>>().join("; ")
}

pub fn cause_text(lang: Lang, cause: &Cause) -> String {
    match lang {
        Lang::En => cause.to_string(),
        Lang::Ko => korean(cause),
    }
}

fn korean(cause: &Cause) -> String {
    match cause {
        Cause::PartDown(part) => format!("{part} 중지됨"),
        Cause::NotRegistered => "API 서버에 등록되지 않은 노드".to_owned(),
        Cause::NodeName { wanted } => format!("spec.template.spec.nodeName이 {wanted} 노드로 지정됨"),
        Cause::Label { key, wanted, has: Some(has) } => {
            format!("nodeSelector {key}={wanted}: 노드의 레이블은 {key}={has}")
        }
        Cause::Label { key, wanted, has: None } => {
            format!("nodeSelector {key}={wanted}: 노드에 {key} 레이블 없음")
        }
        Cause::Affinity => "필수 nodeAffinity 조건에 맞지 않는 노드".to_owned(),
        Cause::Taint { .. } => format!("테인트 {} 톨러레이션 없음", cause.taint_text()),
        Cause::Short { resource, wants, free } => format!("{resource} {wants} 필요, 남은 양 {free}"),
        Cause::Port { port, protocol, by: Some(by) } => {
            format!("hostPort {port}/{protocol}: {} 파드가 사용 중", by.pod)
        }
        Cause::Port { port, protocol, by: None } => format!("hostPort {port}/{protocol} 사용 중"),
        Cause::KubeletStopped => "kubelet 중지됨".to_owned(),
        Cause::Unreachable => "연결할 수 없는 노드".to_owned(),
        Cause::Image { image, reason, .. } => format!("{reason}: 이미지 {image}"),
        Cause::Volume { secret, name } => {
            let kind = if *secret { "Secret" } else { "ConfigMap" };
            format!("볼륨에 필요한 {kind} {name} 없음")
        }
        // Kubernetes' own words.
        Cause::Refused(_) | Cause::Unschedulable(_) | Cause::Rejected { .. } | Cause::Container { .. } => {
            cause.to_string()
        }
    }
}

/// What a pod's place on a node rests on.
pub fn because_text(lang: Lang, why: &Why) -> String {
    let Some(grounds) = &why.grounds else { return String::new() };
    let (matches, affinity, tolerates, all, stays) = match lang {
        Lang::En => (
            "has {}",
            "matches the nodeAffinity",
            "{} is tolerated",
            "nothing keeps it away",
            "{} keeps new pods away only",
        ),
        Lang::Ko => (
            "레이블 {} 일치",
            "nodeAffinity 일치",
            "테인트 {} 허용",
            "막는 조건 없음",
            "테인트 {}: 새 파드만 막음",
        ),
    };
    if why.fit == Fit::Stays {
        return fill(stays, &[&grounds.despite.join(", ")]);
    }
    let labels: Vec<String> = grounds.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let mut parts = Vec::new();
    if !labels.is_empty() {
        parts.push(fill(matches, &[&labels.join(", ")]));
    }
    if grounds.affinity {
        parts.push(affinity.to_owned());
    }
    if !grounds.tolerated.is_empty() {
        parts.push(fill(tolerates, &[&grounds.tolerated.join(", ")]));
    }
    if parts.is_empty() {
        parts.push(all.to_owned());
    }
    parts.join("; ")
}
