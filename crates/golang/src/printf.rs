//! Go's fmt: Sprint, Sprintln and Sprintf for the values that templates have.
//!
//! Go: fmt/print.go and format.go. Not simulated: explicit argument indexes (`%[1]d`), pointers and complex
//! numbers.

use serde_json::Value;

use super::strconv::{format_float, quote};
use super::value::GoValue;

/// The operands one after the other, with a space between two that are no strings.
pub fn sprint(args: &[GoValue<'_>]) -> String {
    let mut out = String::new();
    let mut after_string = true;
    for arg in args {
        let is_string = matches!(arg, GoValue::String(_));
        if !is_string && !after_string {
            out.push(' ');
        }
        out.push_str(&shown(arg));
        after_string = is_string;
    }
    out
}

/// The operands with a space between each two, and a new line.
pub fn sprintln(args: &[GoValue<'_>]) -> String {
    let texts: Vec<String> = args.iter().map(shown).collect();
    texts.join(" ") + "\n"
}

/// An operand that is nothing is a nil.
fn shown(arg: &GoValue<'_>) -> String {
    match arg {
        GoValue::Invalid => "<nil>".to_owned(),
        arg => arg.sprint(),
    }
}

/// What stands between a `%` and its verb.
#[derive(Clone, Copy, Default)]
struct Spec {
    plus: bool,
    minus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// Widths and precisions beyond this are refused.
const TOO_LARGE: i64 = 1_000_000;

/// Formats as Go's `fmt.Sprintf` does, with its marks for what is wrong: `%!d(string=a)`, `%!s(MISSING)`.
pub fn sprintf(format: &str, args: &[GoValue<'_>]) -> String {
    let mut out = String::new();
    let mut rest = format;
    let mut args = args.iter();
    while let Some(at) = rest.find('%') {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + 1..).unwrap_or_default();
        let spec = read_spec(&mut rest, &mut args, &mut out);
        let Some(verb) = rest.chars().next() else {
            out.push_str("%!(NOVERB)");
            break;
        };
        rest = rest.get(verb.len_utf8()..).unwrap_or_default();
        match (verb, args.as_slice().first()) {
            ('%', _) => out.push('%'),
            (verb, None) => out.push_str(&format!("%!{verb}(MISSING)")),
            (verb, Some(arg)) => {
                args.next();
                print_arg(arg, verb, &spec, &mut out);
            }
        }
    }
    out.push_str(rest);
    let extra: Vec<String> = args
        .map(|arg| match arg {
            GoValue::Invalid | GoValue::Nil => "<nil>".to_owned(),
            arg => format!("{}={}", arg.type_name(), arg.sprint()),
        })
        .collect();
    if !extra.is_empty() {
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    out
}

fn read_spec(rest: &mut &str, args: &mut std::slice::Iter<'_, GoValue<'_>>, out: &mut String) -> Spec {
    let mut spec = Spec::default();
    loop {
        match rest.chars().next() {
            Some('+') => spec.plus = true,
            Some('-') => spec.minus = true,
            Some('#') => spec.sharp = true,
            Some(' ') => spec.space = true,
            Some('0') => spec.zero = true,
            _ => break,
        }
        *rest = rest.get(1..).unwrap_or_default();
    }
    let width = read_number(rest, args);
    match width {
        Some(Ok(width)) if width < 0 => {
            spec.minus = true;
            spec.width = usize::try_from(-width).ok();
        }
        Some(Ok(width)) => spec.width = usize::try_from(width).ok(),
        Some(Err(())) => out.push_str("%!(BADWIDTH)"),
        None => {}
    }
    if let Some(after) = rest.strip_prefix('.') {
        *rest = after;
        match read_number(rest, args) {
            Some(Ok(precision)) if precision >= 0 => spec.precision = usize::try_from(precision).ok(),
            Some(Ok(_) | Err(())) => out.push_str("%!(BADPREC)"),
            None => spec.precision = Some(0),
        }
    }
    spec
}

/// A number in digits, or `*` for the next argument.
fn read_number(rest: &mut &str, args: &mut std::slice::Iter<'_, GoValue<'_>>) -> Option<Result<i64, ()>> {
    if let Some(after) = rest.strip_prefix('*') {
        *rest = after;
        let number = args.next().and_then(GoValue::as_int).filter(|number| number.abs() <= TOO_LARGE);
        return Some(number.ok_or(()));
    }
    let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, after) = rest.split_at(length);
    *rest = after;
    match digits {
        "" => None,
        digits => Some(digits.parse().ok().filter(|number| *number <= TOO_LARGE).ok_or(())),
    }
}

fn pad(text: &str, spec: &Spec, out: &mut String) {
    let missing = spec.width.unwrap_or(0).saturating_sub(text.chars().count());
    let spaces = std::iter::repeat_n(' ', missing);
    if spec.minus {
        out.push_str(text);
        out.extend(spaces);
    } else {
        out.extend(spaces);
        out.push_str(text);
    }
}

/// A number: zeros go between its sign and its digits.
fn pad_number(sign: &str, digits: &str, spec: &Spec, out: &mut String) {
    let width = spec.width.unwrap_or(0);
    let missing = width.saturating_sub(sign.len() + digits.chars().count());
    if spec.zero && !spec.minus && missing > 0 {
        out.push_str(sign);
        out.extend(std::iter::repeat_n('0', missing));
        out.push_str(digits);
    } else {
        pad(&format!("{sign}{digits}"), spec, out);
    }
}

fn print_arg(arg: &GoValue<'_>, verb: char, spec: &Spec, out: &mut String) {
    match (arg, verb) {
        (_, 'T') => pad(arg.type_name(), spec, out),
        (GoValue::Invalid | GoValue::Nil, 'v') => pad("<nil>", spec, out),
        (GoValue::Invalid | GoValue::Nil, verb) => out.push_str(&format!("%!{verb}(<nil>)")),
        (_, 'v') if spec.sharp => pad(&arg.go_syntax(), spec, out),
        (GoValue::Bool(flag), 't' | 'v') => pad(if *flag { "true" } else { "false" }, spec, out),
        (GoValue::Int(number) | GoValue::Int64(number), verb) => integer(*number, arg, verb, spec, out),
        (GoValue::Uint8(byte), verb) => integer(i64::from(*byte), arg, verb, spec, out),
        (GoValue::Float(number), verb) => float(*number, arg, verb, spec, out),
        (GoValue::String(text), verb) => string(text, arg, verb, spec, out),
        (GoValue::List(list), verb) => {
            out.push('[');
            for (at, item) in list.iter().enumerate() {
                if at > 0 {
                    out.push(' ');
                }
                print_member(item, verb, spec, out);
            }
            out.push(']');
        }
        (GoValue::Map(map), verb) => {
            out.push_str("map[");
            for (at, (key, item)) in map.iter().enumerate() {
                if at > 0 {
                    out.push(' ');
                }
                print_arg(&GoValue::text(key.as_str()), verb, spec, out);
                out.push(':');
                print_member(item, verb, spec, out);
            }
            out.push(']');
        }
        (arg, verb) => bad_verb(arg, verb, out),
    }
}

fn print_member(value: &Value, verb: char, spec: &Spec, out: &mut String) {
    match value {
        // A nil inside a list or map is shown whatever the verb.
        Value::Null => out.push_str("<nil>"),
        value => print_arg(&value.into(), verb, spec, out),
    }
}

fn bad_verb(arg: &GoValue<'_>, verb: char, out: &mut String) {
    out.push_str(&format!("%!{verb}({}={})", arg.type_name(), arg.sprint()));
}

fn sign_of(negative: bool, spec: &Spec, verb: char) -> &'static str {
    match (negative, spec.plus && verb != 'v', spec.space) {
        (true, ..) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        (false, false, false) => "",
    }
}

fn integer(number: i64, arg: &GoValue<'_>, verb: char, spec: &Spec, out: &mut String) {
    let size = number.unsigned_abs();
    let (prefix, digits) = match verb {
        'd' | 'v' => ("", size.to_string()),
        'b' => ("0b", format!("{size:b}")),
        'o' => ("0", format!("{size:o}")),
        'O' => ("0o", format!("{size:o}")),
        'x' => ("0x", format!("{size:x}")),
        'X' => ("0X", format!("{size:X}")),
        'c' | 'q' | 'U' => {
            let c = u32::try_from(number).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
            let text = match verb {
                'c' => c.to_string(),
                'q' => quoted_char(c),
                _ => format!("U+{:04X}", u32::from(c)),
            };
            return pad(&text, spec, out);
        }
        verb => return bad_verb(arg, verb, out),
    };
    let prefix = if spec.sharp || verb == 'O' { prefix } else { "" };
    let sign = sign_of(number < 0, spec, verb);
    match spec.precision {
        Some(0) if number == 0 => pad("", spec, out),
        Some(least) => {
            let zeros = "0".repeat(least.saturating_sub(digits.len()));
            pad(&format!("{sign}{prefix}{zeros}{digits}"), spec, out);
        }
        None => pad_number(&format!("{sign}{prefix}"), &digits, spec, out),
    }
}

fn quoted_char(c: char) -> String {
    match c {
        '\'' => "'\\''".to_owned(),
        '"' => "'\"'".to_owned(),
        c => quote(&c.to_string()).replace('"', "'"),
    }
}

fn float(number: f64, arg: &GoValue<'_>, verb: char, spec: &Spec, out: &mut String) {
    let text = match verb {
        'v' => format_float(number.abs(), 'g', spec.precision),
        'g' | 'G' => format_float(number.abs(), 'g', spec.precision),
        'e' | 'E' => format_float(number.abs(), 'e', Some(spec.precision.unwrap_or(6))),
        'f' | 'F' => format_float(number.abs(), 'f', Some(spec.precision.unwrap_or(6))),
        verb => return bad_verb(arg, verb, out),
    };
    let text = if verb.is_ascii_uppercase() { text.to_uppercase() } else { text };
    pad_number(sign_of(number.is_sign_negative(), spec, verb), &text, spec, out);
}

fn string(text: &str, arg: &GoValue<'_>, verb: char, spec: &Spec, out: &mut String) {
    let cut: String = match spec.precision {
        Some(most) => text.chars().take(most).collect(),
        None => text.to_owned(),
    };
    let shown = match verb {
        's' | 'v' => cut,
        'q' if spec.sharp && !text.contains(['`', '\n']) => format!("`{cut}`"),
        'q' => quote(&cut),
        'x' | 'X' => {
            let separator = if spec.space { " " } else { "" };
            let bytes: Vec<String> = cut.bytes().map(|byte| format!("{byte:02x}")).collect();
            let hex = bytes.join(separator);
            if verb == 'X' { hex.to_uppercase() } else { hex }
        }
        verb => return bad_verb(arg, verb, out),
    };
    pad(&shown, spec, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn formats_are_filled_in_as_fmt_does() {
        let list = json!(["a", 1, null]);
        let args = [GoValue::Int(42), GoValue::text("hé"), GoValue::Float(1.5), GoValue::Bool(true)];
        for (format, args, expected) in [
            ("%d|%5d|%-5d|%05d|%+d|%x|%#x", vec![&args[0]; 7], "42|   42|42   |00042|+42|2a|0x2a"),
            ("%s|%q|%6s|%-6s|%.1s|%x", vec![&args[1]; 6], "hé|\"hé\"|    hé|hé    |h|68c3a9"),
            ("%v|%f|%.2f|%6.1f|%e|%g", vec![&args[2]; 6], "1.5|1.500000|1.50|   1.5|1.500000e+00|1.5"),
            ("%t|%v|%d", vec![&args[3]; 3], "true|true|%!d(bool=true)"),
            ("%d%%", vec![], "%!d(MISSING)%"),
            ("x", vec![&args[0]], "x%!(EXTRA int=42)"),
            ("%", vec![], "%!(NOVERB)"),
            ("%s %T", vec![&args[0], &args[2]], "%!s(int=42) float64"),
            ("%*d|%c", vec![&args[0], &args[0], &GoValue::Int(65)], &format!("{:>42}|A", 42)),
        ] {
            let args: Vec<GoValue<'_>> = args.into_iter().cloned().collect();
            assert_eq!(sprintf(format, &args), expected, "{format}");
        }
        assert_eq!(sprintf("%v %s", &[(&list).into(), (&list).into()]), "[a 1 <nil>] [a %!s(int64=1) <nil>]");
    }
}
