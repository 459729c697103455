//! Warnings of Services.
//!
//! Kubernetes: pkg/api/service/warnings.go, GetWarningsForService.

use serde_json::Value;

use crate::ip::{warnings_for_cidr, warnings_for_ip};
use api::field::FieldPath;
use api::json;

pub(super) fn warnings_for_service(service: &Value, warnings: &mut Vec<String>) {
    let spec = json::get(service, "spec");
    let text = |key| json::text(spec, key);
    let path = |name: &'static str| FieldPath::new("spec").child(name);
    let (sort, external) = (text("type"), text("type") == "ExternalName");
    if super::has_annotation(service, "service.kubernetes.io/topology-aware-hints") {
        warnings.push("annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead".to_owned());
    }
    let cluster_ip = text("clusterIP");
    if !external && !cluster_ip.is_empty() && cluster_ip != "None" {
        for (at, address) in json::strings(spec, "clusterIPs").into_iter().enumerate() {
            warnings_for_ip(address, &path("clusterIPs").index(at), warnings);
        }
    }
    let headless = sort == "ClusterIP" && cluster_ip == "None";
    let external_ips = json::strings(spec, "externalIPs");
    if headless {
        let ignored = [
            ("loadBalancerIP", !text("loadBalancerIP").is_empty()),
            ("externalIPs", !external_ips.is_empty()),
            ("SessionAffinity", text("sessionAffinity") != "None"),
        ];
        for (name, _) in ignored.into_iter().filter(|(_, given)| *given) {
            warnings.push(format!("spec.{name} is ignored for headless services"));
        }
    }
    for (at, address) in external_ips.iter().enumerate() {
        warnings_for_ip(address, &path("externalIPs").index(at), warnings);
    }
    if !external_ips.is_empty() && !headless && !external {
        warnings.push(
            "spec.externalIPs is deprecated and may no longer be implemented in some clusters".to_owned(),
        );
    }
    warnings_for_ip(text("loadBalancerIP"), &path("loadBalancerIP"), warnings);
    for (at, block) in json::strings(spec, "loadBalancerSourceRanges").into_iter().enumerate() {
        warnings_for_cidr(block, &path("loadBalancerSourceRanges").index(at), warnings);
    }
    if external && !external_ips.is_empty() {
        warnings.push("spec.externalIPs is ignored when spec.type is \"ExternalName\"".to_owned());
    }
    if !external && !text("externalName").is_empty() {
        warnings.push("spec.externalName is ignored when spec.type is not \"ExternalName\"".to_owned());
    }
    if text("trafficDistribution") == "PreferClose" {
        warnings.push(
            "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"".to_owned(),
        );
    }
}
