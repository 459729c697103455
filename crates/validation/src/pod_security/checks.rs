//! What the levels of pod security ask of a pod.
//!
//! Kubernetes: k8s.io/pod-security-admission/policy.
// Not simulated: the versions of the levels; each is that of the simulated release.

use serde_json::Value;
use sim::SortedSet;

use super::Level;
use api::field::go_quote;
use api::json;

const APP_ARMOR_ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";
const CONTAINERS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// Kubernetes: check_capabilities_baseline.go.
const CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// Kubernetes: check_sysctls.go.
const SYSCTLS: [&str; 12] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
];

const SELINUX_TYPES: [&str; 5] =
    ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

/// Sorts of volumes that the level restricted takes.
const VOLUMES: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// Why a check refuses a pod: the reason, and what is to be changed.
type Refusal = (String, String);
type Check = fn(&Pod) -> Option<Refusal>;

/// In the order of their names.
const BASELINE: [Check; 12] = [
    app_armor_profile,
    capabilities_baseline,
    host_namespaces,
    host_path_volumes,
    host_ports,
    host_probes,
    privileged,
    proc_mount_baseline,
    selinux_options,
    seccomp_profile_baseline,
    sysctls,
    windows_host_process,
];

/// Those of the level baseline that have no stricter form, then the level's own.
const RESTRICTED: [Check; 15] = [
    app_armor_profile,
    host_namespaces,
    host_ports,
    host_probes,
    privileged,
    selinux_options,
    sysctls,
    windows_host_process,
    allow_privilege_escalation,
    capabilities_restricted,
    proc_mount,
    restricted_volumes,
    run_as_non_root,
    run_as_user,
    seccomp_profile_restricted,
];

/// A pod, or a pod template.
struct Pod<'a> {
    meta: &'a Value,
    spec: &'a Value,
}

/// Why a level does not admit a pod; `None` if it does.
///
/// Kubernetes: registry.go, EvaluatePod; checks.go, ForbiddenDetail.
pub fn evaluate(level: Level, meta: &Value, spec: &Value) -> Option<String> {
    let checks: &[Check] = match level {
        Level::Privileged => return None,
        Level::Baseline => &BASELINE,
        Level::Restricted => &RESTRICTED,
    };
    let pod = Pod { meta, spec };
    let refusals = checks.iter().filter_map(|check| check(&pod));
    let texts: Vec<String> = refusals.map(|(reason, detail)| format!("{reason} ({detail})")).collect();
    (!texts.is_empty()).then(|| texts.join(", "))
}

impl<'a> Pod<'a> {
    fn containers(&self) -> impl Iterator<Item = &'a Value> {
        let spec = self.spec;
        CONTAINERS.into_iter().flat_map(move |list| json::list(spec, list))
    }

    fn context(&self) -> &'a Value {
        json::get(self.spec, "securityContext")
    }

    fn is_windows(&self) -> bool {
        json::at(self.spec, &["os", "name"]) == "windows"
    }

    /// Whether it has users of its own, so that root in it is nobody on the node.
    fn has_user_namespace(&self) -> bool {
        json::get(self.spec, "hostUsers") == false
    }

    /// The names of the containers of which something holds.
    fn named(&self, mut bad: impl FnMut(&Value) -> bool) -> Vec<&'a str> {
        self.containers()
            .filter(|container| bad(container))
            .map(|container| json::text(container, "name"))
            .collect()
    }
}

fn context(container: &Value) -> &Value {
    json::get(container, "securityContext")
}

fn quoted<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| format!("\"{}\"", item.as_ref())).collect::<Vec<_>>().join(", ")
}

fn plural<'a>(one: &'a str, many: &'a str, count: usize) -> &'a str {
    if count == 1 { one } else { many }
}

/// `container "a"`, `containers "a", "b"`.
fn containers_text(names: &[&str]) -> String {
    format!("{} {}", plural("container", "containers", names.len()), quoted(names))
}

/// Who set something: the pod, some containers, or both.
fn setters(pod: bool, names: &[&str]) -> Vec<String> {
    let pod = pod.then(|| "pod".to_owned());
    let containers = (!names.is_empty()).then(|| containers_text(names));
    pod.into_iter().chain(containers).collect()
}

fn refuse(reason: &str, detail: String) -> Option<Refusal> {
    Some((reason.to_owned(), detail))
}

// ---- baseline ----

fn app_armor_profile(pod: &Pod) -> Option<Refusal> {
    let mut values: SortedSet<String> = SortedSet::new();
    let mut is_bad = |context: &Value| {
        let profile = json::get(context, "appArmorProfile");
        let kind = json::text(profile, "type");
        let bad = !profile.is_null() && !matches!(kind, "RuntimeDefault" | "Localhost");
        if bad {
            values.insert(kind.to_owned());
        }
        bad
    };
    let by_pod = is_bad(pod.context());
    let names = pod.named(|container| is_bad(context(container)));
    let mut setters = setters(by_pod, &names);
    let mut listed: Vec<String> = values.into_iter().collect();
    let allowed =
        |value: &str| value.is_empty() || value == "runtime/default" || value.starts_with("localhost/");
    let annotations: Vec<String> = json::entries(pod.meta, "annotations")
        .filter(|(key, value)| key.starts_with(APP_ARMOR_ANNOTATION) && !value.as_str().is_some_and(allowed))
        .map(|(key, value)| format!("{key}={}", go_quote(value.as_str().unwrap_or_default())))
        .collect();
    if !annotations.is_empty() {
        setters.push(plural("annotation", "annotations", annotations.len()).to_owned());
        listed.extend(annotations);
    }
    if setters.is_empty() {
        return None;
    }
    let reason = plural("forbidden AppArmor profile", "forbidden AppArmor profiles", listed.len());
    let detail =
        format!("{} must not set AppArmor profile type to {}", setters.join(" and "), quoted(&listed));
    refuse(reason, detail)
}

fn capabilities_baseline(pod: &Pod) -> Option<Refusal> {
    let mut bad: SortedSet<String> = SortedSet::new();
    let names = pod.named(|container| {
        let added = json::strings(json::get(context(container), "capabilities"), "add");
        let others: Vec<&str> = added.into_iter().filter(|name| !CAPABILITIES.contains(name)).collect();
        bad.extend(others.iter().map(|name| (*name).to_owned()));
        !others.is_empty()
    });
    if names.is_empty() {
        return None;
    }
    let containers = containers_text(&names);
    let detail =
        format!("{containers} must not include {} in securityContext.capabilities.add", quoted(&bad));
    refuse("non-default capabilities", detail)
}

fn host_namespaces(pod: &Pod) -> Option<Refusal> {
    let set: Vec<String> = ["hostNetwork", "hostPID", "hostIPC"]
        .into_iter()
        .filter(|key| json::flag(pod.spec, key))
        .map(|key| format!("{key}=true"))
        .collect();
    if set.is_empty() { None } else { refuse("host namespaces", set.join(", ")) }
}

fn host_path_volumes(pod: &Pod) -> Option<Refusal> {
    let volumes = json::list(pod.spec, "volumes").iter().filter(|volume| json::has(volume, "hostPath"));
    let names: Vec<&str> = volumes.map(|volume| json::text(volume, "name")).collect();
    if names.is_empty() {
        return None;
    }
    refuse("hostPath volumes", format!("{} {}", plural("volume", "volumes", names.len()), quoted(&names)))
}

fn host_ports(pod: &Pod) -> Option<Refusal> {
    let mut ports: SortedSet<String> = SortedSet::new();
    let names = pod.named(|container| {
        let own = json::list(container, "ports").iter().filter_map(|port| json::int(port, "hostPort"));
        let own: Vec<i64> = own.filter(|port| *port != 0).collect();
        ports.extend(own.iter().map(ToString::to_string));
        !own.is_empty()
    });
    if names.is_empty() {
        return None;
    }
    let uses = plural("uses", "use", names.len());
    let sort = plural("hostPort", "hostPorts", ports.len());
    let listed: Vec<String> = ports.into_iter().collect();
    refuse("hostPort", format!("{} {uses} {sort} {}", containers_text(&names), listed.join(", ")))
}

fn host_probes(pod: &Pod) -> Option<Refusal> {
    let mut hosts: SortedSet<String> = SortedSet::new();
    let names: SortedSet<&str> = pod
        .named(|container| {
            let lifecycle = json::get(container, "lifecycle");
            let probes =
                ["livenessProbe", "readinessProbe", "startupProbe"].map(|key| json::get(container, key));
            let hooks = ["postStart", "preStop"].map(|key| json::get(lifecycle, key));
            let handlers = probes.into_iter().chain(hooks);
            let own: Vec<String> = handlers
                .flat_map(|handler| {
                    ["httpGet", "tcpSocket"].map(|key| json::text(json::get(handler, key), "host"))
                })
                .filter(|host| !host.is_empty())
                .map(str::to_owned)
                .collect();
            hosts.extend(own.iter().cloned());
            !own.is_empty()
        })
        .into_iter()
        .collect();
    if names.is_empty() {
        return None;
    }
    let names: Vec<&str> = names.into_iter().collect();
    let uses = plural("uses", "use", names.len());
    let sort = plural("probe or lifecycle host", "probe or lifecycle hosts", hosts.len());
    let detail = format!("{} {uses} {sort} {}", containers_text(&names), quoted(&hosts));
    refuse("probe or lifecycle host", detail)
}

fn privileged(pod: &Pod) -> Option<Refusal> {
    let names = pod.named(|container| json::flag(context(container), "privileged"));
    if names.is_empty() {
        return None;
    }
    refuse("privileged", format!("{} must not set securityContext.privileged=true", containers_text(&names)))
}

fn proc_mount_baseline(pod: &Pod) -> Option<Refusal> {
    if pod.has_user_namespace() { None } else { proc_mount(pod) }
}

fn proc_mount(pod: &Pod) -> Option<Refusal> {
    let mut kinds: SortedSet<String> = SortedSet::new();
    let names = pod.named(|container| {
        let mount = json::get(context(container), "procMount").as_str().filter(|mount| *mount != "Default");
        kinds.extend(mount.map(str::to_owned));
        mount.is_some()
    });
    if names.is_empty() {
        return None;
    }
    let containers = containers_text(&names);
    refuse("procMount", format!("{containers} must not set securityContext.procMount to {}", quoted(&kinds)))
}

fn selinux_options(pod: &Pod) -> Option<Refusal> {
    let (mut types, mut user, mut role) = (SortedSet::new(), false, false);
    let mut is_bad = |context: &Value| {
        let options = json::get(context, "seLinuxOptions");
        if options.is_null() {
            return false;
        }
        let kind = json::text(options, "type");
        let bad_type = !SELINUX_TYPES.contains(&kind);
        if bad_type {
            types.insert(kind.to_owned());
        }
        let (has_user, has_role) = (!json::empty(options, "user"), !json::empty(options, "role"));
        user |= has_user;
        role |= has_role;
        bad_type || has_user || has_role
    };
    let by_pod = is_bad(pod.context());
    let names = pod.named(|container| is_bad(context(container)));
    let setters = setters(by_pod, &names);
    if setters.is_empty() {
        return None;
    }
    let mut data = Vec::new();
    if !types.is_empty() {
        data.push(format!("{} {}", plural("type", "types", types.len()), quoted(&types)));
    }
    if user {
        data.push("user may not be set".to_owned());
    }
    if role {
        data.push("role may not be set".to_owned());
    }
    let who = setters.join(" and ");
    let detail = format!("{who} set forbidden securityContext.seLinuxOptions: {}", data.join("; "));
    refuse("seLinuxOptions", detail)
}

/// The type of the seccomp profile in a security context, where there is one.
fn seccomp(context: &Value) -> Option<&str> {
    let profile = json::get(context, "seccompProfile");
    (!profile.is_null()).then(|| json::text(profile, "type"))
}

fn is_valid_seccomp(kind: &str) -> bool {
    matches!(kind, "RuntimeDefault" | "Localhost")
}

fn seccomp_profile_baseline(pod: &Pod) -> Option<Refusal> {
    let mut values: SortedSet<String> = SortedSet::new();
    let mut is_bad = |context: &Value| {
        let bad = seccomp(context).filter(|kind| !is_valid_seccomp(kind));
        values.extend(bad.map(str::to_owned));
        bad.is_some()
    };
    let by_pod = is_bad(pod.context());
    let names = pod.named(|container| is_bad(context(container)));
    let setters = setters(by_pod, &names);
    if setters.is_empty() {
        return None;
    }
    let who = setters.join(" and ");
    let detail = format!("{who} must not set securityContext.seccompProfile.type to {}", quoted(&values));
    refuse("seccompProfile", detail)
}

fn sysctls(pod: &Pod) -> Option<Refusal> {
    let set = json::list(pod.context(), "sysctls").iter().map(|sysctl| json::text(sysctl, "name"));
    let bad: Vec<&str> = set.filter(|name| !SYSCTLS.contains(name)).collect();
    if bad.is_empty() { None } else { refuse("forbidden sysctls", bad.join(", ")) }
}

fn windows_host_process(pod: &Pod) -> Option<Refusal> {
    let is_bad = |context: &Value| json::flag(json::get(context, "windowsOptions"), "hostProcess");
    let names = pod.named(|container| is_bad(context(container)));
    let setters = setters(is_bad(pod.context()), &names);
    if setters.is_empty() {
        return None;
    }
    let who = setters.join(" and ");
    refuse("hostProcess", format!("{who} must not set securityContext.windowsOptions.hostProcess=true"))
}

// ---- restricted ----

fn allow_privilege_escalation(pod: &Pod) -> Option<Refusal> {
    if pod.is_windows() {
        return None;
    }
    let names = pod.named(|container| {
        json::get(context(container), "allowPrivilegeEscalation").as_bool() != Some(false)
    });
    if names.is_empty() {
        return None;
    }
    let containers = containers_text(&names);
    let detail = format!("{containers} must set securityContext.allowPrivilegeEscalation=false");
    refuse("allowPrivilegeEscalation != false", detail)
}

fn capabilities_restricted(pod: &Pod) -> Option<Refusal> {
    if pod.is_windows() {
        return None;
    }
    fn capabilities(container: &Value) -> &Value {
        json::get(context(container), "capabilities")
    }
    let without_drop =
        pod.named(|container| !json::strings(capabilities(container), "drop").contains(&"ALL"));
    let mut bad: SortedSet<String> = SortedSet::new();
    let adding = pod.named(|container| {
        let added = json::strings(capabilities(container), "add");
        let others: Vec<&str> = added.into_iter().filter(|name| *name != "NET_BIND_SERVICE").collect();
        bad.extend(others.iter().map(|name| (*name).to_owned()));
        !others.is_empty()
    });
    let mut details = Vec::new();
    if !without_drop.is_empty() {
        let containers = containers_text(&without_drop);
        details.push(format!("{containers} must set securityContext.capabilities.drop=[\"ALL\"]"));
    }
    if !adding.is_empty() {
        let containers = containers_text(&adding);
        details.push(format!(
            "{containers} must not include {} in securityContext.capabilities.add",
            quoted(&bad)
        ));
    }
    if details.is_empty() { None } else { refuse("unrestricted capabilities", details.join("; ")) }
}

fn restricted_volumes(pod: &Pod) -> Option<Refusal> {
    let (mut names, mut kinds) = (Vec::new(), SortedSet::new());
    for volume in json::list(pod.spec, "volumes") {
        if VOLUMES.iter().any(|kind| json::has(volume, kind)) {
            continue;
        }
        names.push(json::text(volume, "name"));
        let mut members = volume.as_object().into_iter().flatten();
        let kind = members.find(|(key, value)| *key != "name" && !value.is_null());
        kinds.insert(kind.map_or("unknown", |(key, _)| key.as_str()));
    }
    if names.is_empty() {
        return None;
    }
    let volumes = plural("volume", "volumes", names.len());
    let uses = plural("uses", "use", names.len());
    let sort = plural("restricted volume type", "restricted volume types", kinds.len());
    let detail = format!("{volumes} {} {uses} {sort} {}", quoted(&names), quoted(&kinds));
    refuse("restricted volume types", detail)
}

fn run_as_non_root(pod: &Pod) -> Option<Refusal> {
    if pod.has_user_namespace() {
        return None;
    }
    let set = |context: &Value| json::get(context, "runAsNonRoot").as_bool();
    let by_pod = set(pod.context());
    let explicit = pod.named(|container| set(context(container)) == Some(false));
    let setters = setters(by_pod == Some(false), &explicit);
    if !setters.is_empty() {
        let detail = format!("{} must not set securityContext.runAsNonRoot=false", setters.join(" and "));
        return refuse("runAsNonRoot != true", detail);
    }
    let implicit = pod.named(|container| set(context(container)).is_none() && by_pod != Some(true));
    if implicit.is_empty() {
        return None;
    }
    let containers = containers_text(&implicit);
    refuse("runAsNonRoot != true", format!("pod or {containers} must set securityContext.runAsNonRoot=true"))
}

fn run_as_user(pod: &Pod) -> Option<Refusal> {
    if pod.has_user_namespace() {
        return None;
    }
    let is_root = |context: &Value| json::int(context, "runAsUser") == Some(0);
    let names = pod.named(|container| is_root(context(container)));
    let setters = setters(is_root(pod.context()), &names);
    if setters.is_empty() {
        return None;
    }
    refuse("runAsUser=0", format!("{} must not set runAsUser=0", setters.join(" and ")))
}

fn seccomp_profile_restricted(pod: &Pod) -> Option<Refusal> {
    if pod.is_windows() {
        return None;
    }
    if let Some(refusal) = seccomp_profile_baseline(pod) {
        return Some(refusal);
    }
    let by_pod = seccomp(pod.context()).is_some();
    let implicit = pod.named(|container| seccomp(context(container)).is_none() && !by_pod);
    if implicit.is_empty() {
        return None;
    }
    let containers = containers_text(&implicit);
    refuse(
        "seccompProfile",
        format!(
            "pod or {containers} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\""
        ),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(level: Level, spec: Value) -> Option<String> {
        evaluate(level, &json!({}), &spec)
    }

    #[test]
    fn a_plain_pod_is_fine_for_baseline_and_not_for_restricted() {
        let spec = json!({"containers": [{"name": "a"}, {"name": "b"}]});
        assert_eq!(said(Level::Privileged, spec.clone()), None);
        assert_eq!(said(Level::Baseline, spec.clone()), None);
        assert_eq!(
            said(Level::Restricted, spec).as_deref(),
            Some(
                "allowPrivilegeEscalation != false (containers \"a\", \"b\" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (containers \"a\", \"b\" must set securityContext.capabilities.drop=[\"ALL\"]), runAsNonRoot != true (pod or containers \"a\", \"b\" must set securityContext.runAsNonRoot=true), seccompProfile (pod or containers \"a\", \"b\" must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")"
            )
        );
        let strict = json!({
            "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{"name": "a", "securityContext":
                {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}}],
        });
        assert_eq!(said(Level::Restricted, strict), None);
    }

    #[test]
    fn what_reaches_the_node_is_refused_by_baseline() {
        let spec = json!({
            "hostNetwork": true, "hostPID": true,
            "securityContext": {"sysctls": [{"name": "kernel.msgmax"}], "seLinuxOptions": {"user": "u"}},
            "volumes": [{"name": "v", "hostPath": {"path": "/"}}],
            "containers": [{"name": "a", "ports": [{"hostPort": 80}, {"hostPort": 443}],
                "securityContext": {"privileged": true, "capabilities": {"add": ["SYS_ADMIN", "CHOWN"]},
                    "procMount": "Unmasked", "seccompProfile": {"type": "Unconfined"}}}],
        });
        assert_eq!(
            said(Level::Baseline, spec).as_deref(),
            Some(
                "non-default capabilities (container \"a\" must not include \"SYS_ADMIN\" in securityContext.capabilities.add), host namespaces (hostNetwork=true, hostPID=true), hostPath volumes (volume \"v\"), hostPort (container \"a\" uses hostPorts 443, 80), privileged (container \"a\" must not set securityContext.privileged=true), procMount (container \"a\" must not set securityContext.procMount to \"Unmasked\"), seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: user may not be set), seccompProfile (container \"a\" must not set securityContext.seccompProfile.type to \"Unconfined\"), forbidden sysctls (kernel.msgmax)"
            )
        );
    }

    #[test]
    fn restricted_names_the_sorts_of_volumes() {
        let volumes = json!({"volumes": [{"name": "n", "nfs": {}}, {"name": "e", "emptyDir": {}}]});
        let text = said(Level::Restricted, volumes).unwrap();
        assert_eq!(text, "restricted volume types (volume \"n\" uses restricted volume type \"nfs\")");
    }
}
