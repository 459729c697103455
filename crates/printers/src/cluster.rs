//! The kinds of the smaller groups.

use serde_json::Value;

use super::{Columns, Row, RowOf, View, format_label_selector, int_or_string, list_with_more};
use api::json;

pub(super) const LEASE: Columns = &["Name", "Holder", "Age"];

/// A lease that a person wrote.
pub(super) fn lease(v: &View) -> Row {
    vec![v.name(), v.text(&["spec", "holderIdentity"]), v.age()]
}

pub(super) fn printer(group: &str, kind: &str) -> Option<(Columns, RowOf)> {
    match group {
        "rbac.authorization.k8s.io" => rbac(kind),
        "storage.k8s.io" => storage(kind),
        "networking.k8s.io" | "discovery.k8s.io" => networking(kind),
        "admissionregistration.k8s.io" => admission(kind),
        "resource.k8s.io" => resource(kind),
        "scheduling.k8s.io" | "node.k8s.io" => classes(kind),
        "flowcontrol.apiserver.k8s.io" => flow_control(kind),
        "certificates.k8s.io" if kind == "CertificateSigningRequest" => {
            Some((&["Name", "Age", "SignerName", "Requestor", "RequestedDuration", "Condition"], |v| {
                let signer = v.text_or(&["spec", "signerName"], "<none>");
                let none = "<none>".to_owned();
                vec![v.name(), v.age(), signer, v.text(&["spec", "username"]), none, "Pending".to_owned()]
            }))
        }
        _ => None,
    }
}

fn rbac(kind: &str) -> Option<(Columns, RowOf)> {
    if !matches!(kind, "RoleBinding" | "ClusterRoleBinding") {
        return None;
    }
    Some((&["Name", "Role", "Age", "*Users", "*Groups", "*ServiceAccounts"], |v| {
        let role = v.at(&["roleRef"]);
        let subjects = |kind: &str| {
            let all = v.list(&["subjects"]).iter().filter(|subject| subject["kind"] == kind);
            let named = all.map(|subject| match (kind, json::text(subject, "namespace")) {
                ("ServiceAccount", namespace) => format!("{namespace}/{}", json::text(subject, "name")),
                _ => json::text(subject, "name").to_owned(),
            });
            named.collect::<Vec<_>>().join(", ")
        };
        let role = format!("{}/{}", json::text(role, "kind"), json::text(role, "name"));
        vec![v.name(), role, v.age(), subjects("User"), subjects("Group"), subjects("ServiceAccount")]
    }))
}

fn storage(kind: &str) -> Option<(Columns, RowOf)> {
    let found: (Columns, RowOf) = match kind {
        "StorageClass" => (
            &["Name", "Provisioner", "ReclaimPolicy", "VolumeBindingMode", "AllowVolumeExpansion", "Age"],
            |v| {
                let default = v.meta.annotation("storageclass.kubernetes.io/is-default-class");
                let name = v.name() + if default == Some("true") { " (default)" } else { "" };
                let policy = v.text_or(&["reclaimPolicy"], "Delete");
                let mode = v.text_or(&["volumeBindingMode"], "Immediate");
                let expansion = v.flag(&["allowVolumeExpansion"], false);
                vec![name, v.text(&["provisioner"]), policy, mode, expansion, v.age()]
            },
        ),
        "VolumeAttachment" => (&["Name", "Attacher", "PV", "Node", "Attached", "Age"], |v| {
            let volume = v.text(&["spec", "source", "persistentVolumeName"]);
            let attached = v.flag(&["status", "attached"], false);
            let (attacher, node) = (v.text(&["spec", "attacher"]), v.text(&["spec", "nodeName"]));
            vec![v.name(), attacher, volume, node, attached, v.age()]
        }),
        "CSINode" => (&["Name", "Drivers", "Age"], |v| {
            vec![v.name(), v.count(&["spec", "drivers"]).to_string(), v.age()]
        }),
        "CSIDriver" => (
            &[
                "Name",
                "AttachRequired",
                "PodInfoOnMount",
                "StorageCapacity",
                "TokenRequests",
                "RequiresRepublish",
                "Modes",
                "Age",
            ],
            csi_driver,
        ),
        "CSIStorageCapacity" => (&["Name", "StorageClassName", "Capacity"], |v| {
            let capacity = int_or_string(v.at(&["capacity"])).unwrap_or_else(|| "<unset>".to_owned());
            vec![v.name(), v.text(&["storageClassName"]), capacity]
        }),
        "VolumeAttributesClass" => {
            (&["Name", "DriverName", "Age"], |v| vec![v.name(), v.text(&["driverName"]), v.age()])
        }
        _ => return None,
    };
    Some(found)
}

fn csi_driver(v: &View) -> Row {
    let modes = json::strings(v.at(&["spec"]), "volumeLifecycleModes").join(",");
    let tokens = match v.at(&["spec", "tokenRequests"]) {
        Value::Null => "<unset>".to_owned(),
        list => {
            let all = list.as_array().map_or(&[][..], Vec::as_slice).iter();
            all.map(|request| json::text(request, "audience")).collect::<Vec<_>>().join(",")
        }
    };
    vec![
        v.name(),
        v.flag(&["spec", "attachRequired"], true),
        v.flag(&["spec", "podInfoOnMount"], false),
        v.flag(&["spec", "storageCapacity"], false),
        tokens,
        v.flag(&["spec", "requiresRepublish"], false),
        if modes.is_empty() { "<none>".to_owned() } else { modes },
        v.age(),
    ]
}

fn networking(kind: &str) -> Option<(Columns, RowOf)> {
    let found: (Columns, RowOf) = match kind {
        "Ingress" => (&["Name", "Class", "Hosts", "Address", "Ports", "Age"], ingress),
        "IngressClass" => (&["Name", "Controller", "Parameters", "Age"], |v| {
            let parameters = match v.at(&["spec", "parameters"]) {
                Value::Null => "<none>".to_owned(),
                given => {
                    let group = json::text(given, "apiGroup");
                    let dot = if group.is_empty() { "" } else { "." };
                    format!("{}{dot}{group}/{}", json::text(given, "kind"), json::text(given, "name"))
                }
            };
            vec![v.name(), v.text(&["spec", "controller"]), parameters, v.age()]
        }),
        "NetworkPolicy" => (&["Name", "Pod-Selector", "Age"], |v| {
            vec![v.name(), format_label_selector(v.at(&["spec", "podSelector"])), v.age()]
        }),
        "EndpointSlice" => (&["Name", "AddressType", "Ports", "Endpoints", "Age"], |v| {
            let ports = v.list(&["ports"]).iter();
            let ports: Vec<String> = ports
                .map(|port| match int_or_string(&port["port"]) {
                    Some(number) => number,
                    None => int_or_string(&port["name"]).unwrap_or_else(|| "*".to_owned()),
                })
                .collect();
            let addresses = v.list(&["endpoints"]).iter().flat_map(|point| json::strings(point, "addresses"));
            let addresses: Vec<String> = addresses.map(str::to_owned).collect();
            let ports = list_with_more(&ports, 3, "<unset>");
            let addresses = list_with_more(&addresses, 3, "<unset>");
            vec![v.name(), v.text(&["addressType"]), ports, addresses, v.age()]
        }),
        "ServiceCIDR" => (&["Name", "CIDRs", "Age"], |v| {
            vec![v.name(), json::strings(v.at(&["spec"]), "cidrs").join(","), v.age()]
        }),
        "IPAddress" => (&["Name", "ParentRef"], |v| {
            let parent = v.at(&["spec", "parentRef"]);
            let text = |key| json::text(parent, key);
            let parts = [text("group"), text("resource"), text("namespace"), text("name")];
            let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            vec![v.name(), parts.join("/")]
        }),
        _ => return None,
    };
    Some(found)
}

fn ingress(v: &View) -> Row {
    let rules = v.list(&["spec", "rules"]);
    let hosts: Vec<String> = rules.iter().map(|rule| json::text(rule, "host").to_owned()).collect();
    let hosts: Vec<String> = hosts.into_iter().filter(|host| !host.is_empty()).collect();
    let points = v.list(&["status", "loadBalancer", "ingress"]).iter();
    let points: Vec<&str> = points.map(|point| json::text(point, "ip")).filter(|ip| !ip.is_empty()).collect();
    let ports = if v.count(&["spec", "tls"]) > 0 { "80, 443" } else { "80" };
    vec![
        v.name(),
        v.text_or(&["spec", "ingressClassName"], "<none>"),
        list_with_more(&hosts, 3, "*"),
        points.join(","),
        ports.to_owned(),
        v.age(),
    ]
}

fn admission(kind: &str) -> Option<(Columns, RowOf)> {
    let found: (Columns, RowOf) = match kind {
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => {
            (&["Name", "Webhooks", "Age"], |v| vec![v.name(), v.count(&["webhooks"]).to_string(), v.age()])
        }
        "ValidatingAdmissionPolicy" => (&["Name", "Validations", "ParamKind", "Age"], |v| {
            vec![v.name(), v.count(&["spec", "validations"]).to_string(), param_kind(v), v.age()]
        }),
        "MutatingAdmissionPolicy" => (&["Name", "Mutations", "ParamKind", "Age"], |v| {
            vec![v.name(), v.count(&["spec", "mutations"]).to_string(), param_kind(v), v.age()]
        }),
        "ValidatingAdmissionPolicyBinding" | "MutatingAdmissionPolicyBinding" => {
            (&["Name", "PolicyName", "ParamRef", "Age"], |v| {
                let reference = match v.at(&["spec", "paramRef"]) {
                    Value::Null => "<unset>".to_owned(),
                    given => match json::text(given, "namespace") {
                        "" => format!("*/{}", json::text(given, "name")),
                        namespace => format!("{namespace}/{}", json::text(given, "name")),
                    },
                };
                vec![v.name(), v.text(&["spec", "policyName"]), reference, v.age()]
            })
        }
        _ => return None,
    };
    Some(found)
}

fn param_kind(v: &View) -> String {
    match v.at(&["spec", "paramKind"]) {
        Value::Null => "<unset>".to_owned(),
        given => format!("{}/{}", json::text(given, "apiVersion"), json::text(given, "kind")),
    }
}

fn resource(kind: &str) -> Option<(Columns, RowOf)> {
    let found: (Columns, RowOf) = match kind {
        "DeviceClass" | "ResourceClaimTemplate" => (&["Name", "Age"], |v| vec![v.name(), v.age()]),
        "ResourceClaim" => (&["Name", "State", "Age"], |v| {
            let state = match v.at(&["status", "allocation"]) {
                Value::Null => "pending",
                _ => "allocated",
            };
            vec![v.name(), state.to_owned(), v.age()]
        }),
        "ResourceSlice" => (&["Name", "Node", "Driver", "Pool", "Age"], |v| {
            let pool = v.text(&["spec", "pool", "name"]);
            vec![v.name(), v.text(&["spec", "nodeName"]), v.text(&["spec", "driver"]), pool, v.age()]
        }),
        _ => return None,
    };
    Some(found)
}

fn classes(kind: &str) -> Option<(Columns, RowOf)> {
    let found: (Columns, RowOf) = match kind {
        "PriorityClass" => (&["Name", "Value", "Global-Default", "Age", "PreemptionPolicy"], |v| {
            let policy = v.text_or(&["preemptionPolicy"], "PreemptLowerPriority");
            vec![v.name(), v.number(&["value"]), v.flag(&["globalDefault"], false), v.age(), policy]
        }),
        "RuntimeClass" => (&["Name", "Handler", "Age"], |v| vec![v.name(), v.text(&["handler"]), v.age()]),
        _ => return None,
    };
    Some(found)
}

fn flow_control(kind: &str) -> Option<(Columns, RowOf)> {
    let found: (Columns, RowOf) = match kind {
        "FlowSchema" => (
            &["Name", "PriorityLevel", "MatchingPrecedence", "DistinguisherMethod", "Age", "MissingPL"],
            |v| {
                let level = v.text_or(&["spec", "priorityLevelConfiguration", "name"], "<none>");
                let method = v.text_or(&["spec", "distinguisherMethod", "type"], "<none>");
                let precedence = v.number(&["spec", "matchingPrecedence"]);
                vec![v.name(), level, precedence, method, v.age(), "?".to_owned()]
            },
        ),
        "PriorityLevelConfiguration" => (
            &["Name", "Type", "NominalConcurrencyShares", "Queues", "HandSize", "QueueLengthLimit", "Age"],
            |v| {
                let none = || "<none>".to_owned();
                let limited = ["spec", "limited"];
                let get = |path: &[&str]| {
                    let path: Vec<&str> = limited.iter().chain(path).copied().collect();
                    int_or_string(v.at(&path)).unwrap_or_else(none)
                };
                let queuing = ["limitResponse", "queuing"];
                let queue = |key| get(&[queuing[0], queuing[1], key]);
                vec![
                    v.name(),
                    v.text(&["spec", "type"]),
                    get(&["nominalConcurrencyShares"]),
                    queue("queues"),
                    queue("handSize"),
                    queue("queueLengthLimit"),
                    v.age(),
                ]
            },
        ),
        _ => return None,
    };
    Some(found)
}
