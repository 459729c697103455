//! Go's `time.Parse` for RFC 3339, which the API's times go through: whether it would succeed, and its words
//! if not. Upstream: Go's time/format.go.

use golang::strconv::quote;

/// Checks a time; `micro` wants exactly six digits behind the seconds.
pub(super) fn check(text: &str, micro: bool) -> Result<(), String> {
    Parser { text, rest: text, micro }.parse()
}

struct Parser<'t> {
    text: &'t str,
    rest: &'t str,
    micro: bool,
}

impl Parser<'_> {
    fn parse(&mut self) -> Result<(), String> {
        let year = self.digits("2006", 4)?;
        self.literal("-")?;
        let month = self.digits("01", 2)?;
        if !(1..=12).contains(&month) {
            return self.out_of_range("month");
        }
        self.literal("-")?;
        let day = self.digits("02", 2)?;
        self.literal("T")?;
        for (layout, separator, limit, name) in
            [("15", ":", 24, "hour"), ("04", ":", 60, "minute"), ("05", "", 60, "second")]
        {
            if self.digits(layout, 2)? >= limit {
                return self.out_of_range(name);
            }
            self.literal(separator)?;
        }
        self.fraction()?;
        self.zone()?;
        if !self.rest.is_empty() {
            return Err(format!("parsing time {}: extra text: {}", quote(self.text), quote(self.rest)));
        }
        if day < 1 || day > days_in(year, month) {
            return self.out_of_range("day");
        }
        Ok(())
    }

    fn cannot_parse<T>(&self, layout: &str) -> Result<T, String> {
        let whole = if self.micro { "2006-01-02T15:04:05.000000Z07:00" } else { "2006-01-02T15:04:05Z07:00" };
        let (text, rest) = (quote(self.text), quote(self.rest));
        Err(format!("parsing time {text} as \"{whole}\": cannot parse {rest} as \"{layout}\""))
    }

    fn out_of_range<T>(&self, what: &str) -> Result<T, String> {
        Err(format!("parsing time {}: {what} out of range", quote(self.text)))
    }

    fn digits(&mut self, layout: &str, count: usize) -> Result<u32, String> {
        let number = self.rest.get(..count).filter(|s| s.bytes().all(|b| b.is_ascii_digit()));
        match number.and_then(|s| s.parse().ok()) {
            Some(number) => {
                self.rest = &self.rest[count..];
                Ok(number)
            }
            None => self.cannot_parse(layout),
        }
    }

    fn literal(&mut self, literal: &str) -> Result<(), String> {
        match self.rest.strip_prefix(literal) {
            Some(rest) => self.rest = rest,
            None => return self.cannot_parse(literal),
        }
        Ok(())
    }

    fn fraction(&mut self) -> Result<(), String> {
        let digits = match self.rest.strip_prefix(['.', ',']) {
            Some(behind) => behind.bytes().take_while(u8::is_ascii_digit).count(),
            None => 0,
        };
        if self.micro {
            if digits < 6 {
                return self.cannot_parse(".000000");
            }
            self.rest = &self.rest[7..];
        } else if digits > 0 {
            self.rest = &self.rest[digits + 1..];
        }
        Ok(())
    }

    fn zone(&mut self) -> Result<(), String> {
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Ok(());
        }
        let digits =
            |from: usize| self.rest.get(from..from + 2).filter(|s| s.bytes().all(|b| b.is_ascii_digit()));
        let number = |from: usize| digits(from).and_then(|s| s.parse::<u8>().ok());
        let bytes = self.rest.as_bytes();
        let signed = matches!(bytes.first(), Some(b'+' | b'-')) && bytes.get(3) == Some(&b':');
        match (signed, number(1), number(4)) {
            (true, Some(25..), _) => self.out_of_range("time zone offset hour"),
            (true, _, Some(61..)) => self.out_of_range("time zone offset minute"),
            (true, Some(_), Some(_)) => {
                self.rest = &self.rest[6..];
                Ok(())
            }
            _ => self.cannot_parse("Z07:00"),
        }
    }
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_times_pass() {
        for text in
            ["2026-01-02T03:04:05Z", "2024-02-29T23:59:59+09:00", "2026-01-02T03:04:05.123456789-07:30"]
        {
            assert_eq!(check(text, false), Ok(()), "{text}");
        }
        assert_eq!(check("2026-01-02T03:04:05.123456Z", true), Ok(()));
    }

    #[test]
    fn bad_times_have_go_s_words() {
        let layout = r#"as "2006-01-02T15:04:05Z07:00": cannot parse"#;
        for (text, message) in [
            ("soon", format!(r#"parsing time "soon" {layout} "soon" as "2006""#)),
            ("", format!(r#"parsing time "" {layout} "" as "2006""#)),
            ("2026-01-02", format!(r#"parsing time "2026-01-02" {layout} "" as "T""#)),
            ("2026-1-2T", format!(r#"parsing time "2026-1-2T" {layout} "1-2T" as "01""#)),
            ("2026-01-02T03:04:05", format!(r#"parsing time "2026-01-02T03:04:05" {layout} "" as "Z07:00""#)),
            ("2026-13-02T03:04:05Z", r#"parsing time "2026-13-02T03:04:05Z": month out of range"#.to_owned()),
            ("2026-02-29T03:04:05Z", r#"parsing time "2026-02-29T03:04:05Z": day out of range"#.to_owned()),
            ("2026-01-02T24:04:05Z", r#"parsing time "2026-01-02T24:04:05Z": hour out of range"#.to_owned()),
            ("2026-01-02T03:04:05Zx", r#"parsing time "2026-01-02T03:04:05Zx": extra text: "x""#.to_owned()),
        ] {
            assert_eq!(check(text, false), Err(message), "{text}");
        }
        assert!(check("2026-01-02T03:04:05.1Z", true).is_err());
        assert!(check("2026-01-02T03:04:05+데x:", false).is_err());
    }
}
