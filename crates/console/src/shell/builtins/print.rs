//! `echo`, `printf`.

use super::Cx;
use crate::escape::{Style, unescape};

pub(super) fn echo(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    let (mut newline, mut escapes) = (true, false);
    let mut rest = args;
    while let Some((option, after)) = rest.split_first() {
        let letters = option.strip_prefix('-').unwrap_or_default();
        if letters.is_empty() || !letters.chars().all(|c| matches!(c, 'n' | 'e' | 'E')) {
            break;
        }
        for letter in letters.chars() {
            match letter {
                'n' => newline = false,
                'e' => escapes = true,
                _ => escapes = false,
            }
        }
        rest = after;
    }
    let text = rest.join(" ");
    let mut bytes = text.clone().into_bytes();
    if escapes {
        let unescaped = unescape(&text, Style::Echo);
        newline &= !unescaped.ends;
        bytes = unescaped.bytes;
    }
    if newline {
        bytes.push(b'\n');
    }
    cx.write(1, &bytes);
    0
}

/// A part of printf's format.
enum Part {
    Text(Vec<u8>),
    Spec { flags: String, width: Option<String>, precision: Option<String>, verb: char },
}

/// More than this is no width that a person means.
const WIDEST: usize = 10_000;

pub(super) fn printf(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    let mut args = args;
    let mut variable = None;
    if let [option, name, rest @ ..] = args
        && option == "-v"
    {
        variable = Some(name.clone());
        args = rest;
    }
    let args = args.strip_prefix(&["--".to_owned()][..]).unwrap_or(args);
    let Some((format, values)) = args.split_first() else {
        cx.err("printf: usage: printf [-v var] format [arguments]\n");
        return 2;
    };
    let parts = match parts(format) {
        Ok(parts) => parts,
        Err(text) => return cx.complain(&format!("printf: {text}")),
    };
    let mut printed = Printed { out: Vec::new(), err: Vec::new(), ended: false };
    let mut values = values;
    loop {
        let before = values.len();
        for part in &parts {
            values = printed.part(part, values);
            if printed.ended {
                break;
            }
        }
        if values.is_empty() || values.len() == before || printed.ended {
            break;
        }
    }
    let code = i32::from(!printed.err.is_empty());
    for text in &printed.err {
        cx.complain(&format!("printf: {text}"));
    }
    match variable {
        Some(name) => cx.thread.env.put(&name, &String::from_utf8_lossy(&printed.out)),
        None => cx.write(1, &printed.out),
    }
    code
}

struct Printed {
    out: Vec<u8>,
    err: Vec<String>,
    /// `\c` in a `%b`.
    ended: bool,
}

impl Printed {
    /// Prints a part with the next of the values; those that are left.
    fn part<'v>(&mut self, part: &Part, values: &'v [String]) -> &'v [String] {
        let (flags, width, precision, verb) = match part {
            Part::Text(text) => {
                self.out.extend(text);
                return values;
            }
            Part::Spec { flags, width, precision, verb } => (flags, width, precision, *verb),
        };
        let mut values = values;
        let mut take = || match values.split_first() {
            Some((value, rest)) => {
                values = rest;
                Some(value.clone())
            }
            None => None,
        };
        let mut size = |text: &Option<String>| -> Option<i64> {
            match text.as_deref() {
                Some("*") => take().and_then(|value| value.parse().ok()),
                Some(text) => Some(text.parse().unwrap_or(0)),
                None => None,
            }
        };
        let width = size(width).unwrap_or(0);
        let precision = size(precision).and_then(|size| usize::try_from(size).ok());
        let value = take();
        let mut zeros = flags.contains('0');
        let body = match verb {
            'b' => {
                let unescaped = unescape(&value.unwrap_or_default(), Style::Echo);
                self.ended = unescaped.ends;
                if precision.is_none() && width == 0 {
                    self.out.extend(unescaped.bytes);
                    return values;
                }
                cut(&unescaped.text(), precision)
            }
            's' => cut(&value.unwrap_or_default(), precision),
            'q' => escaped(&value.unwrap_or_default()),
            'c' => value.unwrap_or_default().chars().take(1).collect(),
            'd' | 'i' | 'u' | 'x' | 'X' | 'o' => {
                let number = self.integer(value.as_deref().unwrap_or_default());
                integer_text(number, verb, flags, precision, &mut zeros)
            }
            _ => {
                let text = value.unwrap_or_default();
                let number = text.trim().parse::<f64>().unwrap_or_else(|_| {
                    if !text.is_empty() {
                        self.err.push(format!("{text}: invalid number"));
                    }
                    0.0
                });
                float_text(number, verb, precision)
            }
        };
        let left = flags.contains('-') || width < 0;
        let width = usize::try_from(width.unsigned_abs()).unwrap_or(0).min(WIDEST);
        let missing = width.saturating_sub(body.chars().count());
        let padded = match (left, zeros && !matches!(verb, 's' | 'b' | 'c' | 'q')) {
            (true, _) => format!("{body}{}", " ".repeat(missing)),
            (false, true) => {
                let digits = body.trim_start_matches('-');
                let sign = if digits.len() < body.len() { "-" } else { "" };
                format!("{sign}{}{digits}", "0".repeat(missing))
            }
            (false, false) => format!("{}{body}", " ".repeat(missing)),
        };
        self.out.extend(padded.bytes());
        values
    }

    fn integer(&mut self, text: &str) -> i64 {
        let trimmed = text.trim();
        // `'A` stands for the character's number.
        if let Some(quoted) = trimmed.strip_prefix(['\'', '"']) {
            return quoted.chars().next().map_or(0, |c| i64::from(u32::from(c)));
        }
        let (negative, digits) = match trimmed.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
        };
        let parsed = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
            Some(digits) => i64::from_str_radix(digits, 16),
            None if digits.len() > 1 && digits.starts_with('0') => i64::from_str_radix(digits, 8),
            None => digits.parse(),
        };
        match parsed {
            Ok(value) => {
                if negative {
                    -value
                } else {
                    value
                }
            }
            Err(_) => {
                if !trimmed.is_empty() {
                    self.err.push(format!("{text}: invalid number"));
                }
                let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
                digits.parse().unwrap_or(0)
            }
        }
    }
}

fn cut(text: &str, precision: Option<usize>) -> String {
    match precision {
        Some(count) => text.chars().take(count).collect(),
        None => text.to_owned(),
    }
}

fn integer_text(number: i64, verb: char, flags: &str, precision: Option<usize>, zeros: &mut bool) -> String {
    let digits = match verb {
        'x' => format!("{number:x}"),
        'X' => format!("{number:X}"),
        'o' => format!("{number:o}"),
        'u' => format!("{}", number as u64),
        _ => format!("{}", number.unsigned_abs()),
    };
    let digits = match precision {
        Some(least) => {
            *zeros = false;
            format!("{}{digits}", "0".repeat(least.min(WIDEST).saturating_sub(digits.len())))
        }
        None => digits,
    };
    let sign = match number {
        number if number < 0 && matches!(verb, 'd' | 'i') => "-",
        _ if flags.contains('+') && matches!(verb, 'd' | 'i') => "+",
        _ if flags.contains(' ') && matches!(verb, 'd' | 'i') => " ",
        _ => "",
    };
    let prefix = match verb {
        'x' if flags.contains('#') => "0x",
        'X' if flags.contains('#') => "0X",
        'o' if flags.contains('#') => "0",
        _ => "",
    };
    format!("{sign}{prefix}{digits}")
}

/// `%f`, `%e`, `%g` as C prints them.
pub(crate) fn float_text(number: f64, verb: char, precision: Option<usize>) -> String {
    let places = precision.unwrap_or(6).min(100);
    match verb {
        'f' | 'F' => format!("{number:.places$}"),
        'e' | 'E' => {
            let text = format!("{number:.places$e}");
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let (sign, digits) = match exponent.strip_prefix('-') {
                Some(digits) => ('-', digits),
                None => ('+', exponent),
            };
            format!("{mantissa}{}{sign}{digits:0>2}", verb)
        }
        _ => general_text(number, places.max(1)),
    }
}

/// `%g`: the shorter of the two forms, without trailing zeros.
fn general_text(number: f64, places: usize) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{number:.*e}", places - 1);
    let exponent =
        scientific.split_once('e').and_then(|(_, exponent)| exponent.parse::<i32>().ok()).unwrap_or(0);
    let trimmed = |text: String| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    };
    if exponent < -4 || exponent >= places as i32 {
        let text = float_text(number, 'e', Some(places - 1));
        let (mantissa, rest) = text.split_once('e').unwrap_or((&text, "+00"));
        return format!("{}e{rest}", trimmed(mantissa.to_owned()));
    }
    let after = usize::try_from(places as i32 - 1 - exponent).unwrap_or(0);
    trimmed(format!("{number:.after$}"))
}

fn parts(format: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut chars = format.chars().peekable();
    let flush = |text: &mut String, parts: &mut Vec<Part>| {
        if !text.is_empty() {
            parts.push(Part::Text(unescape(&std::mem::take(text), Style::Quoted).bytes));
        }
    };
    while let Some(c) = chars.next() {
        if c == '\\' {
            text.push(c);
            text.extend(chars.next());
            continue;
        }
        if c != '%' {
            text.push(c);
            continue;
        }
        if chars.next_if_eq(&'%').is_some() {
            text.push('%');
            continue;
        }
        flush(&mut text, &mut parts);
        let mut take = |wanted: fn(char) -> bool| {
            let mut taken = String::new();
            while let Some(c) = chars.next_if(|c| wanted(*c)) {
                taken.push(c);
            }
            taken
        };
        let flags = take(|c| matches!(c, '-' | '+' | ' ' | '#' | '0'));
        let digits = |c: char| c.is_ascii_digit() || c == '*';
        let width = Some(take(digits)).filter(|width| !width.is_empty());
        let precision = match chars.next_if_eq(&'.') {
            Some(_) => {
                let mut digits = String::new();
                while let Some(c) = chars.next_if(|c| c.is_ascii_digit() || *c == '*') {
                    digits.push(c);
                }
                Some(if digits.is_empty() { "0".to_owned() } else { digits })
            }
            None => None,
        };
        while chars.next_if(|c| matches!(c, 'l' | 'h' | 'j' | 'z' | 't')).is_some() {}
        match chars.next() {
            Some(
                verb @ ('s' | 'b' | 'c' | 'q' | 'd' | 'i' | 'u' | 'x' | 'X' | 'o' | 'f' | 'F' | 'e' | 'E'
                | 'g' | 'G'),
            ) => {
                parts.push(Part::Spec { flags, width, precision, verb });
            }
            Some(other) => return Err(format!("`{other}': invalid format character")),
            None => return Err("`%': missing format character".to_owned()),
        }
    }
    flush(&mut text, &mut parts);
    Ok(parts)
}

/// A word as a shell could read it again, with backslashes.
fn escaped(text: &str) -> String {
    if text.is_empty() {
        return "''".to_owned();
    }
    if text.chars().any(char::is_control) {
        return format!("$'{}'", text.escape_default());
    }
    let plain = |c: char| c.is_alphanumeric() || "_-./:=@%+,".contains(c);
    text.chars().flat_map(|c| (!plain(c)).then_some('\\').into_iter().chain([c])).collect()
}

/// A word as a shell could read it again, in quotes.
pub fn quoted(text: &str) -> String {
    let plain = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '=' | '@' | '%' | '+' | ',')
    };
    if text.is_empty() {
        return "''".to_owned();
    }
    if text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}
