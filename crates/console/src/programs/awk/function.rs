//! awk's own functions.

use crate::shell::float_text;

/// Names, and the fewest and most arguments.
const FUNCTIONS: [(&str, usize, usize); 15] = [
    ("length", 0, 1),
    ("substr", 2, 3),
    ("index", 2, 2),
    ("split", 2, 3),
    ("sub", 2, 3),
    ("gsub", 2, 3),
    ("match", 2, 2),
    ("sprintf", 1, 99),
    ("tolower", 1, 1),
    ("toupper", 1, 1),
    ("int", 1, 1),
    ("sqrt", 1, 1),
    ("rand", 0, 0),
    ("srand", 0, 1),
    ("strtonum", 1, 1),
];

pub(super) fn find(name: &str) -> Option<&'static str> {
    FUNCTIONS.iter().find(|(known, _, _)| *known == name).map(|(known, _, _)| *known)
}

pub(super) fn check(name: &str, count: usize) -> Result<(), String> {
    let fits =
        FUNCTIONS.iter().any(|(known, least, most)| *known == name && (*least..=*most).contains(&count));
    if fits { Ok(()) } else { Err(format!("wrong number of arguments in call to {name}")) }
}

/// More than this is no width that a person means.
const WIDEST: usize = 10_000;

/// A value that `printf` is given.
pub(super) struct Argument {
    pub text: String,
    pub number: f64,
    /// `%c` of a number is the character of that number.
    pub is_number: bool,
}

/// `sprintf`
pub(super) fn format(format: &str, arguments: &[Argument]) -> String {
    let mut out = String::new();
    let mut arguments = arguments.iter();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        if chars.next_if_eq(&'%').is_some() {
            out.push('%');
            continue;
        }
        let mut flags = String::new();
        while let Some(flag) = chars.next_if(|c| matches!(c, '-' | '+' | ' ' | '#' | '0')) {
            flags.push(flag);
        }
        let mut size = || -> Option<i64> {
            if chars.next_if_eq(&'*').is_some() {
                return arguments.next().map(|argument| argument.number as i64);
            }
            let mut digits = String::new();
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            digits.parse().ok()
        };
        let width = size();
        let precision = match chars.next_if_eq(&'.') {
            Some(_) => {
                let mut digits = String::new();
                while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                    digits.push(digit);
                }
                Some(digits.parse::<usize>().unwrap_or(0))
            }
            None => None,
        };
        let Some(verb) = chars.next() else {
            out.push('%');
            break;
        };
        let body = match verb {
            's' | 'c' | 'd' | 'i' | 'o' | 'x' | 'X' | 'u' | 'f' | 'F' | 'e' | 'E' | 'g' | 'G' => {
                piece(verb, &flags, precision, arguments.next())
            }
            other => {
                out.extend(['%', other]);
                continue;
            }
        };
        let width_given = width.unwrap_or(0);
        let wide = usize::try_from(width_given.unsigned_abs()).unwrap_or(0).min(WIDEST);
        let missing = wide.saturating_sub(body.chars().count());
        let left = flags.contains('-') || width_given < 0;
        match (left, flags.contains('0') && !matches!(verb, 's' | 'c')) {
            (true, _) => out += &format!("{body}{}", " ".repeat(missing)),
            (false, true) => {
                let digits = body.trim_start_matches(['-', '+']);
                let sign = body.get(..body.len() - digits.len()).unwrap_or_default();
                out += &format!("{sign}{}{digits}", "0".repeat(missing));
            }
            (false, false) => out += &format!("{}{body}", " ".repeat(missing)),
        }
    }
    out
}

fn piece(verb: char, flags: &str, precision: Option<usize>, argument: Option<&Argument>) -> String {
    let (text, number, is_number) = match argument {
        Some(argument) => (argument.text.as_str(), argument.number, argument.is_number),
        None => ("", 0.0, false),
    };
    let signed = |text: String| match number >= 0.0 && flags.contains('+') {
        true => format!("+{text}"),
        false => text,
    };
    match verb {
        's' => match precision {
            Some(count) => text.chars().take(count).collect(),
            None => text.to_owned(),
        },
        'c' if is_number => char::from_u32(number as u32).map_or(String::new(), String::from),
        'c' => text.chars().take(1).collect(),
        'd' | 'i' => signed(format!("{}", number.trunc() as i64)),
        'u' => format!("{}", number.trunc() as i64 as u64),
        'o' => format!("{:o}", number as i64),
        'x' => format!("{:x}", number as i64),
        'X' => format!("{:X}", number as i64),
        verb => signed(float_text(number, verb, precision)),
    }
}
