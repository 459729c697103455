//! Spans of time as Go reads them.

/// A span as nanoseconds: `20s`, `1m0s`, `1.5h`, `-2ms`; `None` where it is none, or longer than 292 years.
///
/// Go: time.ParseDuration.
pub fn parse_duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix(['+', '-']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut nanos: i64 = 0;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(number_end);
        let unit_end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        nanos = nanos.checked_add(part(number, unit)?)?;
        rest = tail;
    }
    Some(if negative { -nanos } else { nanos })
}

/// `1.5` and `h`.
fn part(number: &str, unit: &str) -> Option<i64> {
    let unit: i64 = match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    // More than 18 digits behind the point are less than a nanosecond of an hour.
    let digits: String = fraction.chars().take(18).collect();
    let scale = 10_i128.pow(u32::try_from(digits.len()).ok()?);
    let fraction: i128 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    let fraction = i64::try_from(fraction * i128::from(unit) / scale).ok()?;
    whole.checked_mul(unit)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_go_reads_them() {
        const SECOND: i64 = 1_000_000_000;
        let spans = [
            ("0", 0),
            ("+0", 0),
            ("20s", 20 * SECOND),
            ("1m0s", 60 * SECOND),
            ("1.5h", 5400 * SECOND),
            (".5s", SECOND / 2),
            ("1.s", SECOND),
            ("-2ms", -2_000_000),
            ("3µs", 3_000),
            ("7ns", 7),
            ("0.3333333333333333333h", 1_199_999_999_999),
        ];
        for (text, nanos) in spans {
            assert_eq!(parse_duration(text), Some(nanos), "{text}");
        }
        for text in ["", "-", "5", "s", ".s", "1.2.3s", "1x", "1 s", "10000000h", "9223372036854775807s"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
