//! The objects that are there once `kubeadm init` is through, beside those that components go on to change:
//! roles, accounts and configuration. They are put into the store when the API server first comes up.
//!
//! Kubernetes: plugin/pkg/auth/authorizer/rbac/bootstrappolicy; cmd/kubeadm/app/phases/{uploadconfig,kubelet,
//! bootstraptoken,addons}; pkg/controlplane.
// Not simulated: bootstrap tokens, flow schemas and their priority levels, API services.

use std::net::Ipv4Addr;
use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::{CERTIFICATE, CERTIFICATE_DATA, KUBELET_CONFIGURATION};
use api::meta::ObjectMeta;
use api::object::{Kind, Other};
use sim::order::SortShared;

/// One role or binding a line, the rules of a role below it.
///
/// ```text
/// role [NAMESPACE/]NAME [+AGGREGATED-INTO] [=AGGREGATES]
/// VERBS GROUPS RESOURCES [NAMES]          `-` is the core group
/// VERBS URLS
/// bind [NAMESPACE/]NAME ROLE SUBJECT...   `-` is the role of the same name
/// kubeadm                                 what follows is made by kubeadm, not by the API server
/// ```
const RBAC: &str = include_str!("rbac.txt");

const RBAC_GROUP: &str = "rbac.authorization.k8s.io";
const RBAC_VERSION: &str = "rbac.authorization.k8s.io/v1";
/// Each of these roles is bound to the account of the controller it is named after.
const CONTROLLER_ROLE: &str = "system:controller:";

/// The accounts that the controller-manager makes for its controllers (`--use-service-account-credentials`).
///
/// Kubernetes: cmd/kube-controller-manager/app.
const CONTROLLER_ACCOUNTS: &str = "attachdetach-controller bootstrap-signer certificate-controller \
    clusterrole-aggregation-controller cronjob-controller daemon-set-controller deployment-controller \
    disruption-controller endpoint-controller endpointslice-controller endpointslicemirroring-controller \
    ephemeral-volume-controller expand-controller generic-garbage-collector horizontal-pod-autoscaler \
    job-controller legacy-service-account-token-cleaner namespace-controller node-controller \
    persistent-volume-binder pod-garbage-collector pv-protection-controller pvc-protection-controller \
    replicaset-controller replication-controller resource-claim-controller resourcequota-controller \
    root-ca-cert-publisher selinux-warning-controller service-account-controller service-cidrs-controller \
    statefulset-controller token-cleaner ttl-after-finished-controller ttl-controller \
    validatingadmissionpolicy-status-controller volumeattributesclass-protection-controller";

fn object(api_version: &str, kind: &str, mut value: Value) -> Option<Rc<Other>> {
    value["apiVersion"] = json!(api_version);
    value["kind"] = json!(kind);
    let kind = Kind::of(api_version, kind)?;
    Some(Rc::new(Other { kind, meta: ObjectMeta::from_value(&value["metadata"]), raw: Rc::new(value) }))
}

/// The objects that are the same in every cluster. They are made once.
pub fn of_every_cluster() -> Rc<[Rc<Other>]> {
    thread_local! {
        static OBJECTS: Rc<[Rc<Other>]> = {
            let accounts = CONTROLLER_ACCOUNTS.split_whitespace().filter_map(account);
            roles_and_bindings(RBAC).into_iter().chain(accounts).chain(configuration()).collect()
        };
    }
    OBJECTS.with(Rc::clone)
}

/// The objects that name the API server's address.
pub fn of_this_cluster(server: Ipv4Addr) -> Vec<Rc<Other>> {
    let kubeconfig = format!(
        "apiVersion: v1\n\
         clusters:\n\
         - cluster:\n    certificate-authority-data: {CERTIFICATE_DATA}\n    server: https://{server}:6443\n  name: \"\"\n\
         contexts: null\n\
         current-context: \"\"\n\
         kind: Config\n\
         users: null\n"
    );
    [config_map("kube-public", "cluster-info", json!({"kubeconfig": kubeconfig}))]
        .into_iter()
        .flatten()
        .collect()
}

/// The kubeconfig file of kube-proxy, which is its service account's.
pub(crate) fn kube_proxy_kubeconfig(server: Ipv4Addr) -> String {
    let mounted = "/var/run/secrets/kubernetes.io/serviceaccount";
    format!(
        "apiVersion: v1\n\
         kind: Config\n\
         clusters:\n\
         - cluster:\n    certificate-authority: {mounted}/ca.crt\n    server: https://{server}:6443\n  name: default\n\
         contexts:\n\
         - context:\n    cluster: default\n    namespace: default\n    user: default\n  name: default\n\
         current-context: default\n\
         users:\n\
         - name: default\n  user:\n    tokenFile: {mounted}/token"
    )
}

/// kube-proxy's own configuration.
pub(crate) const KUBE_PROXY_CONFIGURATION: &str = include_str!("config.conf");

fn account(name: &str) -> Option<Rc<Other>> {
    object("v1", "ServiceAccount", json!({"metadata": {"name": name, "namespace": "kube-system"}}))
}

fn config_map(namespace: &str, name: &str, data: Value) -> Option<Rc<Other>> {
    object("v1", "ConfigMap", json!({"metadata": {"name": name, "namespace": namespace}, "data": data}))
}

fn configuration() -> Vec<Rc<Other>> {
    let cluster = include_str!("cluster-configuration.yaml");
    let authentication = json!({
        "client-ca-file": CERTIFICATE,
        "requestheader-allowed-names": r#"["front-proxy-client"]"#,
        "requestheader-client-ca-file": CERTIFICATE,
        "requestheader-extra-headers-prefix": r#"["X-Remote-Extra-"]"#,
        "requestheader-group-headers": r#"["X-Remote-Group"]"#,
        "requestheader-uid-headers": r#"["X-Remote-Uid"]"#,
        "requestheader-username-headers": r#"["X-Remote-User"]"#,
    });
    let system = "kube-system";
    let maps = [
        config_map(system, "extension-apiserver-authentication", authentication),
        // The day on which the session begins.
        config_map(
            system,
            "kube-apiserver-legacy-service-account-token-tracking",
            json!({"since": "2026-01-01"}),
        ),
        config_map(system, "kubeadm-config", json!({"ClusterConfiguration": cluster})),
        config_map(system, "kubelet-config", json!({"kubelet": KUBELET_CONFIGURATION})),
    ];
    let cidr = json!({"metadata": {"name": "kubernetes"}, "spec": {"cidrs": ["10.96.0.0/12"]}});
    maps.into_iter().chain([object("networking.k8s.io/v1", "ServiceCIDR", cidr)]).flatten().collect()
}

// ---- roles and bindings ----

/// `kube-system/name` or `name`.
fn metadata(name: &str, by_kubeadm: bool) -> Value {
    let mut meta = match name.split_once('/') {
        Some((namespace, name)) => json!({"name": name, "namespace": namespace}),
        None => json!({"name": name}),
    };
    if !by_kubeadm {
        meta["annotations"] = json!({"rbac.authorization.kubernetes.io/autoupdate": "true"});
        meta["labels"] = json!({"kubernetes.io/bootstrapping": "rbac-defaults"});
    }
    meta
}

fn aggregation_label(name: &str) -> String {
    format!("{RBAC_GROUP}/{name}")
}

fn rule(line: &str) -> Value {
    let list = |text: &str| -> Vec<String> {
        text.split(',').map(|item| if item == "-" { String::new() } else { item.to_owned() }).collect()
    };
    let words: Vec<&str> = line.split(' ').collect();
    match words.as_slice() {
        [verbs, urls] => json!({"nonResourceURLs": list(urls), "verbs": list(verbs)}),
        [verbs, groups, resources, names @ ..] => {
            let mut rule =
                json!({"apiGroups": list(groups), "resources": list(resources), "verbs": list(verbs)});
            if let [names] = names {
                rule["resourceNames"] = json!(list(names));
            }
            rule
        }
        _ => json!({}),
    }
}

fn subject(text: &str) -> Value {
    match text.split_once(':') {
        Some(("s", account)) => {
            let (namespace, name) = account.split_once('/').unwrap_or_default();
            json!({"kind": "ServiceAccount", "name": name, "namespace": namespace})
        }
        Some((sort, name)) => {
            let kind = if sort == "g" { "Group" } else { "User" };
            json!({"apiGroup": RBAC_GROUP, "kind": kind, "name": name})
        }
        None => json!({}),
    }
}

fn binding(name: &str, role: &str, subjects: &[Value], by_kubeadm: bool) -> Option<Rc<Other>> {
    let (namespaced, own) = (name.contains('/'), name.rsplit('/').next().unwrap_or(name));
    let (kind, of) = if namespaced { ("RoleBinding", "Role") } else { ("ClusterRoleBinding", "ClusterRole") };
    let role = if role == "-" { own } else { role };
    let mut value = json!({
        "metadata": metadata(name, by_kubeadm),
        "roleRef": {"apiGroup": RBAC_GROUP, "kind": of, "name": role},
    });
    if !subjects.is_empty() {
        value["subjects"] = json!(subjects);
    }
    object(RBAC_VERSION, kind, value)
}

fn roles_and_bindings(table: &str) -> Vec<Rc<Other>> {
    let mut roles: Vec<(String, Value)> = Vec::new();
    let mut bindings: Vec<Option<Rc<Other>>> = Vec::new();
    let mut by_kubeadm = false;
    for line in table.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["kubeadm"] => by_kubeadm = true,
            ["role", name, marks @ ..] => {
                let mut role = json!({"metadata": metadata(name, by_kubeadm), "rules": []});
                for mark in marks {
                    match mark.split_at(1) {
                        ("+", into) => role["metadata"]["labels"][aggregation_label(into)] = json!("true"),
                        (_, label) => {
                            let labels = Map::from_iter([(aggregation_label(label), json!("true"))]);
                            role["aggregationRule"] =
                                json!({"clusterRoleSelectors": [{"matchLabels": labels}]});
                        }
                    }
                }
                roles.push(((*name).to_owned(), role));
                if let Some(account) = name.strip_prefix(CONTROLLER_ROLE) {
                    let account =
                        json!({"kind": "ServiceAccount", "name": account, "namespace": "kube-system"});
                    bindings.push(binding(name, "-", &[account], by_kubeadm));
                }
            }
            ["bind", name, role, subjects @ ..] => {
                let subjects: Vec<Value> = subjects.iter().map(|text| subject(text)).collect();
                bindings.push(binding(name, role, &subjects, by_kubeadm));
            }
            _ => {
                if let Some(Value::Array(rules)) =
                    roles.last_mut().and_then(|(_, role)| role.get_mut("rules"))
                {
                    rules.push(rule(line));
                }
            }
        }
    }
    // As the controller clusterrole-aggregation does it, from the smallest role to the largest.
    for name in ["view", "edit", "admin"] {
        aggregate(name, &mut roles);
    }
    let made = roles.into_iter().map(|(name, role)| {
        let kind = if name.contains('/') { "Role" } else { "ClusterRole" };
        object(RBAC_VERSION, kind, role)
    });
    made.chain(bindings).flatten().collect()
}

/// Gives a role the rules of all that are labelled to go into it, in the order of their names.
///
/// Kubernetes: pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go.
fn aggregate(name: &str, roles: &mut [(String, Value)]) {
    let label = aggregation_label(&format!("aggregate-to-{name}"));
    let mut parts: Vec<&(String, Value)> =
        roles.iter().filter(|(_, role)| role["metadata"]["labels"][&label] == "true").collect();
    parts.sort_shared_by(|a, b| a.0.cmp(&b.0));
    let mut rules: Vec<Value> = Vec::new();
    for rule in parts.into_iter().filter_map(|(_, role)| role["rules"].as_array()).flatten() {
        if !rules.contains(rule) {
            rules.push(rule.clone());
        }
    }
    if let Some((_, role)) = roles.iter_mut().find(|(own, _)| own == name) {
        role["rules"] = json!(rules);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(kind: &str, name: &str) -> Value {
        let all = of_every_cluster();
        let object = all.iter().find(|object| object.kind.name() == kind && *object.meta.name == *name);
        (*object.unwrap().raw).clone()
    }

    #[test]
    fn roles_have_the_rules_of_the_table() {
        assert_eq!(
            found("ClusterRole", "cluster-admin")["rules"],
            json!([
                {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
                {"nonResourceURLs": ["*"], "verbs": ["*"]},
            ])
        );
        let edit = found("ClusterRole", "edit");
        assert_eq!(edit["metadata"]["labels"]["rbac.authorization.k8s.io/aggregate-to-admin"], "true");
        let reads_secrets = |role: &str| {
            let role = found("ClusterRole", role);
            let rules = role["rules"].as_array().unwrap().clone();
            rules.iter().any(|rule| rule["resources"].as_array().unwrap().contains(&json!("secrets")))
        };
        assert_eq!(
            [reads_secrets("view"), reads_secrets("edit"), reads_secrets("admin")],
            [false, true, true]
        );
        let locking = found("Role", "extension-apiserver-authentication-reader");
        assert_eq!(locking["rules"][0]["resourceNames"], json!(["extension-apiserver-authentication"]));
    }

    #[test]
    fn every_binding_names_a_role_that_is_there() {
        let all = of_every_cluster();
        let bindings = all.iter().filter(|object| object.kind.name().ends_with("RoleBinding"));
        let mut count = 0;
        for binding in bindings {
            let role = &binding.raw["roleRef"];
            found(role["kind"].as_str().unwrap(), role["name"].as_str().unwrap());
            count += 1;
        }
        assert_eq!(count, 69);
    }
}
