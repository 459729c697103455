//! Roles and their bindings, described.
//!
//! Kubernetes: kubectl/pkg/describe/describe.go, RoleDescriber, RoleBindingDescriber and their cluster-wide kin;
//! kubectl/pkg/util/rbac/rbac.go.

use serde_json::Value;

use super::objects::head;
use super::writer::Writer;
use api::json;

/// What one rule allows, with one group, resource and name at most, and all verbs for these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Rule {
    verbs: Vec<String>,
    groups: Vec<String>,
    resources: Vec<String>,
    names: Vec<String>,
    urls: Vec<String>,
}

impl Rule {
    /// Kubernetes: the rule's String, by which rules are sorted.
    fn key(&self) -> String {
        let lists = [&self.verbs, &self.groups, &self.resources, &self.names, &self.urls];
        lists.map(|list| bracketed(list)).join(",")
    }

    /// Kubernetes: describe.go, CombineResourceGroup.
    fn resource(&self) -> String {
        let Some(resource) = self.resources.first() else { return String::new() };
        let (plain, sub) = resource.split_once('/').map_or((resource.as_str(), None), |(a, b)| (a, Some(b)));
        let group = self.groups.first().filter(|group| !group.is_empty());
        let group = group.map_or(String::new(), |group| format!(".{group}"));
        format!("{plain}{group}{}", sub.map_or(String::new(), |sub| format!("/{sub}")))
    }

    fn row(&self) -> String {
        let [urls, names, verbs] = [&self.urls, &self.names, &self.verbs].map(|list| bracketed(list));
        format!("{}\t{urls}\t{names}\t{verbs}\n", self.resource())
    }
}

/// A list as Go prints it.
fn bracketed(list: &[String]) -> String {
    format!("[{}]", list.join(" "))
}

fn texts(rule: &Value, key: &str) -> Vec<String> {
    json::strings(rule, key).into_iter().map(str::to_owned).collect()
}

/// Rules with one verb each.
///
/// Kubernetes: rbac.go, BreakdownRule.
fn breakdown(rule: &Value) -> Vec<Rule> {
    let mut found = Vec::new();
    let (verbs, names) = (texts(rule, "verbs"), texts(rule, "resourceNames"));
    let names: Vec<Vec<String>> =
        if names.is_empty() { vec![Vec::new()] } else { names.into_iter().map(|name| vec![name]).collect() };
    for group in texts(rule, "apiGroups") {
        for resource in texts(rule, "resources") {
            for (verb, names) in verbs.iter().flat_map(|verb| names.iter().map(move |names| (verb, names))) {
                let (verbs, names) = (vec![verb.clone()], names.clone());
                let (groups, resources) = (vec![group.clone()], vec![resource.clone()]);
                found.push(Rule { verbs, groups, resources, names, urls: Vec::new() });
            }
        }
    }
    for url in texts(rule, "nonResourceURLs") {
        found.extend(verbs.iter().map(|verb| Rule {
            verbs: vec![verb.clone()],
            urls: vec![url.clone()],
            ..Rule::default()
        }));
    }
    found
}

/// Rules for the same thing become one.
///
/// Kubernetes: rbac.go, CompactRules.
fn compact(rules: Vec<Rule>) -> Vec<Rule> {
    let mut found: Vec<Rule> = Vec::new();
    for mut rule in rules {
        let same = |other: &&mut Rule| {
            rule.urls.is_empty()
                && other.urls.is_empty()
                && (&other.groups, &other.resources, &other.names)
                    == (&rule.groups, &rule.resources, &rule.names)
        };
        match found.iter_mut().find(same) {
            Some(other) => {
                rule.verbs.retain(|verb| !other.verbs.contains(verb));
                other.verbs.append(&mut rule.verbs);
            }
            None => found.push(rule),
        }
    }
    found.sort_by_key(Rule::key);
    found
}

pub(super) fn describe_role(value: &Value, w: &mut Writer) {
    head(value, false, w);
    w.write(0, "PolicyRule:\n");
    w.write(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs\n");
    w.write(1, "---------\t-----------------\t--------------\t-----\n");
    let rules = json::list(value, "rules").iter().flat_map(breakdown).collect();
    for rule in compact(rules) {
        w.write(1, rule.row());
    }
}

pub(super) fn describe_role_binding(value: &Value, w: &mut Writer) {
    head(value, false, w);
    w.write(0, "Role:\n");
    w.field(1, "Kind", json::text(&value["roleRef"], "kind"));
    w.field(1, "Name", json::text(&value["roleRef"], "name"));
    w.write(0, "Subjects:\n");
    w.write(1, "Kind\tName\tNamespace\n");
    w.write(1, "----\t----\t---------\n");
    for subject in json::list(value, "subjects") {
        let [kind, name, namespace] = ["kind", "name", "namespace"].map(|key| json::text(subject, key));
        w.write(1, format!("{kind}\t{name}\t{namespace}\n"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_of_one_thing_become_one_and_are_sorted_by_their_verbs() {
        let rules = json!([
            {"apiGroups": ["", "apps"], "resources": ["pods", "deployments/scale"], "verbs": ["list", "get"]},
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "create"]},
            {"apiGroups": [""], "resources": ["pods"], "resourceNames": ["web"], "verbs": ["delete"]},
            {"nonResourceURLs": ["/healthz"], "verbs": ["get"]},
        ]);
        let rules = rules.as_array().unwrap().iter().flat_map(breakdown).collect();
        let rows: Vec<String> = compact(rules).iter().map(Rule::row).collect();
        assert_eq!(
            rows,
            [
                "pods\t[]\t[web]\t[delete]\n",
                "\t[/healthz]\t[]\t[get]\n",
                "pods\t[]\t[]\t[list get create]\n",
                "deployments/scale\t[]\t[]\t[list get]\n",
                "deployments.apps/scale\t[]\t[]\t[list get]\n",
                "pods.apps\t[]\t[]\t[list get]\n",
            ]
        );
    }
}
