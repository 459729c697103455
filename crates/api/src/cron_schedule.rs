//! When a schedule says that it is time: the five fields of cron, its short forms, and `@every`. All in UTC.
//!
//! Kubernetes: vendor/github.com/robfig/cron/v3 (parser.go, spec.go, constantdelay.go).

use std::fmt;

use sim::{Duration, Time, Timestamp};

/// A parsed schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(Form);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    Fields(Box<Fields>),
    Every(Duration),
}

/// One bit for each value that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fields {
    minute: u64,
    hour: u64,
    day: u64,
    month: u64,
    weekday: u64,
    /// Whether the days of the month and of the week are open: then both have to fit, otherwise one.
    any_day: bool,
    any_weekday: bool,
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The least and the greatest value of a field, and the names of values from `first_name` on.
struct Bounds {
    min: u32,
    max: u32,
    names: &'static [&'static str],
}

const MINUTE: Bounds = Bounds { min: 0, max: 59, names: &[] };
const HOUR: Bounds = Bounds { min: 0, max: 23, names: &[] };
const DAY: Bounds = Bounds { min: 1, max: 31, names: &[] };
const MONTH: Bounds = Bounds { min: 1, max: 12, names: &MONTHS };
const WEEKDAY: Bounds = Bounds { min: 0, max: 6, names: &WEEKDAYS };

/// Why a text is no schedule. Prints as the sentence that Kubernetes shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleError {
    /// There is no text.
    Empty,
    /// It begins with a time zone, which is not simulated there.
    TimeZone,
    /// What stands behind `@every` is no time span; the whole text.
    Duration(String),
    /// It begins with `@` and is none of the known words; the text.
    Descriptor(String),
    /// It has not five fields; those that it has.
    FieldCount(Vec<String>),
    /// A part of a field is no range.
    Range {
        /// The part.
        text: String,
        /// What is wrong with it.
        problem: RangeProblem,
    },
}

/// What is wrong with a range of a schedule's field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeProblem {
    /// More than one `-`.
    Hyphens,
    /// More than one `/`.
    Slashes,
    /// It begins below what the field may have: the beginning, and the least.
    BelowMinimum(u32, u32),
    /// It ends above what the field may have: the end, and the most.
    AboveMaximum(u32, u32),
    /// It begins, with the first number, behind its end, the second one.
    Backwards(u32, u32),
    /// Its step is 0.
    NoStep,
    /// A negative number; without its sign.
    Negative(u32),
    /// Not a number, nor a name of the field.
    NotANumber,
}

impl RangeProblem {
    fn of(self, text: &str) -> ScheduleError {
        ScheduleError::Range { text: text.to_owned(), problem: self }
    }
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, problem) = match self {
            ScheduleError::Empty => return f.write_str("empty spec string"),
            ScheduleError::TimeZone => {
                return f.write_str("kubestage does not simulate time zones in schedules");
            }
            ScheduleError::Duration(text) => return write!(f, "failed to parse duration {text}"),
            ScheduleError::Descriptor(text) => return write!(f, "unrecognized descriptor: {text}"),
            ScheduleError::FieldCount(fields) => {
                let found = fields.len();
                return write!(f, "expected exactly 5 fields, found {found}: [{}]", fields.join(" "));
            }
            ScheduleError::Range { text, problem } => (text, *problem),
        };
        match problem {
            RangeProblem::Hyphens => write!(f, "too many hyphens: {text}"),
            RangeProblem::Slashes => write!(f, "too many slashes: {text}"),
            RangeProblem::BelowMinimum(first, min) => {
                write!(f, "beginning of range ({first}) below minimum ({min}): {text}")
            }
            RangeProblem::AboveMaximum(last, max) => {
                write!(f, "end of range ({last}) above maximum ({max}): {text}")
            }
            RangeProblem::Backwards(first, last) => {
                write!(f, "beginning of range ({first}) beyond end of range ({last}): {text}")
            }
            RangeProblem::NoStep => write!(f, "step of range should be a positive number: {text}"),
            RangeProblem::Negative(digits) => write!(f, "negative number (-{digits}) not allowed: {text}"),
            RangeProblem::NotANumber => {
                write!(f, "failed to parse int from {text}: strconv.Atoi: parsing \"{text}\": invalid syntax")
            }
        }
    }
}

impl std::error::Error for ScheduleError {}

impl Schedule {
    /// Reads a schedule.
    ///
    /// Kubernetes: cron.ParseStandard.
    pub fn parse(text: &str) -> Result<Schedule, ScheduleError> {
        if text.is_empty() {
            return Err(ScheduleError::Empty);
        }
        if text.starts_with("TZ=") || text.starts_with("CRON_TZ=") {
            return Err(ScheduleError::TimeZone);
        }
        let text = match text {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            text => text,
        };
        if let Some(span) = text.strip_prefix("@every ") {
            let every = parse_span(span).ok_or_else(|| ScheduleError::Duration(text.to_owned()))?;
            return Ok(Schedule(Form::Every(every)));
        }
        if text.starts_with('@') {
            return Err(ScheduleError::Descriptor(text.to_owned()));
        }
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err(ScheduleError::FieldCount(fields.iter().map(|&field| field.to_owned()).collect()));
        };
        let (minute, hour) = (field(minute, &MINUTE)?.0, field(hour, &HOUR)?.0);
        let (day, any_day) = field(day, &DAY)?;
        let month = field(month, &MONTH)?.0;
        let (weekday, any_weekday) = field(weekday, &WEEKDAY)?;
        let fields = Fields { minute, hour, day, month, weekday, any_day, any_weekday };
        Ok(Schedule(Form::Fields(Box::new(fields))))
    }

    /// The first time after `time`; `None` if none comes within five years.
    pub fn next(&self, time: Time) -> Option<Time> {
        let second = time.0 / 1_000_000;
        match &self.0 {
            Form::Every(every) => Some(Time::from_secs(second) + *every),
            Form::Fields(fields) => fields.next(second).map(Time::from_secs),
        }
    }
}

impl Fields {
    /// Seconds since 1970, after and before.
    fn next(&self, second: u64) -> Option<u64> {
        const DAY_SECONDS: u64 = 86_400;
        // The next whole minute.
        let from = (second / 60 + 1) * 60;
        let (first_day, from_minute) = (from / DAY_SECONDS, from % DAY_SECONDS / 60);
        for day in first_day..first_day + 5 * 366 {
            if !self.fits_day(day) {
                continue;
            }
            let earliest = if day == first_day { from_minute } else { 0 };
            let fits =
                |minute: &u64| self.hour & 1 << (minute / 60) != 0 && self.minute & 1 << (minute % 60) != 0;
            if let Some(minute) = (earliest..24 * 60).find(fits) {
                return Some(day * DAY_SECONDS + minute * 60);
            }
        }
        None
    }

    /// Kubernetes: spec.go, dayMatches.
    fn fits_day(&self, day: u64) -> bool {
        let (month, of_month) = month_and_day(day);
        // The first of January 1970 was a Thursday.
        let weekday = (day + 4) % 7;
        let (fits_day, fits_weekday) = (self.day & 1 << of_month != 0, self.weekday & 1 << weekday != 0);
        let fits = match self.any_day || self.any_weekday {
            true => fits_day && fits_weekday,
            false => fits_day || fits_weekday,
        };
        self.month & 1 << month != 0 && fits
    }
}

/// The month (1 to 12) and its day of a day since 1970.
fn month_and_day(day: u64) -> (u64, u64) {
    let date = Timestamp(u32::try_from(day * 86_400).unwrap_or(u32::MAX)).to_string();
    let part = |from: usize| date.get(from..from + 2).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    (part(5), part(8))
}

/// The values of a field, and whether it is open.
///
/// Kubernetes: parser.go, getField, getRange.
fn field(text: &str, bounds: &Bounds) -> Result<(u64, bool), ScheduleError> {
    let (mut bits, mut open) = (0, false);
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (more, star) = range(part, bounds)?;
        bits |= more;
        open |= star;
    }
    Ok((bits, open))
}

fn range(text: &str, bounds: &Bounds) -> Result<(u64, bool), ScheduleError> {
    let steps: Vec<&str> = text.split('/').collect();
    let ends: Vec<&str> = steps[0].split('-').collect();
    let (mut first, mut last, mut open) = (bounds.min, bounds.max, false);
    match ends.as_slice() {
        ["*" | "?", ..] => open = true,
        [only] => {
            first = number_or_name(only, bounds)?;
            last = first;
        }
        [from, to] => {
            first = number_or_name(from, bounds)?;
            last = number_or_name(to, bounds)?;
        }
        _ => return Err(RangeProblem::Hyphens.of(text)),
    }
    let step = match steps.as_slice() {
        [_] => 1,
        [_, step] => {
            // `n/step` means from n to the end.
            if ends.len() == 1 && !open {
                last = bounds.max;
            }
            let step = number(step)?;
            open &= step <= 1;
            step
        }
        _ => return Err(RangeProblem::Slashes.of(text)),
    };
    let (min, max) = (bounds.min, bounds.max);
    if first < min {
        return Err(RangeProblem::BelowMinimum(first, min).of(text));
    }
    if last > max {
        return Err(RangeProblem::AboveMaximum(last, max).of(text));
    }
    if first > last {
        return Err(RangeProblem::Backwards(first, last).of(text));
    }
    if step == 0 {
        return Err(RangeProblem::NoStep.of(text));
    }
    let values = (first..=last).step_by(step as usize);
    Ok((values.fold(0, |bits, value| bits | 1 << value), open))
}

fn number_or_name(text: &str, bounds: &Bounds) -> Result<u32, ScheduleError> {
    let at = bounds.names.iter().position(|name| text.eq_ignore_ascii_case(name));
    match at {
        Some(at) => Ok(bounds.min + at as u32),
        None => number(text),
    }
}

fn number(text: &str) -> Result<u32, ScheduleError> {
    if let Some(digits) = text.strip_prefix('-').and_then(|digits| digits.parse().ok()) {
        return Err(RangeProblem::Negative(digits).of(text));
    }
    text.parse().map_err(|_| RangeProblem::NotANumber.of(text))
}

/// `1h30m`, in whole seconds and at least one.
///
/// Go: github.com/robfig/cron, Every.
fn parse_span(text: &str) -> Option<Duration> {
    let seconds = golang::time::parse_duration(text)? / 1_000_000_000;
    // More than a century is nobody's schedule.
    let seconds = u64::try_from(seconds).unwrap_or(0);
    (seconds < 4_000_000_000).then(|| Duration::from_secs(seconds.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: &str, after: &str) -> String {
        let schedule = Schedule::parse(schedule).unwrap();
        let at = schedule.next(Timestamp::parse(after).unwrap().time());
        at.map_or("never".to_owned(), |at| at.stamp().to_string())
    }

    #[test]
    fn the_next_time_is_the_first_that_fits_all_fields() {
        for (schedule, after, wanted) in [
            ("* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"),
            ("*/15 * * * *", "2026-01-01T00:14:59Z", "2026-01-01T00:15:00Z"),
            ("30 6-16/4 * * 1-5", "2026-01-02T14:31:00Z", "2026-01-05T06:30:00Z"),
            ("0 0 29 2 ?", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("0 12 13 * FRI", "2026-01-02T00:00:00Z", "2026-01-02T12:00:00Z"),
            ("5/20 * * * *", "2026-01-01T00:26:00Z", "2026-01-01T00:45:00Z"),
            ("@hourly", "2026-12-31T23:10:00Z", "2027-01-01T00:00:00Z"),
            ("@weekly", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"),
            ("@every 1m30s", "2026-01-01T00:00:10Z", "2026-01-01T00:01:40Z"),
            ("59 23 31 2 *", "2026-01-01T00:00:00Z", "never"),
        ] {
            assert_eq!(next(schedule, after), wanted, "{schedule}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (schedule, why) in [
            ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
            ("61 * * * *", "end of range (61) above maximum (59): 61"),
            ("x * * * *", "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax"),
            ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
            ("*/0 * * * *", "step of range should be a positive number: */0"),
            ("@often", "unrecognized descriptor: @often"),
            ("", "empty spec string"),
        ] {
            assert_eq!(Schedule::parse(schedule).unwrap_err().to_string(), why, "{schedule}");
        }
    }
}
