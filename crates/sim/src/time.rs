//! Virtual time: instants and spans in microseconds, and the one-second stamps that API objects carry.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

const MICROS: u64 = 1_000_000;

/// An instant of virtual time: microseconds since the Unix epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
pub struct Time(pub u64);

/// A span of virtual time in microseconds. Never negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
pub struct Duration(pub u64);

/// What `metav1.Time` keeps of an instant: whole seconds since the Unix epoch, good until 2106.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
pub struct Timestamp(pub u32);

impl Duration {
    /// No time at all.
    pub const ZERO: Duration = Duration(0);

    /// So many microseconds.
    pub const fn from_micros(micros: u64) -> Duration {
        Duration(micros)
    }

    /// So many milliseconds; what is too long is cut to the longest span.
    pub const fn from_millis(millis: u64) -> Duration {
        Duration(millis.saturating_mul(1000))
    }

    /// So many seconds; what is too long is cut to the longest span.
    pub const fn from_secs(secs: u64) -> Duration {
        Duration(secs.saturating_mul(MICROS))
    }

    /// Microseconds.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Whole milliseconds, rounded down.
    pub const fn as_millis(self) -> u64 {
        self.0 / 1000
    }

    /// Whole seconds, rounded down.
    pub const fn as_secs(self) -> u64 {
        self.0 / MICROS
    }

    /// The span without the other; zero where that is longer.
    pub const fn saturating_sub(self, other: Duration) -> Duration {
        Duration(self.0.saturating_sub(other.0))
    }

    /// Twice as long, never over `max`: the step of every exponential back-off.
    pub fn doubled(self, max: Duration) -> Duration {
        Duration(self.0.saturating_mul(2).min(max.0))
    }
}

impl Time {
    /// 2026-01-01T00:00:00Z, where every session begins unless its settings say otherwise.
    pub const START: Time = Time(1_767_225_600 * MICROS);

    /// So many seconds after the Unix epoch.
    pub const fn from_secs(secs: u64) -> Time {
        Time(secs.saturating_mul(MICROS))
    }

    /// The whole second this instant lies in.
    pub const fn stamp(self) -> Timestamp {
        Timestamp((self.0 / MICROS) as u32)
    }

    /// The span since `earlier`; zero when `earlier` is in fact later.
    pub const fn since(self, earlier: Time) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }

    /// The first instant at or after this one on the grid `start + k * period`.
    ///
    /// Periodic loops that have nothing to do are not run; this says when one would next look.
    pub const fn next_tick(self, start: Time, period: Duration) -> Time {
        if self.0 <= start.0 || period.0 == 0 {
            return if self.0 > start.0 { self } else { start };
        }
        Time(start.0 + (self.0 - start.0).div_ceil(period.0) * period.0)
    }

    /// RFC 3339 with nanoseconds, as `time.RFC3339Nano` in UTC prints it (trailing zeros dropped).
    pub fn rfc3339_nano(self) -> String {
        let micros = self.0 % MICROS;
        let seconds = self.stamp().to_string();
        if micros == 0 {
            return seconds;
        }
        let fraction = format!("{micros:06}");
        format!("{}.{}Z", seconds.trim_end_matches('Z'), fraction.trim_end_matches('0'))
    }
}

impl Timestamp {
    /// The instant at which the second begins.
    pub const fn time(self) -> Time {
        Time(self.0 as u64 * MICROS)
    }

    /// Reads RFC 3339 (`2026-01-01T00:00:00Z`, fractions and offsets allowed); `None` if it is not.
    pub fn parse(text: &str) -> Option<Timestamp> {
        let bytes = text.as_bytes();
        let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
        let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
        if separators.iter().any(|(at, sep)| bytes.get(*at) != Some(sep)) {
            return None;
        }
        let days = days_from_civil(number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let of_day = number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?;
        let rest = text.get(19..)?;
        let zone = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
        let offset = zone_offset(zone)?;
        u32::try_from(days * 86_400 + of_day - offset).ok().map(Timestamp)
    }
}

fn zone_offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = zone.get(1..3)?.parse::<i64>().ok()?;
    let minutes = zone.get(4..6)?.parse::<i64>().ok()?;
    Some(sign * (hours * 3600 + minutes * 60))
}

/// Days since 1970-01-01 of a date of the Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// (year, month, day) of the days since 1970-01-01.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(i64::from(self.0 / 86_400));
        let s = self.0 % 86_400;
        write!(f, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", s / 3600, s / 60 % 60, s % 60)
    }
}

impl Add<Duration> for Time {
    type Output = Time;
    fn add(self, span: Duration) -> Time {
        Time(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Duration> for Time {
    fn add_assign(&mut self, span: Duration) {
        *self = *self + span;
    }
}

impl Sub<Duration> for Time {
    type Output = Time;
    fn sub(self, span: Duration) -> Time {
        Time(self.0.saturating_sub(span.0))
    }
}

impl Add for Duration {
    type Output = Duration;
    fn add(self, other: Duration) -> Duration {
        Duration(self.0.saturating_add(other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_print_and_read_as_rfc3339() {
        assert_eq!(Time::START.stamp().to_string(), "2026-01-01T00:00:00Z");
        for text in ["1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "2100-03-01T12:00:00Z"] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Timestamp::parse("2026-01-01T09:00:00.5+09:00"), Some(Time::START.stamp()));
        assert_eq!(Timestamp::parse("yesterday"), None);
        assert_eq!((Time::START + Duration::from_millis(50)).rfc3339_nano(), "2026-01-01T00:00:00.05Z");
    }

    #[test]
    fn ticks_lie_on_the_grid() {
        let start = Time(1000);
        let period = Duration(20);
        assert_eq!(Time(0).next_tick(start, period), start);
        assert_eq!(Time(1000).next_tick(start, period), start);
        assert_eq!(Time(1001).next_tick(start, period), Time(1020));
        assert_eq!(Time(1020).next_tick(start, period), Time(1020));
    }
}
