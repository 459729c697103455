//! The table of `kubectl auth can-i --list`.
//!
//! Kubernetes: kubectl/pkg/util/rbac/rbac.go; kubectl/pkg/cmd/auth/cani.go, printAccess.

use std::collections::BTreeMap;

use serde_json::Value;

/// A line of the table: verbs of one resource, or of one path.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    verbs: Vec<String>,
    groups: Vec<String>,
    resources: Vec<String>,
    names: Vec<String>,
    paths: Vec<String>,
}

impl Row {
    /// As Go writes the whole rule; rows are sorted by it.
    fn key(&self) -> String {
        let [verbs, groups, resources, names, paths] =
            [&self.verbs, &self.groups, &self.resources, &self.names, &self.paths].map(|all| all.join(" "));
        format!(
            "Verbs:[{verbs}],APIGroups:[{groups}],Resources:[{resources}],ResourceNames:[{names}],NonResourceURLs:[{paths}],"
        )
    }

    fn line(&self) -> String {
        let what = match (self.resources.first(), self.groups.first().map_or("", String::as_str)) {
            (None, _) => String::new(),
            (Some(resource), "") => resource.clone(),
            (Some(resource), group) => match resource.split_once('/') {
                Some((resource, subresource)) => format!("{resource}.{group}/{subresource}"),
                None => format!("{resource}.{group}"),
            },
        };
        let [paths, names, verbs] = [&self.paths, &self.names, &self.verbs].map(|all| all.join(" "));
        format!("{what}\t[{paths}]\t[{names}]\t[{verbs}]\n")
    }
}

/// The rules, taken apart by resource, with the verbs of each together.
pub(super) fn rows(rules: &Value) -> String {
    let mut simple: BTreeMap<(String, String, Option<String>), Row> = BTreeMap::new();
    let mut rows = Vec::new();
    for rule in rules.as_array().into_iter().flatten() {
        let [verbs, groups, resources, names, paths] =
            ["verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs"]
                .map(|field| texts(rule, field));
        for path in &paths {
            for verb in &verbs {
                rows.push(Row { verbs: vec![verb.clone()], paths: vec![path.clone()], ..Row::default() });
            }
        }
        for group in &groups {
            for resource in &resources {
                let all: Vec<Option<&String>> =
                    if names.is_empty() { vec![None] } else { names.iter().map(Some).collect() };
                for name in all {
                    let row =
                        simple.entry((group.clone(), resource.clone(), name.cloned())).or_insert_with(|| {
                            Row {
                                groups: vec![group.clone()],
                                resources: vec![resource.clone()],
                                names: name.cloned().into_iter().collect(),
                                ..Row::default()
                            }
                        });
                    for verb in &verbs {
                        if !row.verbs.contains(verb) {
                            row.verbs.push(verb.clone());
                        }
                    }
                }
            }
        }
    }
    rows.extend(simple.into_values());
    rows.sort_by_cached_key(Row::key);
    rows.iter().map(Row::line).collect()
}

fn texts(rule: &Value, field: &str) -> Vec<String> {
    let all = rule[field].as_array().into_iter().flatten().filter_map(Value::as_str);
    all.map(str::to_owned).collect()
}
