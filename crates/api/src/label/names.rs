//! What names, label keys and label values may look like, and the sentences that refuse them.
//!
//! Each function gives a list of sentences, empty where all is well.
//!
//! Kubernetes: staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go and
//! pkg/api/validate/content.

const DNS1123_LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const DNS1123_LABEL_MESSAGE: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric \
     characters or '-', and must start and end with an alphanumeric character";
const DNS1123_SUBDOMAIN: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const DNS1123_SUBDOMAIN_MESSAGE: &str = "a lowercase RFC 1123 subdomain must consist of lower case \
     alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const DNS1035_LABEL: &str = "[a-z]([-a-z0-9]*[a-z0-9])?";
const DNS1035_LABEL_MESSAGE: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or \
     '-', start with an alphabetic character, and end with an alphanumeric character";
const QUALIFIED_NAME: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const QUALIFIED_NAME_MESSAGE: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must \
     start and end with an alphanumeric character";
const LABEL_VALUE: &str = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";
const LABEL_VALUE_MESSAGE: &str = "a valid label must be an empty string or consist of alphanumeric \
     characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/// The sentence for a name that is too long. Lengths are bytes, whatever it says.
///
/// Kubernetes: pkg/util/validation/validation.go, MaxLenError.
pub fn max_len_error(length: usize) -> String {
    format!("must be no more than {length} characters")
}

/// The same for label keys and values, which have a package of their own.
///
/// Kubernetes: pkg/api/validate/content/errors.go, MaxLenError.
fn max_bytes_error(length: usize) -> String {
    format!("must be no more than {length} bytes")
}

/// The sentence for a text of the wrong form: why, examples, and the pattern.
pub fn regex_error(message: &str, pattern: &str, examples: &[&str]) -> String {
    if examples.is_empty() {
        return format!("{message} (regex used for validation is '{pattern}')");
    }
    // Upstream really puts the comma and two blanks before "or".
    let examples: Vec<String> = examples.iter().map(|example| format!("'{example}', ")).collect();
    format!("{message} (e.g. {}regex used for validation is '{pattern}')", examples.join(" or "))
}

fn alphanumeric_ends(text: &str, ends: fn(&u8) -> bool, inner: fn(&u8) -> bool) -> bool {
    match text.as_bytes() {
        [] => false,
        [one] => ends(one),
        [first, middle @ .., last] => ends(first) && ends(last) && middle.iter().all(inner),
    }
}

fn lower(byte: &u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn dns_label(text: &str) -> bool {
    alphanumeric_ends(text, lower, |byte| lower(byte) || *byte == b'-')
}

fn dns_subdomain(text: &str) -> bool {
    text.split('.').all(dns_label)
}

fn name_part(text: &str) -> bool {
    alphanumeric_ends(text, u8::is_ascii_alphanumeric, |byte| {
        byte.is_ascii_alphanumeric() || b"-_.".contains(byte)
    })
}

/// A DNS-1123 label: names of containers, volumes, namespaces.
pub fn is_dns1123_label(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > 63 {
        errors.push(max_len_error(63));
    }
    if dns_label(text) {
        return errors;
    }
    if dns_subdomain(text) {
        errors.push("must not contain dots".to_owned());
    } else {
        errors.push(regex_error(DNS1123_LABEL_MESSAGE, DNS1123_LABEL, &["my-name", "123-abc"]));
    }
    errors
}

/// What is wrong with a port's name, in upstream's words; empty where nothing is (API-050).
pub fn is_valid_port_name(name: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if name.len() > 15 {
        errors.push(max_len_error(15));
    }
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if name.is_empty() || !name.bytes().all(allowed) {
        errors.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned());
    }
    if !name.bytes().any(|b| b.is_ascii_lowercase()) {
        errors.push("must contain at least one letter (a-z)".to_owned());
    }
    if name.contains("--") {
        errors.push("must not contain consecutive hyphens".to_owned());
    }
    if name.starts_with('-') || name.ends_with('-') {
        errors.push("must not begin or end with a hyphen".to_owned());
    }
    errors
}

/// A DNS-1123 subdomain: names of most objects.
pub fn is_dns1123_subdomain(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > 253 {
        errors.push(max_len_error(253));
    }
    if !dns_subdomain(text) {
        errors.push(subdomain_error());
    }
    errors
}

fn subdomain_error() -> String {
    regex_error(DNS1123_SUBDOMAIN_MESSAGE, DNS1123_SUBDOMAIN, &["example.com"])
}

/// A DNS-1035 label: names of Services.
pub fn is_dns1035_label(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > 63 {
        errors.push(max_len_error(63));
    }
    if !dns_label(text) || !text.starts_with(|c: char| c.is_ascii_lowercase()) {
        errors.push(regex_error(DNS1035_LABEL_MESSAGE, DNS1035_LABEL, &["my-name", "abc-123"]));
    }
    errors
}

/// A label or annotation key: `[prefix/]name`.
pub fn is_qualified_name(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    let examples = ["MyName", "my.name", "123-abc"];
    let mut parts = text.split('/');
    let name = match (parts.next().unwrap_or(""), parts.next(), parts.next()) {
        (name, None, _) => name,
        (prefix, Some(name), None) => {
            if prefix.is_empty() {
                errors.push("prefix part must be non-empty".to_owned());
            } else {
                if prefix.len() > 253 {
                    errors.push(format!("prefix part {}", max_bytes_error(253)));
                }
                if !dns_subdomain(prefix) {
                    errors.push(format!("prefix part {}", subdomain_error()));
                }
            }
            name
        }
        _ => {
            errors.push(format!(
                "a valid label key {} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
                regex_error(QUALIFIED_NAME_MESSAGE, QUALIFIED_NAME, &examples)
            ));
            return errors;
        }
    };
    if name.is_empty() {
        errors.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        errors.push(format!("name part {}", max_bytes_error(63)));
    }
    if !name_part(name) {
        let sentence = regex_error(QUALIFIED_NAME_MESSAGE, QUALIFIED_NAME, &examples);
        errors.push(format!("name part {sentence}"));
    }
    errors
}

/// A label's value; empty is allowed.
pub fn is_valid_label_value(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > 63 {
        errors.push(max_bytes_error(63));
    }
    if !text.is_empty() && !name_part(text) {
        errors.push(regex_error(LABEL_VALUE_MESSAGE, LABEL_VALUE, &["MyValue", "my_value", "12345"]));
    }
    errors
}

/// A whole number in decimal without plus sign or leading zeros.
pub fn is_decimal_integer(text: &str) -> Vec<String> {
    if text.is_empty() {
        return vec!["must be non-empty".to_owned()];
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    if text == "0" || (plain && !digits.is_empty() && !digits.starts_with('0')) {
        return Vec::new();
    }
    vec!["must be a valid decimal integer in canonical form".to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn api_049_object_names_are_dns_1123_subdomains() {
        let form = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or \
                    '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used \
                    for validation is \
                    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
        for name in ["My_App", "", "a..b", "-a", "a-", ".a", "é", "a/b"] {
            assert_eq!(is_dns1123_subdomain(name), [form], "{name}");
        }
        assert!(is_dns1123_subdomain("a.b-c.9").is_empty());
        assert_eq!(is_dns1123_subdomain(&"a".repeat(254)), ["must be no more than 253 characters"]);
    }

    #[test]
    fn api_050_container_names_are_dns_1123_labels() {
        let form = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and \
                    must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex \
                    used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
        assert_eq!(is_dns1123_label("a_b"), [form]);
        assert_eq!(is_dns1123_label(&"a".repeat(64)), ["must be no more than 63 characters"]);
        assert_eq!(is_dns1123_label("a.b"), ["must not contain dots"]);
        assert!(is_dns1123_label("0-a").is_empty());
    }

    #[test]
    fn keys_have_an_optional_prefix() {
        assert!(is_qualified_name("example.com/My.Name").is_empty());
        assert_eq!(is_qualified_name("/a"), ["prefix part must be non-empty"]);
        assert_eq!(is_qualified_name("a/").first().map(String::as_str), Some("name part must be non-empty"));
        assert_eq!(is_qualified_name("a/").len(), 2);
        assert_eq!(is_qualified_name("a/b/c").len(), 1);
        assert!(is_qualified_name(&"n".repeat(64))[0].contains("name part must be no more than 63 bytes"));
        assert!(is_qualified_name("A/b")[0].starts_with("prefix part a lowercase RFC 1123 subdomain"));
    }

    #[test]
    fn decimal_integers_are_canonical() {
        for good in ["0", "1", "-1", "950"] {
            assert!(is_decimal_integer(good).is_empty(), "{good}");
        }
        for bad in ["", "-", "-0", "+1", "01", "1.0", "high"] {
            assert!(!is_decimal_integer(bad).is_empty(), "{bad}");
        }
    }
}
