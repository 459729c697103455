//! Points in time as the tools of a terminal print them; everything is in UTC.

use sim::{Time, Timestamp};

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A date taken apart.
struct Parts {
    weekday: &'static str,
    month: &'static str,
    /// `2026-01-01T00:00:05Z`
    text: String,
}

impl Parts {
    fn of(stamp: Timestamp) -> Parts {
        let text = stamp.to_string();
        let month = text.get(5..7).and_then(|month| month.parse::<usize>().ok()).unwrap_or(1);
        let weekday = DAYS.get((stamp.0 / 86_400 % 7) as usize).copied().unwrap_or_default();
        let month = MONTHS.get(month.saturating_sub(1)).copied().unwrap_or_default();
        Parts { weekday, month, text }
    }

    fn year(&self) -> &str {
        self.text.get(..4).unwrap_or_default()
    }

    fn date(&self) -> &str {
        self.text.get(..10).unwrap_or_default()
    }

    /// Two digits.
    fn day(&self) -> &str {
        self.text.get(8..10).unwrap_or_default()
    }

    /// Padded with a space.
    fn short_day(&self) -> String {
        format!("{:>2}", self.day().trim_start_matches('0'))
    }

    fn clock(&self) -> &str {
        self.text.get(11..19).unwrap_or_default()
    }
}

/// `Thu, 01 Jan 2026 00:00:05 +0000`: what describe prints (Go's RFC1123Z).
pub fn rfc1123z(stamp: Timestamp) -> String {
    let parts = Parts::of(stamp);
    format!("{}, {} {} {} {} +0000", parts.weekday, parts.day(), parts.month, parts.year(), parts.clock())
}

/// `Thu Jan  1 00:00:05 UTC 2026`: what `date` prints.
pub fn unix_date(time: Time) -> String {
    let parts = Parts::of(time.stamp());
    format!("{} {} {} {} UTC {}", parts.weekday, parts.month, parts.short_day(), parts.clock(), parts.year())
}

/// `Jan  1 00:05`: what `ls -l` prints of a file of the last months.
pub fn ls_date(time: Time) -> String {
    let parts = Parts::of(time.stamp());
    format!("{} {} {}", parts.month, parts.short_day(), parts.clock().get(..5).unwrap_or_default())
}

/// `Jan 01 00:00:05`: what begins a line of the journal.
pub fn journal_date(time: Time) -> String {
    let parts = Parts::of(time.stamp());
    format!("{} {} {}", parts.month, parts.day(), parts.clock())
}

/// `Jan 01, 2026 00:00 UTC`: what `kubeadm certs check-expiration` prints.
pub fn day_and_minute(time: Time) -> String {
    let parts = Parts::of(time.stamp());
    let minute = parts.clock().get(..5).unwrap_or_default();
    format!("{} {}, {} {minute} UTC", parts.month, parts.day(), parts.year())
}

/// `Thu 2026-01-01 00:00:05 UTC`: what systemctl prints.
pub fn systemd_date(time: Time) -> String {
    let parts = Parts::of(time.stamp());
    format!("{} {} {} UTC", parts.weekday, parts.date(), parts.clock())
}

/// What klog puts before each line: `E0101 00:00:07.300000     812 kubelet.go:3516]`. `pid` is the process's number,
/// `place` the file and line that write it.
pub fn klog_head(now: Time, severity: char, pid: u32, place: &str) -> String {
    // 2026-01-01T00:00:00Z
    let stamp = now.stamp().to_string();
    let part = |from: usize, to: usize| stamp.get(from..to).unwrap_or_default();
    let (month, day, clock, micros) = (part(5, 7), part(8, 10), part(11, 19), now.0 % 1_000_000);
    format!("{severity}{month}{day} {clock}.{micros:06} {pid:>7} {place}]")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim::Duration;

    #[test]
    fn dates_print_as_the_tools_print_them() {
        let time = Time::START + Duration::from_secs(9 * 86_400 + 5);
        assert_eq!(rfc1123z(time.stamp()), "Sat, 10 Jan 2026 00:00:05 +0000");
        let time = Time::START + Duration::from_secs(65);
        assert_eq!(rfc1123z(time.stamp()), "Thu, 01 Jan 2026 00:01:05 +0000");
        assert_eq!(unix_date(time), "Thu Jan  1 00:01:05 UTC 2026");
        assert_eq!(ls_date(time), "Jan  1 00:01");
        assert_eq!(journal_date(time), "Jan 01 00:01:05");
        assert_eq!(systemd_date(time), "Thu 2026-01-01 00:01:05 UTC");
    }
}
