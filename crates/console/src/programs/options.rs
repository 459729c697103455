//! Options as `getopt_long` reads them.

/// What options a program has.
pub(super) struct Spec {
    pub program: &'static str,
    /// The letters; a colon behind one that takes a value, two behind one whose value must follow directly.
    pub short: &'static str,
    /// Long names and the letters that they stand for.
    pub long: &'static [(&'static str, char)],
    /// The exit code of a misuse.
    pub code: i32,
    /// Options end with the first operand: what follows is another command.
    pub stops: bool,
}

/// A command line that was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    given: Vec<(char, String)>,
    pub operands: Vec<String>,
}

/// What is wrong with a command line, ready to be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misuse {
    pub text: String,
    pub code: i32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    Value,
    /// `-i.bak`
    Attached,
}

impl Spec {
    pub(super) const fn new(program: &'static str, short: &'static str) -> Spec {
        Spec { program, short, long: &[], code: 1, stops: false }
    }

    fn takes(&self, letter: char) -> Option<Takes> {
        let at = self.short.find(letter).filter(|_| letter != ':')?;
        let behind = self.short.get(at + letter.len_utf8()..).unwrap_or_default();
        Some(match (behind.starts_with("::"), behind.starts_with(':')) {
            (true, _) => Takes::Attached,
            (_, true) => Takes::Value,
            _ => Takes::Nothing,
        })
    }

    fn misuse(&self, what: &str) -> Misuse {
        let program = self.program;
        let text = format!("{program}: {what}\nTry '{program} --help' for more information.\n");
        Misuse { text, code: self.code }
    }

    /// # Errors
    ///
    /// In the words of GNU's getopt.
    pub(super) fn parse(&self, args: &[String]) -> Result<Options, Misuse> {
        let mut options = Options::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if arg == "--" {
                options.operands.extend(args.cloned());
                break;
            }
            if let Some(long) = arg.strip_prefix("--") {
                let (name, value) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (long, None),
                };
                let Some((_, letter)) = self.long.iter().find(|(known, _)| *known == name) else {
                    return Err(self.misuse(&format!("unrecognized option '{arg}'")));
                };
                let value = match (self.takes(*letter), value) {
                    (Some(Takes::Value), None) => match args.next() {
                        Some(value) => value.clone(),
                        None => {
                            return Err(self.misuse(&format!("option '--{name}' requires an argument")));
                        }
                    },
                    (Some(Takes::Nothing), Some(_)) => {
                        return Err(self.misuse(&format!("option '--{name}' doesn't allow an argument")));
                    }
                    (_, value) => value.unwrap_or_default(),
                };
                options.given.push((*letter, value));
                continue;
            }
            let Some(letters) = arg.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
                options.operands.push(arg.clone());
                if self.stops {
                    options.operands.extend(args.cloned());
                    break;
                }
                continue;
            };
            for (at, letter) in letters.char_indices() {
                let rest = letters.get(at + letter.len_utf8()..).unwrap_or_default();
                match self.takes(letter) {
                    None => return Err(self.misuse(&format!("invalid option -- '{letter}'"))),
                    Some(Takes::Nothing) => options.given.push((letter, String::new())),
                    Some(Takes::Attached) => {
                        options.given.push((letter, rest.to_owned()));
                        break;
                    }
                    Some(Takes::Value) => {
                        let value = match rest {
                            "" => args.next().cloned(),
                            rest => Some(rest.to_owned()),
                        };
                        let Some(value) = value else {
                            return Err(self.misuse(&format!("option requires an argument -- '{letter}'")));
                        };
                        options.given.push((letter, value));
                        break;
                    }
                }
            }
        }
        Ok(options)
    }
}

impl Options {
    pub(super) fn has(&self, letter: char) -> bool {
        self.given.iter().any(|(given, _)| *given == letter)
    }

    /// The last value of an option.
    pub(super) fn value(&self, letter: char) -> Option<&str> {
        self.given.iter().rev().find(|(given, _)| *given == letter).map(|(_, value)| value.as_str())
    }

    /// All values of an option.
    pub(super) fn values(&self, letter: char) -> impl Iterator<Item = &str> {
        self.given.iter().filter(move |(given, _)| *given == letter).map(|(_, value)| value.as_str())
    }

    /// All options in the order in which they stand.
    pub(super) fn in_order(&self) -> impl Iterator<Item = (char, &str)> {
        self.given.iter().map(|(letter, value)| (*letter, value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: Spec = Spec { long: &[("lines", 'n'), ("quiet", 'q')], ..Spec::new("x", "qn:i::") };

    fn show(line: &str) -> String {
        let args: Vec<String> = line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        match SPEC.parse(&args) {
            Err(misuse) => misuse.text.lines().next().unwrap_or_default().to_owned(),
            Ok(options) => {
                let given: Vec<String> =
                    options.given.iter().map(|(letter, value)| format!("{letter}={value}")).collect();
                format!("{} | {}", given.join(" "), options.operands.join(" "))
            }
        }
    }

    #[test]
    fn options_are_read_as_getopt_reads_them() {
        for (line, expected) in [
            ("-qn5 a -q b", "q= n=5 q= | a b"),
            ("-n 5 --lines=6 --lines 7 --quiet", "n=5 n=6 n=7 q= | "),
            ("-i -i.bak -qi", "i= i=.bak q= i= | "),
            ("a -- -q", " | a -q"),
            ("- a", " | - a"),
            ("-x", "x: invalid option -- 'x'"),
            ("-n", "x: option requires an argument -- 'n'"),
            ("--lines", "x: option '--lines' requires an argument"),
            ("--foo", "x: unrecognized option '--foo'"),
            ("--quiet=1", "x: option '--quiet' doesn't allow an argument"),
        ] {
            assert_eq!(show(line), expected, "{line}");
        }
    }
}
