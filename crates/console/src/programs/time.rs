//! `sleep`, `date`.

use super::feed;
use crate::shell::program::{Cx, Program, Started, StepResult};
use crate::shell::thread::Block;
use api::human_duration::parse_go_duration;
use cli_runtime::time::unix_date;
use sim::{Duration, Time};

/// Time that nobody waits longer for.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

/// `10`, `1.5`, `2m`, `1h`; also Go's `1m30s`.
pub(super) fn span(text: &str) -> Option<Duration> {
    if matches!(text, "infinity" | "inf") {
        return Some(LONGEST);
    }
    let (digits, unit) = match text.strip_suffix(['s', 'm', 'h', 'd']) {
        Some(digits) => (digits, text.chars().next_back().unwrap_or('s')),
        None => (text, 's'),
    };
    let factor = match unit {
        'm' => 60.0,
        'h' => 3600.0,
        'd' => 86_400.0,
        _ => 1.0,
    };
    match digits.parse::<f64>() {
        Ok(number) if number >= 0.0 && digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
            let micros = (number * factor * 1e6).min(LONGEST.as_micros() as f64);
            Some(Duration::from_micros(micros as u64))
        }
        _ => parse_go_duration(text).filter(|span| *span <= LONGEST),
    }
}

pub(super) fn sleep(cx: &mut Cx<'_>, args: &[String]) -> Started {
    if args.is_empty() {
        return feed::refuse(cx, "sleep: missing operand\nTry 'sleep --help' for more information.\n", 1);
    }
    let mut total = Duration::ZERO;
    for text in args {
        match span(text) {
            Some(span) => total = LONGEST.min(total + span),
            None => {
                let said = format!(
                    "sleep: invalid time interval ‘{text}’\nTry 'sleep --help' for more information.\n"
                );
                return feed::refuse(cx, &said, 1);
            }
        }
    }
    Started::runs(Sleep { until: cx.now() + total })
}

#[derive(Clone)]
struct Sleep {
    until: Time,
}

impl Program for Sleep {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult {
        if cx.now() >= self.until { StepResult::Done(0) } else { StepResult::Waits(Block::Until(self.until)) }
    }
}

pub(super) fn date(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let now = cx.now();
    let words: Vec<&String> = args.iter().filter(|arg| !matches!(arg.as_str(), "-u" | "--utc")).collect();
    let text = match words.as_slice() {
        [] => unix_date(now),
        [format] if format.starts_with('+') => match formatted(now, format.trim_start_matches('+')) {
            Ok(text) => text,
            Err(letter) => {
                return feed::refuse(cx, &format!("date: the format %{letter} is not simulated\n"), 1);
            }
        },
        [option] if matches!(option.as_str(), "-Is" | "--iso-8601=seconds") => {
            now.stamp().to_string().replace('Z', "+00:00")
        }
        [option] if matches!(option.as_str(), "-I" | "--iso-8601") => {
            now.stamp().to_string().get(..10).unwrap_or_default().to_owned()
        }
        [option] if matches!(option.as_str(), "-R" | "--rfc-email") => {
            cli_runtime::time::rfc1123z(now.stamp())
        }
        _ => {
            let text = "date: of its options only -u, -I, -R and +FORMAT are simulated: the time itself cannot be set\n";
            return feed::refuse(cx, text, 1);
        }
    };
    cx.out(&format!("{text}\n"));
    Started::Done(0)
}

/// A time by `%Y-%m-%d` and its like; else the letter that is not known.
fn formatted(now: Time, format: &str) -> Result<String, char> {
    let stamp = now.stamp().to_string();
    let part = |from: usize, to: usize| stamp.get(from..to).unwrap_or_default().to_owned();
    let unix = unix_date(now);
    let words: Vec<&str> = unix.split_whitespace().collect();
    let word = |at: usize| words.get(at).copied().unwrap_or_default().to_owned();
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut letter = chars.next().unwrap_or('%');
        // `%-d`: without the leading zero.
        let bare = letter == '-';
        if bare {
            letter = chars.next().unwrap_or('%');
        }
        let text = match letter {
            'Y' => part(0, 4),
            'y' => part(2, 4),
            'm' => part(5, 7),
            'd' => part(8, 10),
            'e' => format!("{:>2}", part(8, 10).trim_start_matches('0')),
            'H' => part(11, 13),
            'M' => part(14, 16),
            'S' => part(17, 19),
            'F' => part(0, 10),
            'T' => part(11, 19),
            'R' => part(11, 16),
            's' => now.stamp().0.to_string(),
            'N' => format!("{:06}000", now.0 % 1_000_000),
            'a' => word(0),
            'b' | 'h' => word(1),
            'Z' => "UTC".to_owned(),
            'z' => "+0000".to_owned(),
            'n' => "\n".to_owned(),
            't' => "\t".to_owned(),
            '%' => "%".to_owned(),
            'c' => unix.clone(),
            other => return Err(other),
        };
        out += if bare && text.len() > 1 { text.trim_start_matches('0') } else { &text };
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_in_every_form_that_people_type() {
        for (text, expected) in [
            ("10", Some(10_000)),
            ("1.5", Some(1_500)),
            ("2m", Some(120_000)),
            ("1h", Some(3_600_000)),
            ("1m30s", Some(90_000)),
            ("500ms", Some(500)),
            ("x", None),
            ("-1", None),
            ("", None),
            ("nan", None),
        ] {
            assert_eq!(span(text).map(|span| span.as_micros() / 1000), expected, "{text}");
        }
        assert_eq!(span("1e300"), Some(LONGEST));
    }

    #[test]
    fn dates_are_formatted_as_by_date() {
        let time = Time::START + Duration::from_secs(5 * 86_400 + 3_725);
        assert_eq!(
            formatted(time, "%F %T %a %b %-d %s%%"),
            Ok("2026-01-06 01:02:05 Tue Jan 6 1767661325%".to_owned())
        );
        assert_eq!(formatted(time, "%Q"), Err('Q'));
    }
}
