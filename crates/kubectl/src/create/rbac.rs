//! `kubectl create role`, `clusterrole`, `rolebinding` and `clusterrolebinding`.
//!
//! Kubernetes: kubectl/pkg/cmd/create/create_role.go, create_clusterrole.go, create_rolebinding.go,
//! create_clusterrolebinding.go.

use serde_json::{Map, Value, json};
use sim::SortedMap;

use super::{exactly_one_name, generate, required};
use crate::errors::message;
use crate::resources::kind_of;
use crate::{Cmd, Command};
use cli_runtime::flags::{Flag, Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};

const GROUP: &str = "rbac.authorization.k8s.io";
const VERB: Flag = flag("verb", '\0', Takes::Text);
const RESOURCE: Flag = flag("resource", '\0', Takes::Text);
const RESOURCE_NAME: Flag = flag("resource-name", '\0', Takes::Text);
const USER: Flag = flag("user", '\0', Takes::Text);
const A_GROUP: Flag = flag("group", '\0', Takes::Text);
const ACCOUNT: Flag = flag("serviceaccount", '\0', Takes::Text);
const A_CLUSTER_ROLE: Flag = flag("clusterrole", '\0', Takes::Text);

pub(super) const ROLE: Command = Command {
    name: "role",
    aliases: &[],
    short: "Create a role with single rule",
    usage: "NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename] [--dry-run=server|client|none]",
    flags: generator_flags![VERB, RESOURCE, RESOURCE_NAME],
    run: create_role,
    subs: &[],
};

pub(super) const CLUSTER_ROLE: Command = Command {
    name: "clusterrole",
    aliases: &[],
    short: "Create a cluster role",
    usage: "NAME --verb=verb --resource=resource.group [--resource-name=resourcename] [--dry-run=server|client|none]",
    flags: generator_flags![
        VERB,
        RESOURCE,
        RESOURCE_NAME,
        flag("non-resource-url", '\0', Takes::Text),
        flag("aggregation-rule", '\0', Takes::Text),
    ],
    run: create_cluster_role,
    subs: &[],
};

pub(super) const ROLE_BINDING: Command = Command {
    name: "rolebinding",
    aliases: &[],
    short: "Create a role binding for a particular role or cluster role",
    usage: "NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]",
    flags: generator_flags![A_CLUSTER_ROLE, flag("role", '\0', Takes::Text), USER, A_GROUP, ACCOUNT],
    run: create_role_binding,
    subs: &[],
};

pub(super) const CLUSTER_ROLE_BINDING: Command = Command {
    name: "clusterrolebinding",
    aliases: &[],
    short: "Create a cluster role binding for a particular cluster role",
    usage: "NAME --clusterrole=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]",
    flags: generator_flags![A_CLUSTER_ROLE, USER, A_GROUP, ACCOUNT],
    run: create_cluster_role_binding,
    subs: &[],
};

const RESOURCE_VERBS: [&str; 14] = [
    "*",
    "get",
    "delete",
    "list",
    "create",
    "update",
    "patch",
    "watch",
    "proxy",
    "deletecollection",
    "use",
    "bind",
    "escalate",
    "impersonate",
];
const NON_RESOURCE_VERBS: [&str; 8] = ["*", "get", "post", "put", "delete", "patch", "head", "options"];

/// Verbs that only some resources know: the verb, the resource and its group.
const SPECIAL_VERBS: [(&str, &str, &str); 10] = [
    ("use", "podsecuritypolicies", "policy"),
    ("use", "podsecuritypolicies", "extensions"),
    ("bind", "roles", GROUP),
    ("bind", "clusterroles", GROUP),
    ("escalate", "roles", GROUP),
    ("escalate", "clusterroles", GROUP),
    ("impersonate", "users", ""),
    ("impersonate", "serviceaccounts", ""),
    ("impersonate", "groups", ""),
    ("impersonate", "userextras", "authentication.k8s.io"),
];

/// `deployments.apps/scale`, taken apart.
struct Named {
    resource: String,
    group: String,
    sub: String,
}

/// What the flags of a role say.
struct Rule {
    verbs: Vec<String>,
    resources: Vec<Named>,
    names: Vec<String>,
}

fn without_repeats(words: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for word in words {
        if !kept.contains(&word) {
            kept.push(word);
        }
    }
    kept
}

impl Rule {
    fn of(cmd: &Cmd) -> Rule {
        let mut verbs = without_repeats(cmd.parsed.list("verb"));
        if verbs.iter().any(|verb| verb == "*") {
            verbs = vec!["*".to_owned()];
        }
        let mut resources = Vec::new();
        for text in cmd.parsed.list("resource") {
            let (named, sub) = text.split_once('/').unwrap_or((&text, ""));
            let (resource, group) = named.split_once('.').unwrap_or((named, ""));
            let everything = text == "*";
            let found = Named { resource: resource.into(), group: group.into(), sub: sub.into() };
            if everything {
                resources = vec![found];
                break;
            }
            resources.push(found);
        }
        let names = without_repeats(cmd.parsed.all("resource-name").iter().cloned());
        Rule { verbs, resources, names }
    }

    fn warn_of_verbs(&self, io: &mut Io) {
        for verb in self.verbs.iter().filter(|verb| !RESOURCE_VERBS.contains(&verb.as_str())) {
            io.err(format!("Warning: '{verb}' is not a standard resource verb\n"));
        }
    }

    /// Kubernetes: create_role.go, validateResource.
    fn validate_resources(&self, io: &mut Io) -> Result<(), Failure> {
        for named in &self.resources {
            match named.resource.as_str() {
                "" => {
                    let text = "resource must be specified if apiGroup/subresource specified";
                    return Err(Failure::message(text));
                }
                "*" => return Ok(()),
                _ => {}
            }
            let mut unknown = named.unknown();
            let (resource, group) = named.resource_for();
            for verb in &self.verbs {
                let mut of_verb = SPECIAL_VERBS.iter().filter(|(special, ..)| special == verb).peekable();
                if of_verb.peek().is_none() {
                    continue;
                }
                if !of_verb.any(|(_, name, of)| *name == resource && *of == group) {
                    return Err(Failure::Message(format!(
                        "can not perform '{verb}' on '{resource}' in group '{group}'"
                    )));
                }
                unknown = None;
            }
            if let Some(failure) = unknown {
                // kubectl prints the mapper's own error, without a word before it.
                io.err(format!("{}\n", message(&failure, &io.client())));
                return Err(Failure::Exit(1));
            }
        }
        Ok(())
    }

    /// One rule for each group of the API.
    ///
    /// Kubernetes: create_role.go, generateResourcePolicyRules.
    fn policy_rules(&self, urls: &[String]) -> Vec<Value> {
        let mut groups: SortedMap<String, Vec<String>> = SortedMap::new();
        for named in &self.resources {
            let (mut resource, group) = named.resource_for();
            if !named.sub.is_empty() {
                resource = format!("{resource}/{}", named.sub);
            }
            let of_group = groups.entry(group).or_default();
            if !of_group.contains(&resource) {
                of_group.push(resource);
            }
        }
        let rule = |(group, resources): (String, Vec<String>)| {
            let mut rule = json!({"apiGroups": [group], "resources": resources, "verbs": self.verbs});
            if !self.names.is_empty() {
                rule["resourceNames"] = json!(self.names);
            }
            rule
        };
        let mut rules: Vec<Value> = groups.into_iter().map(rule).collect();
        if !urls.is_empty() {
            rules.push(json!({"nonResourceURLs": urls, "verbs": self.verbs}));
        }
        rules
    }
}

impl Named {
    fn text(&self) -> String {
        if self.group.is_empty() {
            self.resource.clone()
        } else {
            format!("{}.{}", self.resource, self.group)
        }
    }

    fn unknown(&self) -> Option<Failure> {
        kind_of(&self.text()).err()
    }

    /// The resource's full name and its group; what is not known stays as it was written.
    fn resource_for(&self) -> (String, String) {
        match kind_of(&self.text()) {
            Ok(kind) => (kind.info().plural.to_owned(), kind.info().group.to_owned()),
            Err(_) => (self.resource.clone(), self.group.clone()),
        }
    }
}

fn role(kind: &str, name: &str) -> Value {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": name}})
}

fn create_role(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let name = exactly_one_name(cmd)?;
    let rule = Rule::of(cmd);
    if rule.verbs.is_empty() {
        return Err("at least one verb must be specified".into());
    }
    rule.warn_of_verbs(io);
    if rule.resources.is_empty() {
        return Err("at least one resource must be specified".into());
    }
    rule.validate_resources(io)?;
    let mut value = role("Role", name);
    value["rules"] = Value::Array(rule.policy_rules(&[]));
    generate(io, cmd, value, "")
}

fn create_cluster_role(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let name = exactly_one_name(cmd)?;
    let rule = Rule::of(cmd);
    let urls = without_repeats(cmd.parsed.list("non-resource-url"));
    let mut value = role("ClusterRole", name);
    if cmd.parsed.given("aggregation-rule") {
        if !(rule.verbs.is_empty() && rule.resources.is_empty() && rule.names.is_empty() && urls.is_empty()) {
            let text = "aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames";
            return Err(text.into());
        }
        let labels = aggregation_rule(cmd)?;
        value["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": labels}]});
        value["rules"] = Value::Null;
        return generate(io, cmd, value, "");
    }
    if rule.verbs.is_empty() {
        return Err("at least one verb must be specified".into());
    }
    if rule.resources.is_empty() && urls.is_empty() {
        return Err("one of resource or nonResourceURL must be specified".into());
    }
    if !rule.resources.is_empty() {
        rule.warn_of_verbs(io);
        rule.validate_resources(io)?;
    }
    validate_urls(&rule.verbs, &urls)?;
    value["rules"] = Value::Array(rule.policy_rules(&urls));
    generate(io, cmd, value, "")
}

/// Kubernetes: component-base/cli/flag/map_string_string.go, Set.
fn aggregation_rule(cmd: &Cmd) -> Result<Map<String, Value>, Failure> {
    let mut labels = Map::new();
    for pair in cmd.parsed.list("aggregation-rule").iter().filter(|pair| !pair.is_empty()) {
        let Some((key, value)) = pair.split_once('=') else {
            let whole = api::field::go_quote(cmd.text("aggregation-rule"));
            return Err(cmd.flag_error(&format!(
                "invalid argument {whole} for \"--aggregation-rule\" flag: malformed pair, expect string=string"
            )));
        };
        labels.insert(key.trim().to_owned(), json!(value.trim()));
    }
    Ok(labels)
}

fn validate_urls(verbs: &[String], urls: &[String]) -> Result<(), Failure> {
    if urls.is_empty() {
        return Ok(());
    }
    if let Some(verb) = verbs.iter().find(|verb| !NON_RESOURCE_VERBS.contains(&verb.as_str())) {
        return Err(Failure::Message(format!("invalid verb: '{verb}' for nonResourceURL")));
    }
    for url in urls.iter().filter(|url| *url != "*") {
        if !url.starts_with('/') {
            return Err(Failure::message("nonResourceURL should start with /"));
        }
        if url.strip_suffix('*').unwrap_or(url).contains('*') {
            let text = "nonResourceURL only supports wildcard matches when '*' is at the end";
            return Err(Failure::message(text));
        }
    }
    Ok(())
}

fn create_role_binding(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let name = exactly_one_name(cmd)?;
    let (kind, of) = match (cmd.text("role"), cmd.text("clusterrole")) {
        (role, "") if !role.is_empty() => ("Role", role),
        ("", role) if !role.is_empty() => ("ClusterRole", role),
        _ => return Err("exactly one of clusterrole or role must be specified".into()),
    };
    let value = binding("RoleBinding", name, kind, of, cmd)?;
    generate(io, cmd, value, "failed to create rolebinding: ")
}

fn create_cluster_role_binding(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    required(cmd, &["clusterrole"])?;
    let name = exactly_one_name(cmd)?;
    let of = cmd.text("clusterrole");
    let value = binding("ClusterRoleBinding", name, "ClusterRole", of, cmd)?;
    generate(io, cmd, value, "failed to create clusterrolebinding: ")
}

fn binding(kind: &str, name: &str, role_kind: &str, of: &str, cmd: &Cmd) -> Result<Value, Failure> {
    let mut subjects = Vec::new();
    for (flag, kind) in [("user", "User"), ("group", "Group")] {
        let named = cmd.parsed.all(flag).iter();
        subjects.extend(named.map(|name| json!({"apiGroup": GROUP, "kind": kind, "name": name})));
    }
    for account in cmd.parsed.all("serviceaccount") {
        match account.split(':').collect::<Vec<_>>().as_slice() {
            [namespace, name] if !namespace.is_empty() && !name.is_empty() => {
                subjects.push(json!({"kind": "ServiceAccount", "name": name, "namespace": namespace}));
            }
            _ => return Err(Failure::message("serviceaccount must be <namespace>:<name>")),
        }
    }
    let mut value = role(kind, name);
    value["roleRef"] = json!({"apiGroup": GROUP, "kind": role_kind, "name": of});
    if !subjects.is_empty() {
        value["subjects"] = Value::Array(subjects);
    }
    Ok(value)
}
