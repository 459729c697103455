//! Spans of time as kubectl's AGE column and as Go's Duration print them.
//!
//! Kubernetes: staging/src/k8s.io/apimachinery/pkg/util/duration/duration.go; Go: time.Duration.String.

use sim::Duration;

/// What kubectl prints where there is no time at all.
pub const UNKNOWN: &str = "<unknown>";

/// An age as in the AGE column, from microseconds.
///
/// Rule: CLI-012.
pub fn human_duration(micros: i64) -> String {
    // Upstream cuts to whole seconds towards zero and allows a clock that is up to a second ahead.
    let seconds = micros / 1_000_000;
    if seconds < -1 {
        return "<invalid>".to_owned();
    }
    if seconds < 0 {
        return "0s".to_owned();
    }
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let (days, years) = (hours / 24, hours / 24 / 365);
    if seconds < 60 * 2 {
        format!("{seconds}s")
    } else if minutes < 10 {
        with_rest(minutes, "m", seconds % 60, "s")
    } else if minutes < 60 * 3 {
        format!("{minutes}m")
    } else if hours < 8 {
        with_rest(hours, "h", minutes % 60, "m")
    } else if hours < 48 {
        format!("{hours}h")
    } else if hours < 24 * 8 {
        with_rest(days, "d", hours % 24, "h")
    } else if hours < 24 * 365 * 2 {
        format!("{days}d")
    } else if hours < 24 * 365 * 8 {
        with_rest(years, "y", days % 365, "d")
    } else {
        format!("{years}y")
    }
}

fn with_rest(count: i64, unit: &str, rest: i64, rest_unit: &str) -> String {
    match rest {
        0 => format!("{count}{unit}"),
        _ => format!("{count}{unit}{rest}{rest_unit}"),
    }
}

/// A span as Go reads it, to the microsecond: `20s`, `1m0s`, `1.5h`. A negative one is none here.
pub fn parse_go_duration(text: &str) -> Option<Duration> {
    let nanos = golang::time::parse_duration(text)?;
    u64::try_from(nanos / 1_000).ok().map(Duration::from_micros).filter(|_| nanos >= 0)
}

/// A span as Go prints it: `1m20s`, `5m0s`, `1.5s`, `250ms`, `0s`.
pub fn go_duration(span: Duration) -> String {
    let micros = span.as_micros();
    if micros == 0 {
        return "0s".to_owned();
    }
    if micros < 1_000 {
        return format!("{micros}µs");
    }
    if micros < 1_000_000 {
        return format!("{}ms", decimal(micros, 1_000));
    }
    let (minutes, rest) = (micros / 60_000_000, micros % 60_000_000);
    let seconds = decimal(rest, 1_000_000);
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m{seconds}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// value/unit with its fraction, no trailing zeros; the unit is a power of ten.
fn decimal(value: u64, unit: u64) -> String {
    let (whole, fraction) = (value / unit, value % unit);
    if fraction == 0 {
        return whole.to_string();
    }
    let places = unit.ilog10() as usize;
    let digits = format!("{fraction:0places$}");
    format!("{whole}.{}", digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cli_012_ages_print_as_kubectl_prints_them() {
        const S: i64 = 1_000_000;
        const H: i64 = 3600 * S;
        const D: i64 = 24 * H;
        for (micros, expected) in [
            (-2 * S, "<invalid>"),
            (-S - 1, "0s"),
            (-1, "0s"),
            (0, "0s"),
            (999_999, "0s"),
            (119 * S, "119s"),
            (120 * S, "2m"),
            (121 * S, "2m1s"),
            (599 * S, "9m59s"),
            (600 * S, "10m"),
            (3 * H - S, "179m"),
            (3 * H, "3h"),
            (3 * H + 61 * S, "3h1m"),
            (8 * H - S, "7h59m"),
            (8 * H + 120 * S, "8h"),
            (48 * H - S, "47h"),
            (2 * D, "2d"),
            (2 * D + H, "2d1h"),
            (8 * D - S, "7d23h"),
            (8 * D + H, "8d"),
            (2 * 365 * D - S, "729d"),
            (2 * 365 * D, "2y"),
            (2 * 365 * D + D, "2y1d"),
            (8 * 365 * D - S, "7y364d"),
            (8 * 365 * D + D, "8y"),
        ] {
            assert_eq!(human_duration(micros), expected, "{micros}");
        }
    }

    #[test]
    fn go_durations_print_as_go_prints_them() {
        for (micros, expected) in [
            (0, "0s"),
            (1, "1µs"),
            (1_500, "1.5ms"),
            (1_000_000, "1s"),
            (1_250_000, "1.25s"),
            (80_000_000, "1m20s"),
            (300_000_000, "5m0s"),
            (3_600_000_000, "1h0m0s"),
            (3_661_000_001, "1h1m1.000001s"),
        ] {
            assert_eq!(go_duration(Duration::from_micros(micros)), expected);
        }
    }
}
