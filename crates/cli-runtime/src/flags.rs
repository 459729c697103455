//! Command lines as pflag reads them, with its words for what is wrong.
//!
//! Go: github.com/spf13/pflag (flag.go); Kubernetes: kubectl/pkg/util/templates (FlagErrorFunc).

use std::fmt;

use api::field::go_quote;
use api::human_duration::parse_go_duration;
use golang::strconv::parse_bool;
use sim::{Duration, SortedMap};

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// `--watch`, `--watch=false`.
    Bool,
    /// `--output yaml`, `--output=yaml`; given several times, the last counts or all do.
    Text,
    /// As [`Takes::Text`], of a command that prints objects; the flags of printers come with it.
    Format,
    /// A whole number.
    Int,
    /// `10s`, `1m30s`, or a bare number of seconds.
    Span,
    /// `--cascade` alone means this; a value only with `=`.
    Optional(&'static str),
}

/// A flag that a command knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The long name, without dashes.
    pub name: &'static str,
    /// `\0`: none.
    pub short: char,
    /// What follows it.
    pub takes: Takes,
}

/// A row for a command's table of flags; `\0` as `short`: it has no short form.
pub const fn flag(name: &'static str, short: char, takes: Takes) -> Flag {
    Flag { name, short, takes }
}

/// Flags that every command of kubectl has.
pub const GLOBAL: &[Flag] = &[
    flag("namespace", 'n', Takes::Text),
    flag("help", 'h', Takes::Bool),
    flag("kubeconfig", '\0', Takes::Text),
    flag("context", '\0', Takes::Text),
    flag("cluster", '\0', Takes::Text),
    flag("user", '\0', Takes::Text),
    flag("server", 's', Takes::Text),
    flag("token", '\0', Takes::Text),
    flag("as", '\0', Takes::Text),
    flag("as-group", '\0', Takes::Text),
    flag("request-timeout", '\0', Takes::Text),
    flag("insecure-skip-tls-verify", '\0', Takes::Bool),
    flag("cache-dir", '\0', Takes::Text),
    flag("warnings-as-errors", '\0', Takes::Bool),
    flag("match-server-version", '\0', Takes::Bool),
    flag("v", 'v', Takes::Text),
];

/// Flags of every command that prints objects.
///
/// Kubernetes: cli-runtime/pkg/genericclioptions/print_flags.go, AddFlags.
const PRINTERS: &[Flag] = &[
    flag("allow-missing-template-keys", '\0', Takes::Bool),
    flag("show-managed-fields", '\0', Takes::Bool),
    flag("template", '\0', Takes::Text),
];

/// A line that was understood.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The words that are no flags, in order.
    pub args: Vec<String>,
    values: SortedMap<&'static str, Vec<String>>,
    /// How many of `args` stand before `--`.
    pub dash: Option<usize>,
}

impl Parsed {
    /// Whether the flag was given at all.
    pub fn given(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The last value of a flag that was given.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).and_then(|values| values.last()).map(String::as_str)
    }

    /// All values of a flag that may be repeated, those with commas taken apart.
    pub fn list(&self, name: &str) -> Vec<String> {
        let all = self.values.get(name).into_iter().flatten();
        all.flat_map(|value| value.split(',')).map(str::to_owned).collect()
    }

    /// All values of a flag that may be repeated, as they are.
    pub fn all(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether a flag of type [`Takes::Bool`] is on; off where it was not given.
    pub fn flag(&self, name: &str) -> bool {
        self.text(name).and_then(parse_bool).unwrap_or(false)
    }

    /// As [`Parsed::flag`], for a flag that is on unless it is switched off.
    pub fn flag_or(&self, name: &str, default: bool) -> bool {
        self.text(name).and_then(parse_bool).unwrap_or(default)
    }

    /// The number of a flag that was given.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.text(name)?.parse().ok()
    }

    /// The time span of a flag that was given.
    pub fn span(&self, name: &str) -> Option<Duration> {
        parse_go_duration(self.text(name)?)
    }
}

/// What is wrong with a flag. Prints as pflag's sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlagError {
    /// `--=x`, `---x`; what stands behind the two hyphens.
    Syntax(String),
    /// There is no flag of this name.
    Unknown(String),
    /// There is no flag of this letter, which stands in these letters.
    UnknownShorthand(char, String),
    /// The flag of this name takes a value, and none follows.
    NeedsArgument(String),
    /// The same of a flag's letter, which stands in these letters.
    ShorthandNeedsArgument(char, String),
    /// The value is not of the sort that the flag takes.
    Value {
        /// The flag.
        flag: Flag,
        /// The value.
        value: String,
    },
}

impl fmt::Display for FlagError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FlagError::Syntax(long) => write!(f, "bad flag syntax: --{long}"),
            FlagError::Unknown(name) => write!(f, "unknown flag: --{name}"),
            FlagError::UnknownShorthand(letter, all) => {
                write!(f, "unknown shorthand flag: {} in -{all}", quote_char(*letter))
            }
            FlagError::NeedsArgument(name) => write!(f, "flag needs an argument: --{name}"),
            FlagError::ShorthandNeedsArgument(letter, all) => {
                write!(f, "flag needs an argument: '{letter}' in -{all}")
            }
            FlagError::Value { flag, value } => {
                let name = match flag.short {
                    '\0' => format!("--{}", flag.name),
                    short => format!("-{short}, --{}", flag.name),
                };
                let value = go_quote(value);
                write!(f, "invalid argument {value} for {} flag: ", go_quote(&name))?;
                match flag.takes {
                    Takes::Bool => write!(f, "strconv.ParseBool: parsing {value}: invalid syntax"),
                    Takes::Int => write!(f, "strconv.ParseInt: parsing {value}: invalid syntax"),
                    _ => write!(f, "time: invalid duration {value}"),
                }
            }
        }
    }
}

impl std::error::Error for FlagError {}

/// Reads the words after the command's own name.
pub fn parse(words: &[String], flags: &[Flag]) -> Result<Parsed, FlagError> {
    let mut parsed = Parsed::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            parsed.dash = Some(parsed.args.len());
            parsed.args.extend(words.by_ref().cloned());
        } else if let Some(long) = word.strip_prefix("--") {
            parse_long(long, flags, &mut words, &mut parsed)?;
        } else if word.len() > 1 && word.starts_with('-') {
            parse_shorts(word, flags, &mut words, &mut parsed)?;
        } else {
            parsed.args.push(word.clone());
        }
    }
    Ok(parsed)
}

fn find(flags: &[Flag], matches: impl Fn(&Flag) -> bool) -> Option<&Flag> {
    let prints = flags.iter().any(|flag| flag.takes == Takes::Format);
    let printers = if prints { PRINTERS } else { &[] };
    flags.iter().chain(printers).chain(GLOBAL).find(|flag| matches(flag))
}

fn parse_long(
    long: &str,
    flags: &[Flag],
    words: &mut std::slice::Iter<'_, String>,
    parsed: &mut Parsed,
) -> Result<(), FlagError> {
    let (name, value) = match long.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (long, None),
    };
    if name.is_empty() || name.starts_with('-') {
        return Err(FlagError::Syntax(long.to_owned()));
    }
    // kubectl reads `--dry_run` as `--dry-run`.
    let name = name.replace('_', "-");
    let Some(flag) = find(flags, |flag| flag.name == name) else {
        return Err(FlagError::Unknown(name));
    };
    let value = match (value, flag.takes) {
        (Some(value), _) => value,
        (None, Takes::Bool) => "true".to_owned(),
        (None, Takes::Optional(default)) => default.to_owned(),
        (None, _) => match words.next() {
            Some(word) => word.clone(),
            None => return Err(FlagError::NeedsArgument(name)),
        },
    };
    set(flag, value, parsed)
}

/// `-w`, `-Aw`, `-oyaml`, `-o=yaml`, `-o yaml`.
fn parse_shorts(
    word: &str,
    flags: &[Flag],
    words: &mut std::slice::Iter<'_, String>,
    parsed: &mut Parsed,
) -> Result<(), FlagError> {
    let mut rest = &word[1..];
    while let Some(letter) = rest.chars().next() {
        let all = rest;
        rest = &rest[letter.len_utf8()..];
        let Some(flag) = find(flags, |flag| flag.short == letter && letter != '\0') else {
            return Err(FlagError::UnknownShorthand(letter, all.to_owned()));
        };
        if let Some(value) = rest.strip_prefix('=') {
            return set(flag, value.to_owned(), parsed);
        }
        match flag.takes {
            Takes::Bool => set(flag, "true".to_owned(), parsed)?,
            Takes::Optional(default) => set(flag, default.to_owned(), parsed)?,
            _ if !rest.is_empty() => return set(flag, rest.to_owned(), parsed),
            _ => match words.next() {
                Some(value) => return set(flag, value.clone(), parsed),
                None => return Err(FlagError::ShorthandNeedsArgument(letter, all.to_owned())),
            },
        }
    }
    Ok(())
}

fn quote_char(letter: char) -> String {
    let quoted = go_quote(&letter.to_string());
    format!("'{}'", quoted.trim_matches('"'))
}

fn set(flag: &Flag, value: String, parsed: &mut Parsed) -> Result<(), FlagError> {
    let fits = match flag.takes {
        Takes::Bool => parse_bool(&value).is_some(),
        Takes::Int => value.parse::<i64>().is_ok(),
        Takes::Span => parse_go_duration(&value).is_some(),
        Takes::Text | Takes::Format | Takes::Optional(_) => true,
    };
    if !fits {
        return Err(FlagError::Value { flag: *flag, value });
    }
    parsed.values.entry(flag.name).or_default().push(value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: &[Flag] = &[
        flag("output", 'o', Takes::Text),
        flag("watch", 'w', Takes::Bool),
        flag("all-namespaces", 'A', Takes::Bool),
        flag("grace-period", '\0', Takes::Int),
        flag("timeout", '\0', Takes::Span),
        flag("cascade", '\0', Takes::Optional("background")),
    ];

    fn read(line: &str) -> Result<Parsed, FlagError> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        parse(&words, FLAGS)
    }

    #[test]
    fn flags_are_found_in_every_form() {
        for line in
            ["pods -o yaml", "pods -oyaml", "-o=yaml pods", "--output yaml pods", "pods --output=yaml"]
        {
            let parsed = read(line).unwrap();
            assert_eq!(parsed.text("output"), Some("yaml"), "{line}");
            assert_eq!(parsed.args, ["pods"], "{line}");
        }
        let parsed = read("-Awo wide -n kube-system --cascade pods -- -x").unwrap();
        assert!(parsed.flag("watch") && parsed.flag("all-namespaces"));
        assert_eq!((parsed.text("output"), parsed.text("cascade")), (Some("wide"), Some("background")));
        assert_eq!((parsed.dash, parsed.args), (Some(1), vec!["pods".to_owned(), "-x".to_owned()]));
        assert!(!read("--watch=false").unwrap().flag("watch"));
    }

    #[test]
    fn mistakes_are_told_in_pflags_words() {
        for (line, expected) in [
            ("--foo", "unknown flag: --foo"),
            ("-wz", "unknown shorthand flag: 'z' in -z"),
            ("pods --output", "flag needs an argument: --output"),
            ("pods -wo", "flag needs an argument: 'o' in -o"),
            ("--=x", "bad flag syntax: --=x"),
            (
                "--watch=maybe",
                r#"invalid argument "maybe" for "-w, --watch" flag: strconv.ParseBool: parsing "maybe": invalid syntax"#,
            ),
            (
                "--grace-period=soon",
                r#"invalid argument "soon" for "--grace-period" flag: strconv.ParseInt: parsing "soon": invalid syntax"#,
            ),
            ("--timeout=5", r#"invalid argument "5" for "--timeout" flag: time: invalid duration "5""#),
        ] {
            assert_eq!(read(line).unwrap_err().to_string(), expected, "{line}");
        }
    }

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, micros) in
            [("0", 0), ("0s", 0), ("10s", 10_000_000), ("1m30s", 90_000_000), ("1.5h", 5_400_000_000)]
        {
            assert_eq!(parse_go_duration(text), Some(Duration(micros)), "{text}");
        }
        for text in ["", "5", "s", "1x", "-1s", "1s2"] {
            assert_eq!(parse_go_duration(text), None, "{text}");
        }
    }
}
