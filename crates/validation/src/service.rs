//! Services.
//!
//! Kubernetes: pkg/apis/core/validation/validation.go, validateService; the address families also
//! pkg/registry/core/service/storage/alloc.go, initIPFamilyFields.

use std::net::IpAddr;

use serde_json::{Value, json};
use sim::SortedSet;

use super::ip::{is_valid_cidr, is_valid_ip, parse_ip_sloppy};
use super::meta::{validate_labels, validate_object_meta, validate_object_meta_update};
use super::names::{
    is_valid_port_num, name_is_dns_label, validate_dns1123_label, validate_dns1123_subdomain,
    validate_qualified_name,
};
use super::probe::validate_port_num_or_name;
use super::service_alloc::allocate;
use super::{go_form, push_unless_one_of};
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;

pub(super) fn validate_service_create(service: &Value) -> ErrorList {
    let service = &normalized(service);
    // Addresses are given out before anything else is looked at.
    let mut errors = init_ip_family_fields(service);
    if errors.is_empty() {
        errors = allocate(json::get(service, "spec"), &Value::Null);
    }
    if errors.is_empty() {
        let meta = json::get(service, "metadata");
        errors = validate_object_meta(meta, true, name_is_dns_label, &FieldPath::new("metadata"));
        validate_service(service, &mut errors);
    }
    errors
}

pub(super) fn validate_service_update(new: &Value, old: &Value) -> ErrorList {
    let (new, old) = (&normalized(new), &normalized(old));
    let path = FieldPath::new("metadata");
    let mut errors = init_ip_family_fields(new);
    if errors.is_empty() {
        errors = allocate(json::get(new, "spec"), json::get(old, "spec"));
    }
    if !errors.is_empty() {
        return errors;
    }
    errors = validate_object_meta_update(json::get(new, "metadata"), json::get(old, "metadata"), &path);
    validate_kept_addresses(json::get(new, "spec"), json::get(old, "spec"), &mut errors);
    validate_service(new, &mut errors);
    errors
}

/// Of the two fields for addresses an old client knows only one.
fn normalized(service: &Value) -> Value {
    let mut service = service.clone();
    if let Some(spec) = json::child_if(&mut service, "spec") {
        let address = json::text(spec, "clusterIP").to_owned();
        if !address.is_empty() && json::empty(spec, "clusterIPs") {
            spec["clusterIPs"] = json!([address]);
        }
    }
    service
}

fn is_headless(spec: &Value) -> bool {
    json::strings(spec, "clusterIPs") == ["None"]
}

fn spec_path(name: &'static str) -> FieldPath {
    FieldPath::new("spec").child(name)
}

const IP_FAMILIES: [&str; 2] = ["IPv4", "IPv6"];
const IP_FAMILY_POLICIES: [&str; 3] = ["PreferDualStack", "RequireDualStack", "SingleStack"];

/// What the cluster, which has IPv4 addresses only, says of the wanted addresses and families.
fn init_ip_family_fields(service: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let spec = json::get(service, "spec");
    if json::text(spec, "type") == "ExternalName" {
        return errors;
    }
    validate_cluster_ips(spec, &mut errors);
    if !errors.is_empty() {
        return errors;
    }
    let (addresses, mut families) = (json::strings(spec, "clusterIPs"), json::strings(spec, "ipFamilies"));
    let policy_path = spec_path("ipFamilyPolicy");
    let selectorless = json::text(spec, "clusterIP") == "None" && json::empty(spec, "selector");
    let policy = match json::text(spec, "ipFamilyPolicy") {
        "" if selectorless => "RequireDualStack",
        "" => "SingleStack",
        policy => policy,
    };
    for (count, what) in [(addresses.len(), "cluster IPs"), (families.len(), "IP families")] {
        if policy == "SingleStack" && count == 2 {
            let why =
                format!("must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified");
            errors.push(FieldError::invalid(&policy_path, policy, why));
        }
    }
    for (at, address) in addresses.iter().enumerate().take_while(|(_, address)| **address != "None") {
        let family = family_of(address);
        if at >= families.len() && family == "IPv6" {
            let why = format!("{family} is not configured on this cluster");
            errors.push(FieldError::invalid(&spec_path("clusterIPs").index(at), json!(addresses), why));
        } else if at >= families.len() {
            families.push(family);
        }
    }
    if !errors.is_empty() || selectorless {
        return errors;
    }
    if policy == "RequireDualStack" {
        let why = "this cluster is not configured for dual-stack services";
        errors.push(FieldError::invalid(&policy_path, policy, why));
    }
    for (at, family) in families.into_iter().enumerate().filter(|(_, family)| *family != "IPv4") {
        let path = spec_path("ipFamilies").index(at);
        errors.push(FieldError::invalid(&path, family, "not configured on this cluster"));
    }
    errors
}

fn family_of(address: &str) -> &'static str {
    match parse_ip_sloppy(address) {
        Some(IpAddr::V6(_)) => "IPv6",
        _ => "IPv4",
    }
}

/// Kubernetes: validation.go, ValidateServiceClusterIPsRelatedFields.
fn validate_cluster_ips(spec: &Value, errors: &mut ErrorList) {
    let path = spec_path("clusterIPs");
    let (address, addresses) = (json::text(spec, "clusterIP"), json::strings(spec, "clusterIPs"));
    let all = || json!(addresses);
    match (address, addresses.first()) {
        ("", Some(_)) => {
            let why = "must be empty when `clusterIP` is not specified";
            errors.push(FieldError::invalid(&path, all(), why));
        }
        ("", None) => {}
        (_, None) => errors.push(FieldError::required(&path, "")),
        (one, Some(first)) if one != *first => {
            errors.push(FieldError::invalid(&path, all(), "first value must match `clusterIP`"));
        }
        _ => {}
    }
    let families = json::strings(spec, "ipFamilies");
    for (at, family) in families.iter().enumerate() {
        let path = spec_path("ipFamilies").index(at);
        if !IP_FAMILIES.contains(family) {
            errors.push(FieldError::not_supported(&path, *family, &IP_FAMILIES));
        }
        if families[..at].contains(family) {
            errors.push(FieldError::duplicate(&path, *family));
        }
    }
    if let Some(policy) = json::get(spec, "ipFamilyPolicy").as_str()
        && !IP_FAMILY_POLICIES.contains(&policy)
    {
        errors.push(FieldError::not_supported(&spec_path("ipFamilyPolicy"), policy, &IP_FAMILY_POLICIES));
    }
    let before = errors.len();
    for (at, address) in addresses.iter().enumerate() {
        if at == 0 && *address == "None" {
            if addresses.len() > 1 {
                let why = "'None' must be the first and only value";
                errors.push(FieldError::invalid(&path, all(), why));
            }
            continue;
        }
        is_valid_ip(address, &path.index(at), errors);
    }
    let bad = errors.len() > before;
    if addresses.len() > 2 {
        errors.push(FieldError::invalid(&path, all(), "may only hold up to 2 values"));
    }
    if bad {
        return;
    }
    let kinds: SortedSet<&str> = addresses.iter().map(|address| family_of(address)).collect();
    if addresses.len() > 1 && kinds.len() != 2 {
        let why = "may specify no more than one IP for each IP family";
        errors.push(FieldError::invalid(&path, all(), why));
    }
    for (at, (address, family)) in addresses.iter().zip(&families).enumerate() {
        if !is_headless(spec) && family_of(address) != *family && IP_FAMILIES.contains(family) {
            let why = format!("expected an {family} value as indicated by `ipFamilies[{at}]`");
            errors.push(FieldError::invalid(&path.index(at), *address, why));
        }
    }
}

/// Kubernetes: validation.go, validateUpgradeDowngradeClusterIPs, validateLoadBalancerClassField and the like.
fn validate_kept_addresses(new: &Value, old: &Value, errors: &mut ErrorList) {
    let is = |spec: &Value, sort: &str| json::text(spec, "type") == sort;
    let is_external = is(new, "ExternalName") || is(old, "ExternalName");
    let stay_headless = is_headless(new) && is_headless(old);
    if !is_external && !stay_headless {
        let (before, after) = (json::strings(old, "clusterIPs"), json::strings(new, "clusterIPs"));
        let path = spec_path("clusterIPs");
        let changed = FieldError::invalid(&path.index(0), json!(after), "may not change once set");
        match (before.first(), after.first()) {
            (Some(_), None) => {
                let why = "primary clusterIP can not be unset";
                errors.push(FieldError::invalid(&path.index(0), json!(after), why));
            }
            (Some(old), Some(new)) if old != new => errors.push(changed),
            _ => {}
        }
    }
    let class = |spec| json::get(spec, "loadBalancerClass");
    if is(new, "LoadBalancer") && is(old, "LoadBalancer") && class(new) != class(old) {
        let path = spec_path("loadBalancerClass");
        errors.push(FieldError::invalid(&path, class(new).clone(), "may not change once set"));
    }
    let port = |spec| json::int(spec, "healthCheckNodePort");
    if needs_health_check(new) && needs_health_check(old) && port(new) != port(old) {
        errors.push(FieldError::forbidden(&spec_path("healthCheckNodePort"), super::FIELD_IMMUTABLE));
    }
}

fn needs_health_check(spec: &Value) -> bool {
    json::text(spec, "type") == "LoadBalancer" && json::text(spec, "externalTrafficPolicy") == "Local"
}

fn validate_service(service: &Value, errors: &mut ErrorList) {
    let (spec, path) = (json::get(service, "spec"), FieldPath::new("spec"));
    let kind = json::text(spec, "type");
    let headless = is_headless(spec);
    validate_topology_annotations(service, errors);
    let ports = json::list(spec, "ports");
    if ports.is_empty() && !headless && kind != "ExternalName" {
        errors.push(FieldError::required(&path.child("ports"), ""));
    }
    if headless && matches!(kind, "LoadBalancer" | "NodePort") {
        let path = path.child("clusterIPs").index(0);
        let why = format!("may not be set to 'None' for {kind} services");
        errors.push(FieldError::invalid(&path, "None", why));
    }
    if kind == "ExternalName" {
        validate_external_name(spec, &path, errors);
    }
    let mut names = SortedSet::new();
    for (at, port) in ports.iter().enumerate() {
        let path = path.child("ports").index(at);
        validate_service_port(port, ports.len() > 1, &mut names, &path, errors);
    }
    validate_labels(json::get(spec, "selector"), &path.child("selector"), errors);
    validate_session_affinity(spec, &path, errors);
    if kind != "ExternalName" {
        validate_cluster_ips(spec, errors);
    }
    for (at, address) in json::strings(spec, "externalIPs").into_iter().enumerate() {
        validate_external_ip(address, &path.child("externalIPs").index(at), errors);
    }
    let kinds = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    push_unless_one_of(&path.child("type"), kind, &kinds, errors);
    validate_port_clashes(spec, kind, &path.child("ports"), errors);
    validate_load_balancer_fields(service, kind, errors);
    validate_traffic_policies(spec, kind, &path, errors);
}

fn validate_topology_annotations(service: &Value, errors: &mut ErrorList) {
    let (hints, mode) = ("service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode");
    let annotations = json::at(service, &["metadata", "annotations"]);
    if let (Some(given), Some(wanted)) = (annotations.get(mode), annotations.get(hints))
        && given != wanted
    {
        let path = FieldPath::new("metadata").child("annotations").key(mode);
        let why = format!("must match annotations[{hints}] when both are specified");
        errors.push(FieldError::invalid(&path, given.clone(), why));
    }
}

fn validate_external_name(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let why = "may not be set for ExternalName services";
    for key in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        if !json::empty(spec, key) {
            errors.push(FieldError::forbidden(&path.child(key), why));
        }
    }
    let name = json::text(spec, "externalName");
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.is_empty() {
        errors.push(FieldError::required(&path.child("externalName"), ""));
    } else {
        validate_dns1123_subdomain(name, &path.child("externalName"), errors);
    }
}

fn validate_service_port<'a>(
    port: &'a Value,
    require_name: bool,
    names: &mut SortedSet<&'a str>,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let name = json::text(port, "name");
    if !name.is_empty() {
        validate_dns1123_label(name, &path.child("name"), errors);
        if !names.insert(name) {
            errors.push(FieldError::duplicate(&path.child("name"), name));
        }
    } else if require_name {
        errors.push(FieldError::required(&path.child("name"), ""));
    }
    let number = json::int(port, "port").unwrap_or(0);
    let why = is_valid_port_num(number);
    errors.extend(why.map(|why| FieldError::invalid(&path.child("port"), number, why)));
    let protocol = json::text(port, "protocol");
    push_unless_one_of(&path.child("protocol"), protocol, &["SCTP", "TCP", "UDP"], errors);
    validate_port_num_or_name(json::get(port, "targetPort"), &path.child("targetPort"), errors);
    if let Some(protocol) = json::get(port, "appProtocol").as_str() {
        validate_qualified_name(protocol, &path.child("appProtocol"), errors);
    }
}

fn validate_session_affinity(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    const LONGEST: i64 = 86_400;
    let (affinity, config) = (json::text(spec, "sessionAffinity"), json::get(spec, "sessionAffinityConfig"));
    let config_path = path.child("sessionAffinityConfig");
    push_unless_one_of(&path.child("sessionAffinity"), affinity, &["ClientIP", "None"], errors);
    match affinity {
        "ClientIP" => {
            let path = config_path.child("clientIP").child("timeoutSeconds");
            if let Some(timeout) = json::int(json::get(config, "clientIP"), "timeoutSeconds")
                && !(1..=LONGEST).contains(&timeout)
            {
                let why = format!("must be greater than 0 and less than {LONGEST}");
                errors.push(FieldError::invalid(&path, timeout, why));
            }
        }
        "None" if !config.is_null() => {
            let why = "must not be set when session affinity is None";
            errors.push(FieldError::forbidden(&config_path, why));
        }
        _ => {}
    }
}

/// Kubernetes: validation.go, ValidateEndpointIP.
fn validate_external_ip(address: &str, path: &FieldPath, errors: &mut ErrorList) {
    let before = errors.len();
    is_valid_ip(address, path, errors);
    let Some(ip) = parse_ip_sloppy(address).filter(|_| errors.len() == before) else { return };
    let (link_local, multicast) = match ip {
        IpAddr::V4(ip) => (ip.is_link_local(), ip.octets()[..3] == [224, 0, 0]),
        IpAddr::V6(ip) => (ip.segments()[0] & 0xffc0 == 0xfe80, ip.segments()[0] & 0xff0f == 0xff02),
    };
    let unspecified = format!("may not be unspecified ({address})");
    for (is, why) in [
        (ip.is_unspecified(), &*unspecified),
        (ip.is_loopback(), "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        (link_local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        (multicast, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
    ] {
        if is {
            errors.push(FieldError::invalid(path, address, why));
        }
    }
}

fn validate_port_clashes(spec: &Value, kind: &str, path: &FieldPath, errors: &mut ErrorList) {
    let ports = json::list(spec, "ports");
    let pair = |port, key| (json::text(port, "protocol"), json::int(port, key).unwrap_or(0));
    let (mut nodes, mut own) = (SortedSet::new(), SortedSet::new());
    for (at, port) in ports.iter().enumerate() {
        if kind == "ClusterIP" && pair(port, "nodePort").1 != 0 {
            let path = path.index(at).child("nodePort");
            errors.push(FieldError::forbidden(&path, "may not be used when `type` is 'ClusterIP'"));
        }
    }
    for (at, port) in ports.iter().enumerate() {
        let node = pair(port, "nodePort");
        if node.1 != 0 && !nodes.insert(node) {
            errors.push(FieldError::duplicate(&path.index(at).child("nodePort"), node.1));
        }
    }
    for (at, port) in ports.iter().enumerate() {
        let (protocol, number) = pair(port, "port");
        if !own.insert((protocol, number)) {
            let key = json!({"protocol": protocol, "port": number});
            let shown = go_form::compact("ServicePort", &key);
            errors.push(FieldError::duplicate(&path.index(at), key).shown_as(shown));
        }
    }
}

fn validate_load_balancer_fields(service: &Value, kind: &str, errors: &mut ErrorList) {
    const ONLY: &str = "may only be used when `type` is 'LoadBalancer'";
    const ANNOTATION: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";
    let spec = json::get(service, "spec");
    let is_balancer = kind == "LoadBalancer";
    let forbid = |path: &FieldPath, errors: &mut ErrorList| {
        if !is_balancer {
            errors.push(FieldError::forbidden(path, ONLY));
        }
    };
    let ranges = json::strings(spec, "loadBalancerSourceRanges");
    if !ranges.is_empty() {
        let path = spec_path("LoadBalancerSourceRanges");
        forbid(&path, errors);
        for (at, range) in ranges.into_iter().enumerate() {
            is_valid_cidr(range.trim(), &path.index(at), errors);
        }
    } else if let Some(given) = json::at(service, &["metadata", "annotations"]).get(ANNOTATION) {
        let path = FieldPath::new("metadata").child("annotations").key(ANNOTATION);
        forbid(&path, errors);
        let ranges = given.as_str().unwrap_or_default().trim();
        for range in ranges.split(',').filter(|_| !ranges.is_empty()) {
            is_valid_cidr(range.trim(), &path, errors);
        }
    }
    let key = "allocateLoadBalancerNodePorts";
    if json::has(spec, key) {
        forbid(&spec_path(key), errors);
    } else if is_balancer {
        errors.push(FieldError::required(&FieldPath::new(key), ""));
    }
    if let Some(class) = json::get(spec, "loadBalancerClass").as_str() {
        let path = spec_path("loadBalancerClass");
        forbid(&path, errors);
        if is_balancer {
            validate_qualified_name(class, &path, errors);
        }
    }
}

fn validate_traffic_policies(spec: &Value, kind: &str, path: &FieldPath, errors: &mut ErrorList) {
    let (policy, policy_path) =
        (json::text(spec, "externalTrafficPolicy"), path.child("externalTrafficPolicy"));
    let external_ips = !json::empty(spec, "externalIPs");
    let external = matches!(kind, "LoadBalancer" | "NodePort") || (kind == "ClusterIP" && external_ips);
    if external {
        push_unless_one_of(&policy_path, policy, &["Cluster", "Local"], errors);
    } else if !policy.is_empty() {
        let why = "may only be set for externally-accessible services";
        errors.push(FieldError::invalid(&policy_path, policy, why));
    }
    let port = json::int(spec, "healthCheckNodePort").unwrap_or(0);
    let port_path = path.child("healthCheckNodePort");
    if !needs_health_check(spec) {
        if port != 0 {
            let why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
            errors.push(FieldError::invalid(&port_path, port, why));
        }
    } else if port != 0 {
        // One that is not named is given out.
        errors.extend(is_valid_port_num(port).map(|why| FieldError::invalid(&port_path, port, why)));
    }
    let internal = json::get(spec, "internalTrafficPolicy").as_str();
    if let Some(policy) = internal.filter(|policy| !["Cluster", "Local"].contains(policy)) {
        let path = path.child("internalTrafficPolicy");
        errors.push(FieldError::not_supported(&path, policy, &["Cluster", "Local"]));
    }
    let distributions = ["PreferClose", "PreferSameZone", "PreferSameNode"];
    if let Some(wanted) = json::get(spec, "trafficDistribution").as_str()
        && !distributions.contains(&wanted)
    {
        errors.push(FieldError::not_supported(&path.child("trafficDistribution"), wanted, &distributions));
    }
}
