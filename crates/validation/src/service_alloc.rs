//! What the allocators say of the addresses and node ports that a service wants for itself.
//!
//! Kubernetes: pkg/registry/core/service/storage/alloc.go, allocIPs, initNodePorts.
// Whether another service has them already, the API server knows that gives them out.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::{Value, json};
use sim::SortedMap;

use super::ip::parse_ip_sloppy;
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;

/// kube-apiserver's `--service-cluster-ip-range`, without its first and its last address.
const SERVICE_RANGE: &str = "10.96.0.0/12";
const FIRST: Ipv4Addr = Ipv4Addr::new(10, 96, 0, 1);
const LAST: Ipv4Addr = Ipv4Addr::new(10, 111, 255, 254);

/// The first request that cannot be met. `old` is the service as it was, or null.
pub(super) fn allocate(new: &Value, old: &Value) -> ErrorList {
    if json::text(new, "type") == "ExternalName" {
        return ErrorList::new();
    }
    let refused = allocate_addresses(new, old).or_else(|| allocate_node_ports(new, old));
    refused.into_iter().collect()
}

fn allocate_addresses(new: &Value, old: &Value) -> Option<FieldError> {
    let addresses = json::strings(new, "clusterIPs");
    if !json::empty(old, "clusterIPs") || addresses == ["None"] {
        return None;
    }
    addresses.iter().find_map(|address| {
        let IpAddr::V4(ip) = parse_ip_sloppy(address)? else { return None };
        let why = if (FIRST..=LAST).contains(&ip) {
            return None;
        } else if ip.octets()[0] == 10 && ip.octets()[1] & 0xf0 == 96 {
            format!(
                "the provided IP ({ip}) is not in the valid range. The range of valid IPs is {SERVICE_RANGE}"
            )
        } else {
            "the provided network does not match the current range".to_owned()
        };
        let path = FieldPath::new("spec").child("clusterIPs");
        let why = format!("failed to allocate IP {address}: {why}");
        Some(FieldError::invalid(&path, json!(addresses), why))
    })
}

fn allocate_node_ports(new: &Value, old: &Value) -> Option<FieldError> {
    if !matches!(json::text(new, "type"), "NodePort" | "LoadBalancer") {
        return None;
    }
    let ports = json::list(new, "ports");
    let number = |port: &Value, key: &str| json::int(port, key).unwrap_or(0);
    let mut taken: Vec<i64> = Vec::new();
    let mut by_port: SortedMap<i64, i64> = SortedMap::new();
    let kept: Vec<i64> = json::list(old, "ports").iter().map(|port| number(port, "nodePort")).collect();
    for (at, port) in ports.iter().enumerate() {
        let (service_port, own) = (number(port, "port"), number(port, "nodePort"));
        let wanted = match by_port.get(&service_port) {
            Some(given) if *given == own => 0,
            Some(_) => own,
            None => {
                let mut same = ports.iter().filter(|port| number(port, "port") == service_port);
                same.find_map(|port| Some(number(port, "nodePort")).filter(|port| *port != 0)).unwrap_or(0)
            }
        };
        by_port.entry(service_port).or_insert(wanted);
        if wanted == 0 || kept.contains(&wanted) {
            continue;
        }
        let why = if !(30_000..=32_767).contains(&wanted) {
            "provided port is not in the valid range. The range of valid ports is 30000-32767"
        } else if taken.contains(&wanted) {
            "provided port is already allocated"
        } else {
            taken.push(wanted);
            continue;
        };
        let path = FieldPath::new("spec").child("ports").index(at).child("nodePort");
        return Some(FieldError::invalid(&path, wanted, why));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_outside_the_ranges_are_refused() {
        let refused = |spec: Value| allocate(&spec, &Value::Null).first().map(ToString::to_string);
        let ports = |ports: Value| refused(json!({"type": "NodePort", "ports": ports}));
        let address = |ip: &str| refused(json!({"type": "ClusterIP", "clusterIPs": [ip]}));
        assert_eq!(address("10.100.0.7"), None);
        assert_eq!(
            address("1.2.3.4").as_deref(),
            Some(
                "spec.clusterIPs: Invalid value: [\"1.2.3.4\"]: failed to allocate IP 1.2.3.4: the provided network does not match the current range"
            )
        );
        assert!(
            address("10.96.0.0").is_some_and(|why| why.ends_with("The range of valid IPs is 10.96.0.0/12"))
        );
        assert_eq!(ports(json!([{"port": 80, "nodePort": 30_000}, {"port": 81}])), None);
        let tcp_and_udp = [json!({"port": 53, "nodePort": 30_000}), json!({"port": 53, "nodePort": 30_000})];
        assert_eq!(ports(json!(tcp_and_udp)), None);
        assert_eq!(
            ports(json!([{"port": 80, "nodePort": 80}])).as_deref(),
            Some(
                "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767"
            )
        );
        assert_eq!(
            ports(json!([{"port": 80, "nodePort": 30_000}, {"port": 81, "nodePort": 30_000}])).as_deref(),
            Some("spec.ports[1].nodePort: Invalid value: 30000: provided port is already allocated")
        );
    }
}
