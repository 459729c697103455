//! ResourceQuotas and LimitRanges, alone and as parts of their namespace.
//!
//! Kubernetes: describe.go, describeQuota, describeLimitRange, DescribeResourceQuotas, DescribeLimitRanges.

use serde_json::Value;

use super::writer::Writer;
use api::json;
use api::quantity::{Quantity, from_json};
use sim::SortedSet;

/// What the scopes of a quota mean.
///
/// Kubernetes: describe.go, helpTextForResourceQuotaScope.
fn scope_help(scope: &str) -> Option<&'static str> {
    Some(match scope {
        "Terminating" => {
            "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system."
        }
        "NotTerminating" => {
            "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate."
        }
        "BestEffort" => {
            "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service."
        }
        "NotBestEffort" => {
            "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service."
        }
        _ => return None,
    })
}

fn scopes(quota: &Value, level: usize, bullet: &str, w: &mut Writer) {
    let scopes: SortedSet<&str> = json::strings(json::get(quota, "spec"), "scopes").into_iter().collect();
    if scopes.is_empty() {
        return;
    }
    let names: Vec<&str> = scopes.iter().copied().collect();
    w.field(level, "Scopes", names.join(", "));
    for help in names.into_iter().filter_map(scope_help) {
        w.write(level, format!("{bullet}* {help}\n"));
    }
}

/// A line for each resource that a quota limits.
fn amounts(quota: &Value, level: usize, w: &mut Writer) {
    let status = json::get(quota, "status");
    for (name, hard) in json::entries(status, "hard") {
        let hard = from_json(hard).unwrap_or(Quantity::ZERO);
        let used = from_json(json::get(json::get(status, "used"), name)).unwrap_or(Quantity::ZERO);
        w.write(level, format!("{name}\t{used}\t{hard}\n"));
    }
}

fn names(object: &Value, w: &mut Writer) {
    let meta = json::get(object, "metadata");
    w.field(0, "Name", json::text(meta, "name"));
    w.field(0, "Namespace", json::text(meta, "namespace"));
}

pub(super) fn describe_quota(quota: &Value, w: &mut Writer) {
    names(quota, w);
    scopes(quota, 0, " ", w);
    w.write(0, "Resource\tUsed\tHard\n--------\t----\t----\n");
    amounts(quota, 0, w);
}

pub(super) fn describe_limit_range(range: &Value, w: &mut Writer) {
    names(range, w);
    w.write(
        0,
        format!("{HEAD}----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n"),
    );
    limits(range, "", w);
}

const HEAD: &str = "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n";

/// Kubernetes: describe.go, describeLimitRangeSpec.
// Differs: the resources of a limit are in alphabetical order, upstream in any.
fn limits(range: &Value, prefix: &str, w: &mut Writer) {
    const LISTS: [&str; 5] = ["min", "max", "defaultRequest", "default", "maxLimitRequestRatio"];
    for limit in json::list(json::get(range, "spec"), "limits") {
        let names: SortedSet<&str> =
            LISTS.iter().flat_map(|list| json::entries(limit, list).map(|(name, _)| name)).collect();
        for name in &names {
            let mut line = format!("{prefix}{}\t{name}", json::text(limit, "type"));
            for list in LISTS {
                let amount = from_json(json::get(json::get(limit, list), name));
                line += &amount.map_or_else(|| "\t-".to_owned(), |amount| format!("\t{amount}"));
            }
            w.write(0, line + "\n");
        }
    }
}

/// What a namespace's description says of its quotas and limits.
pub(super) fn of_namespace(quotas: &[Value], ranges: &[Value], w: &mut Writer) {
    w.write(0, if quotas.is_empty() { "\nNo resource quota.\n" } else { "\nResource Quotas\n" });
    for quota in quotas {
        w.field(1, "Name", json::text(json::get(quota, "metadata"), "name"));
        scopes(quota, 1, "", w);
        w.write(1, "Resource\tUsed\tHard\n");
        w.write(1, "--------\t---\t---\n");
        amounts(quota, 1, w);
    }
    if ranges.is_empty() {
        return w.write(0, "\nNo LimitRange resource.\n");
    }
    w.write(0, format!("\nResource Limits\n {HEAD} ----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n"));
    ranges.iter().for_each(|range| limits(range, " ", w));
}
