//! The arithmetic of PodDisruptionBudgets.

use serde_json::Value;

use super::json;

/// How many of the expected pods must stay healthy.
///
/// Kubernetes: pkg/controller/disruption/disruption.go, getExpectedPodCount.
pub fn desired_healthy(spec: &Value, expected: i64) -> i64 {
    if json::has(spec, "maxUnavailable") {
        return (expected - scaled(json::get(spec, "maxUnavailable"), expected)).max(0);
    }
    scaled(json::get(spec, "minAvailable"), expected)
}

/// A number, or a share of the total rounded up.
fn scaled(value: &Value, total: i64) -> i64 {
    if let Some(number) = value.as_i64() {
        return number;
    }
    let percent = value.as_str().and_then(|text| text.strip_suffix('%')?.parse::<i64>().ok()).unwrap_or(0);
    (total.saturating_mul(percent).saturating_add(99)) / 100
}
