//! What names of various things may look like, in sentences.
//!
//! Kubernetes: staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go,
//! pkg/api/validation/generic.go, pkg/api/validation/path/name.go.

use api::field::{ErrorList, FieldError, FieldPath};
use api::label::{is_dns1123_label, is_dns1123_subdomain, is_qualified_name, max_len_error, regex_error};

/// What is wrong with a name; `true` for one that gets five more characters, and so may end in a dash.
pub type NameFn = fn(&str, bool) -> Vec<String>;

/// Names of most objects.
pub fn name_is_dns_subdomain(name: &str, prefix: bool) -> Vec<String> {
    is_dns1123_subdomain(&mask_trailing_dash(name, prefix))
}

/// Names of namespaces.
pub fn name_is_dns_label(name: &str, prefix: bool) -> Vec<String> {
    is_dns1123_label(&mask_trailing_dash(name, prefix))
}

/// The last two characters give way to a letter, as upstream has it, whatever the one before the dash is.
fn mask_trailing_dash(name: &str, prefix: bool) -> String {
    match name.strip_suffix('-') {
        Some(rest) if prefix && !rest.is_empty() => {
            // Of a longer character a part would be left, which no name may have.
            let last = rest.chars().next_back().filter(char::is_ascii).map_or("?", |_| "");
            let kept = rest.char_indices().next_back().map_or(0, |(at, _)| at);
            format!("{}{last}a", rest.get(..kept).unwrap_or_default())
        }
        _ => name.to_owned(),
    }
}

/// Names that need only fit into a URL: roles, custom resources.
pub fn validate_path_segment_name(name: &str, prefix: bool) -> Vec<String> {
    if !prefix && matches!(name, "." | "..") {
        return vec![format!("may not be '{name}'")];
    }
    let found = ["/", "%"].into_iter().filter(|part| name.contains(part));
    found.map(|part| format!("may not contain '{part}'")).collect()
}

pub(super) fn inclusive_range_error(low: i64, high: i64) -> String {
    format!("must be between {low} and {high}, inclusive")
}

pub(super) fn is_in_range(value: i64, low: i64, high: i64) -> Option<String> {
    (!(low..=high).contains(&value)).then(|| inclusive_range_error(low, high))
}

pub(super) fn is_valid_port_num(port: i64) -> Option<String> {
    is_in_range(port, 1, 65535)
}

/// Any printable ASCII but the equals sign.
pub(super) fn is_relaxed_env_var_name(name: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if name.is_empty() {
        errors.push("environment variable name must be non-empty".to_owned());
    }
    if !name.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'=') {
        let rule = "a valid environment variable name must consist only of printable ASCII characters other \
                    than '='";
        errors.push(rule.to_owned());
    }
    errors
}

pub(super) fn is_config_map_key(key: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if key.len() > 253 {
        errors.push(max_len_error(253));
    }
    if key.is_empty() || !key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) {
        let rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
        errors.push(regex_error(rule, "[-._a-zA-Z0-9]+", &["key.name", "KEY_NAME", "key-name"]));
    }
    match key {
        "." | ".." => errors.push(format!("must not be '{key}'")),
        _ if key.starts_with("..") => errors.push("must not start with '..'".to_owned()),
        _ => {}
    }
    errors
}

pub(super) fn is_http_header_name(name: &str) -> Vec<String> {
    if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Vec::new();
    }
    let rule = "a valid HTTP header must consist of alphanumeric characters or '-'";
    vec![regex_error(rule, "[-A-Za-z0-9]+", &["X-Header-Name"])]
}

/// API-046.
pub(super) fn is_valid_percent(text: &str) -> Vec<String> {
    match text.strip_suffix('%') {
        Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => Vec::new(),
        _ => {
            let rule = "a valid percent string must be a numeric string followed by an ending '%'";
            vec![regex_error(rule, "[0-9]+%", &["1%", "93%"])]
        }
    }
}

/// A search domain: a subdomain whose labels may have underscores.
pub(super) fn is_dns1123_subdomain_with_underscore(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > 253 {
        errors.push(max_len_error(253));
    }
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let label = |label: &str| {
        let label = label.strip_prefix('_').unwrap_or(label).as_bytes();
        let ends = label.first().copied().is_some_and(word) && label.last().copied().is_some_and(word);
        ends && label.iter().all(|b| word(*b) || b"-_".contains(b))
    };
    if !text.split('.').all(label) {
        let rule = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' \
                    or '.', and must start and end with an alphanumeric character";
        let pattern = r"_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*";
        errors.push(regex_error(rule, pattern, &["example.com"]));
    }
    errors
}

/// User and group ids.
pub(super) fn is_valid_id(id: i64) -> Option<String> {
    is_in_range(id, 0, i64::from(i32::MAX))
}

pub(super) fn validate_dns1123_label(text: &str, path: &FieldPath, errors: &mut ErrorList) {
    super::push_invalid(path, text, is_dns1123_label(text), errors);
}

pub(super) fn validate_dns1123_subdomain(text: &str, path: &FieldPath, errors: &mut ErrorList) {
    super::push_invalid(path, text, is_dns1123_subdomain(text), errors);
}

/// `acme.io/foo`. Kubernetes: apimachinery/pkg/util/validation, IsDomainPrefixedPath.
pub(super) fn validate_domain_prefixed_path(text: &str, path: &FieldPath, errors: &mut ErrorList) {
    const PATTERN: &str = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+";
    let (host, rest) = match text.split_once('/') {
        _ if text.is_empty() => return errors.push(FieldError::required(path, "")),
        Some((host, rest)) if !host.is_empty() && !rest.is_empty() => (host, rest),
        _ => {
            let why = "must be a domain-prefixed path (such as \"acme.io/foo\")";
            return errors.push(FieldError::invalid(path, text, why));
        }
    };
    validate_dns1123_subdomain(host, path, errors);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&byte);
    if !rest.bytes().all(fits) {
        errors.push(FieldError::invalid(path, rest, regex_error("Invalid path", PATTERN, &[])));
    }
}

pub(super) fn validate_qualified_name(text: &str, path: &FieldPath, errors: &mut ErrorList) {
    super::push_invalid(path, text, is_qualified_name(text), errors);
}
