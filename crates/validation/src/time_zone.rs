//! Names of time zones.
//!
//! Kubernetes: pkg/apis/batch/validation/validation.go, validateTimeZone.

use api::field::{ErrorList, FieldError, FieldPath};

/// The first parts of names with a slash.
const AREAS: [&str; 16] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Brazil",
    "Canada",
    "Chile",
    "Etc",
    "Europe",
    "Indian",
    "Mexico",
    "Pacific",
    "US",
];

/// Names without a slash.
const ALONE: [&str; 45] = [
    "CET",
    "CST6CDT",
    "Cuba",
    "EET",
    "EST",
    "EST5EDT",
    "Egypt",
    "Eire",
    "Factory",
    "GB",
    "GB-Eire",
    "GMT",
    "GMT+0",
    "GMT-0",
    "GMT0",
    "Greenwich",
    "HST",
    "Hongkong",
    "Iceland",
    "Iran",
    "Israel",
    "Jamaica",
    "Japan",
    "Kwajalein",
    "Libya",
    "MET",
    "MST",
    "MST7MDT",
    "NZ",
    "NZ-CHAT",
    "Navajo",
    "PRC",
    "PST8PDT",
    "Poland",
    "Portugal",
    "ROC",
    "ROK",
    "Singapore",
    "Turkey",
    "UCT",
    "UTC",
    "Universal",
    "W-SU",
    "WET",
    "Zulu",
];

// Differs: a town that is no time zone is not found out, as that would need all their names.
pub(super) fn validate_time_zone(zone: &str, path: &FieldPath, errors: &mut ErrorList) {
    let mut push = |why: String| errors.push(FieldError::invalid(path, zone, why));
    if zone.is_empty() {
        return push("timeZone must be nil or non-empty string".to_owned());
    }
    let unknown = format!("unknown time zone {zone}");
    if !zone.split('/').all(is_part) {
        return push(unknown);
    }
    if zone.eq_ignore_ascii_case("Local") {
        push(
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones".to_owned(),
        );
    }
    let known = match zone.split_once('/') {
        Some((area, _)) => AREAS.contains(&area),
        None => ALONE.contains(&zone) || zone == "Local",
    };
    if !known {
        push(unknown);
    }
}

fn is_part(part: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_+".contains(&byte);
    (1..=14).contains(&part.len())
        && part != "."
        && part != ".."
        && !part.starts_with('-')
        && part.bytes().all(fits)
}
