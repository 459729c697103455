//! What a scalar means, in YAML 1.1 as go-yaml v2 reads it: `NO` is false, `0644` is 420, a date is a string.
//!
//! Upstream: goyaml.v2/resolve.go.

use serde_json::Number;

const TAG_PREFIX: &str = "tag:yaml.org,2002:";

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Resolved {
    Null,
    Bool(bool),
    Int(i64),
    /// Between 2^63 and 2^64.
    Uint(u64),
    Float(f64),
    String(String),
}

/// The meaning of a scalar with this tag (whole, or empty); `implicit` scalars mean what they look like.
/// The error is go-yaml's sentence.
pub(super) fn resolve(tag: &str, implicit: bool, text: &str) -> Result<Resolved, String> {
    if tag.is_empty() {
        return Ok(if implicit { plain(text) } else { Resolved::String(text.to_owned()) });
    }
    let wanted = match tag.strip_prefix(TAG_PREFIX) {
        Some(short @ ("bool" | "int" | "float" | "null" | "timestamp")) => short,
        Some("binary") => return binary(text),
        _ => return Ok(Resolved::String(text.to_owned())),
    };
    let found = plain(text);
    match (wanted, &found) {
        ("float", Resolved::Int(n)) => return Ok(Resolved::Float(*n as f64)),
        ("timestamp", Resolved::String(_)) if is_timestamp(text) => return Ok(found),
        _ if wanted == kind(&found) => return Ok(found),
        _ => {}
    }
    Err(format!("cannot decode !!{} `{text}` as a !!{wanted}", kind(&found)))
}

fn kind(resolved: &Resolved) -> &'static str {
    match resolved {
        Resolved::Null => "null",
        Resolved::Bool(_) => "bool",
        Resolved::Int(_) | Resolved::Uint(_) => "int",
        Resolved::Float(_) => "float",
        Resolved::String(_) => "str",
    }
}

/// Whether the text, written plain, would be a string: the writer's question.
pub(super) fn is_plain_string(text: &str) -> bool {
    matches!(plain(text), Resolved::String(_)) && !is_timestamp(text)
}

/// The meaning of a scalar without quotes and tag.
pub(super) fn plain(text: &str) -> Resolved {
    let meaning = match text.bytes().next() {
        None => Some(Resolved::Null),
        Some(b'0'..=b'9' | b'+' | b'-') => word(text).or_else(|| number(text)),
        Some(b'.') => word(text).or_else(|| float_with_underscores(text)),
        // Only words that begin with one of these letters are looked up.
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => word(text),
        Some(_) => None,
    };
    meaning.unwrap_or_else(|| Resolved::String(text.to_owned()))
}

fn word(text: &str) -> Option<Resolved> {
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Resolved::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Resolved::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Resolved::Null,
        ".nan" | ".NaN" | ".NAN" => Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Resolved::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

fn number(text: &str) -> Option<Resolved> {
    if is_timestamp(text) {
        return None;
    }
    let digits: String;
    let plain = if text.contains('_') {
        digits = text.replace('_', "");
        digits.as_str()
    } else {
        text
    };
    integer(plain).or_else(|| float(plain))
}

/// Go's `strconv.ParseInt` and `ParseUint` with base 0: `0x1f`, `0o17`, `017`, `0b11`.
fn integer(text: &str) -> Option<Resolved> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &unsigned[2..]),
        [b'0', b'o' | b'O', ..] => (8, &unsigned[2..]),
        [b'0', b'b' | b'B', ..] => (2, &unsigned[2..]),
        [b'0', _, ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    // A second sign is no digit, though Rust's parser would take it.
    if digits.is_empty() || !digits.bytes().all(|b| char::from(b).is_digit(radix)) {
        return None;
    }
    match u64::from_str_radix(digits, radix) {
        Ok(n) if negative => {
            0i64.checked_sub_unsigned(n).map(Resolved::Int).or_else(|| beyond(n as f64, true))
        }
        Ok(n) => match i64::try_from(n) {
            Ok(n) => Some(Resolved::Int(n)),
            Err(_) if unsigned.len() < text.len() => beyond(n as f64, false),
            Err(_) => Some(Resolved::Uint(n)),
        },
        // Decimal digits are left to the float rule; others become a big integer there, a float here.
        Err(_) if radix == 10 => None,
        Err(_) => beyond(big(digits, radix), negative),
    }
}

fn beyond(magnitude: f64, negative: bool) -> Option<Resolved> {
    Some(Resolved::Float(if negative { -magnitude } else { magnitude }))
}

fn big(digits: &str, radix: u32) -> f64 {
    digits.chars().filter_map(|c| c.to_digit(radix)).fold(0.0, |n, d| n * f64::from(radix) + f64::from(d))
}

/// Behind a leading dot Go itself parses, and wants each `_` between two digits.
fn float_with_underscores(text: &str) -> Option<Resolved> {
    if !text.contains('_') {
        return float(text);
    }
    let digit = |at: Option<usize>| at.and_then(|at| text.as_bytes().get(at)).is_some_and(u8::is_ascii_digit);
    let separates = |(at, _): (usize, &str)| digit(at.checked_sub(1)) && digit(Some(at + 1));
    if text.match_indices('_').all(separates) { float(&text.replace('_', "")) } else { None }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, and in range.
fn float(text: &str) -> Option<Resolved> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && all_digits(fraction),
        Some((whole, fraction)) => all_digits(whole) && all_digits(fraction),
        None => !mantissa.is_empty() && all_digits(mantissa),
    };
    let exponent_fits = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['-', '+']).unwrap_or(e);
        !e.is_empty() && all_digits(e)
    });
    if !mantissa_fits || !exponent_fits {
        return None;
    }
    text.parse().ok().filter(|f: &f64| f.is_finite()).map(Resolved::Float)
}

/// The dates that go-yaml takes for a timestamp (which it then hands on as the string they are).
pub(super) fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || bytes[4] != b'-' || !bytes[..4].iter().all(u8::is_ascii_digit) {
        return false;
    }
    let mut rest = &text[5..];
    let mut number = |max_digits: usize, least: u32, most: u32, separator: &[u8]| -> Option<u8> {
        let digits = rest.bytes().take(max_digits).take_while(u8::is_ascii_digit).count();
        let value: u32 = rest.get(..digits)?.parse().ok()?;
        let next = rest.as_bytes().get(digits).copied();
        if value < least || value > most {
            return None;
        }
        match next {
            None if separator.is_empty() || separator.contains(&0) => {
                rest = "";
                Some(0)
            }
            Some(b) if separator.contains(&b) => {
                rest = &rest[digits + 1..];
                Some(b)
            }
            _ => None,
        }
    };
    if number(2, 1, 12, b"-").is_none() {
        return false;
    }
    let zoned = match number(2, 1, 31, b"Tt \0") {
        Some(0) => return true,
        Some(b' ') => false,
        Some(_) => true,
        None => return false,
    };
    if number(2, 0, 23, b":").is_none() || number(2, 0, 59, b":").is_none() {
        return false;
    }
    let seconds = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
    if seconds == 0 || rest[..seconds].parse::<u32>().is_ok_and(|s| s > 59) {
        return false;
    }
    let mut tail = &rest[seconds..];
    if let Some(fraction) = tail.strip_prefix(['.', ',']) {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return false;
        }
        tail = &fraction[digits..];
    }
    if zoned { is_zone(tail) } else { tail.is_empty() }
}

/// `Z` or `+07:00`.
fn is_zone(text: &str) -> bool {
    match text.as_bytes() {
        b"Z" => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => {
            [h1, h2, m1, m2].iter().all(|b| b.is_ascii_digit()) && (*h1, *h2) <= (b'2', b'4') && *m1 <= b'6'
        }
        _ => false,
    }
}

fn binary(text: &str) -> Result<Resolved, String> {
    match golang::base64::decode(text) {
        Ok(bytes) => Ok(Resolved::String(String::from_utf8_lossy(&bytes).into_owned())),
        Err(_) => Err("!!binary value contains invalid base64 data".to_owned()),
    }
}

/// A float as Go's JSON writes it and kubectl reads it back: whole numbers become integers.
pub(super) fn json_number(float: f64) -> Option<Number> {
    // Go prints floats below 1e21 without exponent, in as few digits as tell them apart; what then fits an
    // int64 is read as one.
    if float.fract() == 0.0
        && let Ok(whole) = golang::json::marshal_float(float).parse::<i64>()
    {
        return Some(Number::from(whole));
    }
    Number::from_f64(float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_yaml_1_1_are_booleans_and_null() {
        for text in ["y", "Y", "yes", "on", "On", "TRUE", "true"] {
            assert_eq!(plain(text), Resolved::Bool(true), "{text}");
        }
        for text in ["n", "NO", "no", "off", "OFF", "False"] {
            assert_eq!(plain(text), Resolved::Bool(false), "{text}");
        }
        for text in ["", "~", "null", "NULL"] {
            assert_eq!(plain(text), Resolved::Null, "{text}");
        }
        for text in
            ["yEs", "tRUE", "nULL", "nope", "<<", "=", "none", "worker-1", "0x", "1.2.3", "--", "1:30"]
        {
            assert_eq!(plain(text), Resolved::String(text.to_owned()), "{text}");
        }
    }

    #[test]
    fn integers_have_go_s_bases() {
        for (text, number) in [
            ("0644", 420),
            ("0o644", 420),
            ("0x1F", 31),
            ("-0b11", -3),
            ("+12", 12),
            ("1_000", 1000),
            ("0", 0),
            ("-0", 0),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(plain(text), Resolved::Int(number), "{text}");
        }
        assert_eq!(plain("18446744073709551615"), Resolved::Uint(u64::MAX));
        assert_eq!(plain("18446744073709551616"), Resolved::Float(18446744073709551616.0));
        assert_eq!(plain("08"), Resolved::Float(8.0));
        assert_eq!(plain("+-5"), Resolved::String("+-5".to_owned()));
    }

    #[test]
    fn floats_need_a_digit_and_a_range() {
        for (text, number) in [("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("-1e3", -1000.0), ("1E-2", 0.01)] {
            assert_eq!(plain(text), Resolved::Float(number), "{text}");
        }
        for text in [".", "1e400", "1e", ".e3", "1.5.2", "inf", "+inf", "1e+-3"] {
            assert_eq!(plain(text), Resolved::String(text.to_owned()), "{text}");
        }
        assert_eq!(plain(".inf"), Resolved::Float(f64::INFINITY));
        assert_eq!(plain(".5_0"), Resolved::Float(0.5));
        assert_eq!(plain("._5"), Resolved::String("._5".to_owned()));
    }

    #[test]
    fn dates_stay_strings_and_are_known() {
        for text in [
            "2026-01-02",
            "2026-1-2",
            "2026-01-02T03:04:05Z",
            "2026-01-02 03:04:05",
            "2026-01-02t3:4:5.6+07:00",
        ] {
            assert!(is_timestamp(text), "{text}");
            assert_eq!(plain(text), Resolved::String(text.to_owned()));
        }
        for text in [
            "2026-13-02",
            "2026-01-32",
            "2026-01",
            "12:30:45",
            "2026-01-02T",
            "2026-01-02T03:04:05",
            "2026-1-2x",
        ] {
            assert!(!is_timestamp(text), "{text}");
        }
    }

    #[test]
    fn tags_decide_or_refuse() {
        let tagged = |tag: &str, text| resolve(&format!("{TAG_PREFIX}{tag}"), false, text);
        assert_eq!(tagged("str", "5"), Ok(Resolved::String("5".to_owned())));
        assert_eq!(tagged("int", "5"), Ok(Resolved::Int(5)));
        assert_eq!(tagged("float", "5"), Ok(Resolved::Float(5.0)));
        assert_eq!(tagged("binary", "aGk="), Ok(Resolved::String("hi".to_owned())));
        assert_eq!(tagged("int", "foo"), Err("cannot decode !!str `foo` as a !!int".to_owned()));
        assert_eq!(tagged("bool", "1"), Err("cannot decode !!int `1` as a !!bool".to_owned()));
        assert_eq!(resolve("!custom", true, "5"), Ok(Resolved::String("5".to_owned())));
        assert_eq!(resolve("", false, "yes"), Ok(Resolved::String("yes".to_owned())));
    }
}
