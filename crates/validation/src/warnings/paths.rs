//! Files of one volume that hide each other.
//!
//! Kubernetes: pkg/api/pod/warnings.go, warningsForOverlappingVirtualPaths.

use std::fmt;

use serde_json::Value;

use api::field::go_quote;
use api::json;

/// A path in a volume, and what puts a file there; no source in a volume of one.
#[derive(PartialEq)]
struct Place<'a> {
    path: &'a str,
    source: String,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&go_quote(self.path))?;
        if self.source.is_empty() { Ok(()) } else { write!(f, " ({})", self.source) }
    }
}

/// Whether one is the other, or lies below it.
fn overlap(a: &Place<'_>, b: &Place<'_>) -> bool {
    let below = |long: &str, short: &str| {
        long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    !a.path.is_empty() && !b.path.is_empty() && (below(a.path, b.path) || below(b.path, a.path))
}

fn items<'a>(of: &'a Value, source: &str) -> Vec<Place<'a>> {
    let items = json::list(of, "items").iter();
    items.map(|item| Place { path: json::text(item, "path"), source: source.to_owned() }).collect()
}

pub(super) fn overlapping_paths(volumes: &[Value], warnings: &mut Vec<String>) {
    for volume in volumes {
        let name = go_quote(json::text(volume, "name"));
        for (key, title, subject) in [
            ("configMap", "ConfigMap ", "name"),
            ("secret", "Secret ", "secretName"),
            ("downwardAPI", "DownwardAPI", ""),
        ] {
            let source = json::get(volume, key);
            let of = if subject.is_empty() { String::new() } else { go_quote(json::text(source, subject)) };
            check(items(source, ""), &mut Vec::new(), &name, &format!("{title}{of}"), warnings);
        }
        let mut all = Vec::new();
        for source in json::list(json::get(volume, "projected"), "sources") {
            if source.as_object().is_none_or(|source| source.values().all(Value::is_null)) {
                warnings.push(format!("volume {name} (Projected) has no sources provided"));
                continue;
            }
            check(projection(source), &mut all, &name, "Projected", warnings);
        }
    }
}

fn check<'a>(
    places: Vec<Place<'a>>,
    all: &mut Vec<Place<'a>>,
    volume: &str,
    what: &str,
    warnings: &mut Vec<String>,
) {
    for place in places {
        let place = Place { path: place.path.trim_end_matches('/'), ..place };
        for other in all.iter().filter(|other| overlap(other, &place)) {
            warnings.push(format!("volume {volume} ({what}): overlapping paths: {place} with {other}"));
        }
        all.push(place);
    }
}

fn projection(source: &Value) -> Vec<Place<'_>> {
    for (key, title) in [("configMap", "ConfigMap "), ("secret", "Secret "), ("downwardAPI", "DownwardAPI")] {
        let of = json::get(source, key);
        if json::has(of, "items") {
            let name = if key == "downwardAPI" { String::new() } else { go_quote(json::text(of, "name")) };
            return items(of, &format!("{title}{name}"));
        }
    }
    let token = json::get(source, "serviceAccountToken");
    if token.is_null() {
        return Vec::new();
    }
    vec![Place { path: json::text(token, "path"), source: "ServiceAccountToken".to_owned() }]
}
