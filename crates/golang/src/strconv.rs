//! Go's strconv: truth values read, floats as text, quoted strings read and written.

use crate::GoError;

/// The truth value that a text stands for, if it does.
///
/// Go: strconv.ParseBool.
pub fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// A text in double quotes with Go's escapes, as `%q` has it.
///
/// Go: strconv.Quote.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            ' '..='~' => out.push(c),
            '\0'..='\u{7f}' => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            _ if is_print(c) => out.push(c),
            '\u{80}'..='\u{ffff}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => out.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

/// Whether a character is shown as it is.
///
/// Go: strconv.IsPrint.
pub fn is_print(c: char) -> bool {
    // A combining mark is escaped only where it begins a text, hence the letter before it.
    let shown = format!("{:?}", String::from_iter(['a', c]));
    !shown.starts_with("\"a\\")
}

/// `strconv.FormatFloat` with the verbs `e`, `f` and `g`; without a precision, as short as reads back the same.
pub fn format_float(number: f64, verb: char, precision: Option<usize>) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    match (verb, precision) {
        ('f', Some(places)) => format!("{number:.places$}"),
        ('f', None) => {
            let text = format!("{number:?}");
            match text.contains('e') {
                true => format!("{number}"),
                false => text.strip_suffix(".0").unwrap_or(&text).to_owned(),
            }
        }
        ('e', precision) => {
            let text =
                precision.map_or_else(|| format!("{number:e}"), |places| format!("{number:.places$e}"));
            go_exponent(&text)
        }
        (_, None) => general(&format!("{number:e}"), 6, number),
        (_, Some(digits)) => {
            let digits = digits.max(1);
            let text = format!("{number:.*e}", digits - 1);
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let short = match mantissa.contains('.') {
                true => mantissa.trim_end_matches('0').trim_end_matches('.'),
                false => mantissa,
            };
            general(&format!("{short}e{exponent}"), digits, number)
        }
    }
}

/// `%g`: with an exponent where it is below -4 or not below `limit`.
fn general(scientific: &str, limit: usize, number: f64) -> String {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let places = mantissa.trim_start_matches('-').len().saturating_sub(2);
    // A shortest form with more digits than the limit still takes the exponent from the limit on.
    if exponent < -4 || exponent >= i32::try_from(limit).unwrap_or(i32::MAX) {
        return go_exponent(scientific);
    }
    let after_point = i32::try_from(places).unwrap_or_default() - exponent;
    format!("{number:.*}", usize::try_from(after_point).unwrap_or_default())
}

/// Rust's `1e21` as Go's `1e+21`: a sign and two digits at least.
fn go_exponent(text: &str) -> String {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// One character of a quoted text, and how long it is; `None` where the syntax is wrong.
///
/// Go: strconv.UnquoteChar.
fn unquote_char(text: &str, quote: char) -> Option<(Unquoted, usize)> {
    let mut chars = text.chars();
    let first = chars.next()?;
    if first == quote && matches!(quote, '\'' | '"') {
        return None;
    }
    if first != '\\' {
        return Some((Unquoted::Char(first), first.len_utf8()));
    }
    let escape = chars.next()?;
    let rest = chars.as_str();
    let hex = |digits: usize| -> Option<u32> {
        let part = rest.get(..digits)?;
        if !part.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        u32::from_str_radix(part, 16).ok()
    };
    let plain = |c: char| Some((Unquoted::Char(c), 2));
    match escape {
        'a' => plain('\u{7}'),
        'b' => plain('\u{8}'),
        'f' => plain('\u{c}'),
        'n' => plain('\n'),
        'r' => plain('\r'),
        't' => plain('\t'),
        'v' => plain('\u{b}'),
        '\\' => plain('\\'),
        '\'' | '"' => (escape == quote).then_some((Unquoted::Char(escape), 2)),
        'x' => Some((Unquoted::Byte(u8::try_from(hex(2)?).ok()?), 4)),
        'u' => Some((Unquoted::Char(char::from_u32(hex(4)?)?), 6)),
        'U' => Some((Unquoted::Char(char::from_u32(hex(8)?)?), 10)),
        '0'..='7' => {
            let digits = text.get(1..4)?;
            let value = u32::from_str_radix(digits, 8).ok()?;
            Some((Unquoted::Byte(u8::try_from(value).ok()?), 4))
        }
        _ => None,
    }
}

enum Unquoted {
    Char(char),
    Byte(u8),
}

/// The text of a literal in single quotes, double quotes or, for Go's own, backquotes; `None`: invalid syntax.
///
/// Bytes that are no UTF-8 become the replacement character.
///
/// Go: strconv.Unquote; Kubernetes: client-go/util/jsonpath/parser.go, UnquoteExtend.
pub fn unquote(literal: &str) -> Option<String> {
    let quote = literal.chars().next()?;
    let inner = literal.strip_prefix(quote)?.strip_suffix(quote)?;
    match quote {
        '`' => Some(inner.replace('\r', "")),
        '"' | '\'' => {
            let mut bytes = Vec::with_capacity(inner.len());
            let mut rest = inner;
            while !rest.is_empty() {
                let (found, length) = unquote_char(rest, quote)?;
                match found {
                    Unquoted::Char(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                    Unquoted::Byte(byte) => bytes.push(byte),
                }
                rest = rest.get(length..)?;
            }
            Some(String::from_utf8_lossy(&bytes).into_owned())
        }
        _ => None,
    }
}

/// The number of a character constant such as `'a'`.
pub fn unquote_rune(literal: &str) -> Result<i64, GoError> {
    let invalid = || GoError("invalid syntax".to_owned());
    let inner = literal.strip_prefix('\'').ok_or_else(invalid)?;
    let (found, length) = unquote_char(inner, '\'').ok_or_else(invalid)?;
    if inner.get(length..) != Some("'") {
        return Err(GoError(format!("malformed character constant: {literal}")));
    }
    Ok(match found {
        Unquoted::Char(c) => i64::from(u32::from(c)),
        Unquoted::Byte(byte) => i64::from(byte),
    })
}

/// A character as `%#U` shows it: `U+003D '='`.
pub fn unicode(c: char) -> String {
    let code = format!("U+{:04X}", u32::from(c));
    // What has to be escaped in quotes is no character to look at.
    match quote(&c.to_string()).starts_with("\"\\") && !matches!(c, '"' | '\\') {
        true => code,
        false => format!("{code} '{c}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_go_writes_them() {
        for (number, general, fixed) in [
            (1.5, "1.5", "1.5"),
            (100_000.0, "100000", "100000"),
            (1e6, "1e+06", "1000000"),
            (123_456_789.0, "1.23456789e+08", "123456789"),
            (0.0001, "0.0001", "0.0001"),
            (0.000_01, "1e-05", "0.00001"),
            (-2.25, "-2.25", "-2.25"),
            (0.0, "0", "0"),
            (1e21, "1e+21", "1000000000000000000000"),
        ] {
            assert_eq!(format_float(number, 'g', None), general);
            assert_eq!(format_float(number, 'f', None), fixed);
        }
        assert_eq!(format_float(2.34567, 'g', Some(3)), "2.35");
        assert_eq!(format_float(1234.5, 'g', Some(3)), "1.23e+03");
        assert_eq!(format_float(1234.5, 'e', Some(2)), "1.23e+03");
    }

    #[test]
    fn literals_are_read_as_go_reads_them() {
        for (literal, text) in [
            (r#""a\"b""#, Some("a\"b")),
            (r#""\u0041\x41\101\n""#, Some("AAA\n")),
            (r#"'it\'s'"#, Some("it's")),
            (r#""it\'s""#, None),
            (r#"'a"b'"#, Some("a\"b")),
            ("`a\\n`", Some("a\\n")),
            (r#""\q""#, None),
            (r#"""#, None),
            ("\"é\"", Some("é")),
        ] {
            assert_eq!(unquote(literal).as_deref(), text, "{literal}");
        }
        assert_eq!(unquote_rune("'a'"), Ok(97));
        assert!(unquote_rune("'ab'").is_err());
        assert_eq!(unicode('='), "U+003D '='");
        assert_eq!(unicode('\u{1}'), "U+0001");
    }

    #[test]
    fn quoted_as_go_does() {
        assert_eq!(quote("a\"b\\c\n\u{1}데\u{200b}"), r#""a\"b\\c\n\x01데\u200b""#);
    }
}
