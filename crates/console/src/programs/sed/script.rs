//! A script of sed taken apart.

use std::rc::Rc;

use crate::regex::Pattern;

/// Commands in order; blocks are jumps.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    pub commands: Vec<Command>,
    /// Whether `$` is asked for, so that a line must wait for the next one.
    pub looks_ahead: bool,
    /// Whether commands read lines themselves, so that all must be there.
    pub reads: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Command {
    pub from: Option<Address>,
    pub to: Option<End>,
    /// `!`
    pub negated: bool,
    pub verb: Verb,
}

#[derive(Clone, Debug)]
pub(super) enum Address {
    Line(usize),
    Last,
    /// `first~step`
    Step(usize, usize),
    /// `None`: the pattern that was used last.
    Pattern(Option<Rc<Pattern>>),
}

/// What ends a range.
#[derive(Clone, Debug)]
pub(super) enum End {
    Address(Address),
    /// `+N`
    After(usize),
    /// `~N`
    Multiple(usize),
}

#[derive(Clone, Debug)]
pub(super) enum Verb {
    /// `{`: where the block ends.
    Block(usize),
    Substitute(Rc<Substitution>),
    Transliterate(Rc<Vec<(char, char)>>),
    Delete,
    DeleteFirst,
    Print,
    PrintFirst,
    Next,
    Append,
    Quit {
        code: i32,
        prints: bool,
    },
    Number,
    AddText(Place, Rc<str>),
    Change(Rc<str>),
    HoldCopy,
    HoldAppend,
    GetCopy,
    GetAppend,
    Exchange,
    Zap,
    FileName,
    /// `b`, `t`, `T`: where to go on; the end is behind the last command.
    Jump(When, usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Before,
    Behind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Always,
    Substituted,
    NotSubstituted,
}

#[derive(Clone, Debug)]
pub(super) struct Substitution {
    pub pattern: Option<Rc<Pattern>>,
    pub with: Vec<Part>,
    /// The first match that is replaced, from 1.
    pub nth: usize,
    pub all: bool,
    pub print: bool,
}

/// A piece of a replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    /// `&`, `\1`
    Group(usize),
    Case(Case),
}

/// `\U`, `\L`, `\E`, `\u`, `\l`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Upper,
    Lower,
    End,
    UpperOne,
    LowerOne,
}

struct Reader {
    chars: Vec<char>,
    pos: usize,
    extended: bool,
    /// Open blocks.
    blocks: Vec<usize>,
    labels: Vec<(String, usize)>,
    jumps: Vec<(usize, String)>,
}

impl Script {
    /// # Errors
    ///
    /// In sed's words.
    pub(super) fn parse(text: &str, extended: bool) -> Result<Script, String> {
        let mut reader = Reader {
            chars: text.chars().collect(),
            pos: 0,
            extended,
            blocks: Vec::new(),
            labels: Vec::new(),
            jumps: Vec::new(),
        };
        let mut script = Script::default();
        loop {
            reader.skip(|c| c.is_whitespace() || c == ';');
            if reader.peek().is_none() {
                break;
            }
            let command = reader.command(&mut script)?;
            script.commands.extend(command);
        }
        if !reader.blocks.is_empty() {
            return Err("sed: -e expression #1, char 0: unmatched `{'\n".to_owned());
        }
        for (at, label) in &reader.jumps {
            let target = match label.as_str() {
                "" => script.commands.len(),
                label => match reader.labels.iter().find(|(known, _)| known == label) {
                    Some((_, at)) => *at,
                    None => return Err(format!("sed: can't find label for jump to `{label}'\n")),
                },
            };
            if let Some(Command { verb: Verb::Jump(_, to), .. }) = script.commands.get_mut(*at) {
                *to = target;
            }
        }
        let is_last = |address: &Address| matches!(address, Address::Last);
        script.looks_ahead = script.commands.iter().any(|command| {
            command.from.as_ref().is_some_and(is_last)
                || matches!(&command.to, Some(End::Address(address)) if is_last(address))
        });
        script.reads = script
            .commands
            .iter()
            .any(|command| matches!(command.verb, Verb::Next | Verb::Append | Verb::DeleteFirst));
        Ok(script)
    }
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.pos).copied()
    }

    fn skip(&mut self, wanted: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&wanted) {
            self.pos += 1;
        }
    }

    fn wrong(&self, what: &str) -> String {
        format!("sed: -e expression #1, char {}: {what}\n", self.pos)
    }

    fn number(&mut self) -> Option<usize> {
        let start = self.pos;
        self.skip(|c| c.is_ascii_digit());
        let digits: String = self.chars.get(start..self.pos).unwrap_or_default().iter().collect();
        digits.parse().ok()
    }

    fn pattern(&self, text: &str, ignore_case: bool) -> Result<Option<Rc<Pattern>>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        let pattern = match self.extended {
            true => Pattern::extended(text, ignore_case),
            false => Pattern::basic(text, ignore_case),
        };
        pattern.map(|pattern| Some(Rc::new(pattern))).map_err(|error| self.wrong(&error))
    }

    /// The text up to the delimiter, which is taken as well. A delimiter behind a backslash is itself.
    fn until(&mut self, delimiter: char, what: &str, is_pattern: bool) -> Result<String, String> {
        let mut text = String::new();
        let mut in_class = false;
        while let Some(c) = self.peek() {
            self.pos += 1;
            match c {
                '\\' => {
                    let next = self.peek();
                    self.pos += 1;
                    match next {
                        Some(next) if next == delimiter && !in_class => {
                            // What has a meaning of its own loses it: `s|a\|b|c|` looks for a bar.
                            if is_pattern
                                && matches!(next, '|' | '+' | '?' | '(' | ')' | '{' | '}')
                                && !self.extended
                            {
                                text.push(next);
                            } else if is_pattern && "*.[]^$".contains(next) {
                                text.extend(['\\', next]);
                            } else {
                                text.push(next);
                            }
                        }
                        Some('\n') if is_pattern => text.push('\n'),
                        Some(next) => text.extend(['\\', next]),
                        None => return Err(self.wrong(what)),
                    }
                }
                '[' if is_pattern && !in_class => {
                    in_class = true;
                    text.push(c);
                    // The first member may be a `]`.
                    if self.peek() == Some('^') {
                        text.push('^');
                        self.pos += 1;
                    }
                    if self.peek() == Some(']') {
                        text.push(']');
                        self.pos += 1;
                    }
                }
                ']' if in_class => {
                    in_class = false;
                    text.push(c);
                }
                c if c == delimiter && !in_class => return Ok(text),
                '\n' if is_pattern && !in_class => return Err(self.wrong(what)),
                c => text.push(c),
            }
        }
        Err(self.wrong(what))
    }

    fn address(&mut self) -> Result<Option<Address>, String> {
        Ok(match self.peek() {
            Some(c) if c.is_ascii_digit() => {
                let first = self.number().ok_or_else(|| self.wrong("invalid usage of line address"))?;
                if self.peek() == Some('~') {
                    self.pos += 1;
                    let step = self.number().unwrap_or(0);
                    return Ok(Some(Address::Step(first, step)));
                }
                Some(Address::Line(first))
            }
            Some('$') => {
                self.pos += 1;
                Some(Address::Last)
            }
            Some(start @ ('/' | '\\')) => {
                self.pos += 1;
                let mut delimiter = start;
                if start == '\\' {
                    delimiter = self.peek().ok_or_else(|| self.wrong("unexpected `,'"))?;
                    self.pos += 1;
                }
                let text = self.until(delimiter, "unterminated address regex", true)?;
                let mut ignore_case = false;
                while let Some(flag) = self.peek().filter(|c| matches!(c, 'I' | 'M')) {
                    ignore_case |= flag == 'I';
                    self.pos += 1;
                }
                Some(Address::Pattern(self.pattern(&text, ignore_case)?))
            }
            _ => None,
        })
    }

    fn end(&mut self) -> Result<End, String> {
        self.skip(|c| c == ' ' || c == '\t');
        match self.peek() {
            Some(sign @ ('+' | '~')) => {
                self.pos += 1;
                let count = self.number().ok_or_else(|| self.wrong("expected newer version of sed"))?;
                Ok(if sign == '+' { End::After(count) } else { End::Multiple(count) })
            }
            _ => match self.address()? {
                Some(address) => Ok(End::Address(address)),
                None => Err(self.wrong("unexpected `,'")),
            },
        }
    }

    fn command(&mut self, script: &mut Script) -> Result<Option<Command>, String> {
        let at = script.commands.len();
        let from = self.address()?;
        self.skip(|c| c == ' ' || c == '\t');
        let mut to = None;
        if from.is_some() && self.peek() == Some(',') {
            self.pos += 1;
            to = Some(self.end()?);
        }
        if matches!(from, Some(Address::Line(0))) && !matches!(to, Some(End::Address(Address::Pattern(_)))) {
            return Err(self.wrong("invalid usage of line address 0"));
        }
        self.skip(|c| c == ' ' || c == '\t');
        let mut negated = false;
        while self.peek() == Some('!') {
            negated = true;
            self.pos += 1;
            self.skip(|c| c == ' ' || c == '\t');
        }
        let Some(name) = self.peek() else { return Err(self.wrong("missing command")) };
        self.pos += 1;
        let verb = match name {
            '{' => {
                self.blocks.push(at);
                return Ok(Some(Command { from, to, negated, verb: Verb::Block(usize::MAX) }));
            }
            '}' => {
                let Some(open) = self.blocks.pop() else { return Err(self.wrong("unexpected `}'")) };
                if from.is_some() {
                    return Err(self.wrong("} doesn't want any addresses"));
                }
                if let Some(Command { verb: Verb::Block(end), .. }) = script.commands.get_mut(open) {
                    *end = at;
                }
                return Ok(None);
            }
            '#' => {
                self.skip(|c| c != '\n');
                return Ok(None);
            }
            ':' => {
                if from.is_some() {
                    return Err(self.wrong(": doesn't want any addresses"));
                }
                let label = self.label();
                self.labels.push((label, at));
                return Ok(None);
            }
            's' => {
                return self
                    .substitution()
                    .map(|s| Some(Command { from, to, negated, verb: Verb::Substitute(Rc::new(s)) }));
            }
            'y' => Verb::Transliterate(Rc::new(self.transliteration()?)),
            'a' => Verb::AddText(Place::Behind, self.text()?),
            'i' => Verb::AddText(Place::Before, self.text()?),
            'c' => Verb::Change(self.text()?),
            'b' | 't' | 'T' => {
                let label = self.label();
                self.jumps.push((at, label));
                let when = match name {
                    'b' => When::Always,
                    't' => When::Substituted,
                    _ => When::NotSubstituted,
                };
                Verb::Jump(when, 0)
            }
            'q' | 'Q' => {
                self.skip(|c| c == ' ');
                let code = self.number().unwrap_or(0) as i32;
                Verb::Quit { code, prints: name == 'q' }
            }
            'd' => Verb::Delete,
            'D' => Verb::DeleteFirst,
            'p' => Verb::Print,
            'P' => Verb::PrintFirst,
            'n' => Verb::Next,
            'N' => Verb::Append,
            '=' => Verb::Number,
            'h' => Verb::HoldCopy,
            'H' => Verb::HoldAppend,
            'g' => Verb::GetCopy,
            'G' => Verb::GetAppend,
            'x' => Verb::Exchange,
            'z' => Verb::Zap,
            'F' => Verb::FileName,
            'r' | 'R' | 'w' | 'W' | 'e' | 'l' => {
                return Err(format!("sed: the command {name} is not simulated\n"));
            }
            other => return Err(self.wrong(&format!("unknown command: `{other}'"))),
        };
        if !matches!(name, 'a' | 'i' | 'c' | 'b' | 't' | 'T') {
            self.command_end()?;
        }
        Ok(Some(Command { from, to, negated, verb }))
    }

    /// What may follow a command.
    fn command_end(&mut self) -> Result<(), String> {
        self.skip(|c| c == ' ' || c == '\t');
        match self.peek() {
            None | Some('\n' | ';' | '}' | '#') => Ok(()),
            Some(_) => {
                self.pos += 1;
                Err(self.wrong("extra characters after command"))
            }
        }
    }

    fn label(&mut self) -> String {
        self.skip(|c| c == ' ' || c == '\t');
        let start = self.pos;
        self.skip(|c| !matches!(c, '\n' | ';' | '}'));
        let label: String = self.chars.get(start..self.pos).unwrap_or_default().iter().collect();
        label.trim().to_owned()
    }

    /// The text of `a`, `i` and `c`: on the same line, or behind `\` and a newline.
    fn text(&mut self) -> Result<Rc<str>, String> {
        self.skip(|c| c == ' ' || c == '\t');
        // Behind a backslash the text's own blanks stay.
        if self.peek() == Some('\\') {
            self.pos += 1;
            let rest = self.chars.get(self.pos..).unwrap_or_default();
            let blanks = rest.iter().take_while(|c| matches!(c, ' ' | '\t')).count();
            if rest.get(blanks) == Some(&'\n') {
                self.pos += blanks + 1;
            }
        }
        let mut text = String::new();
        while let Some(c) = self.peek().filter(|c| *c != '\n') {
            self.pos += 1;
            if c != '\\' {
                text.push(c);
                continue;
            }
            match self.peek() {
                Some('t') => text.push('\t'),
                Some(next) => text.push(next),
                None => {}
            }
            self.pos += 1;
        }
        if text.is_empty() {
            return Err(self.wrong("expected \\ after `a', `c' or `i'"));
        }
        Ok(text.into())
    }

    fn transliteration(&mut self) -> Result<Vec<(char, char)>, String> {
        let what = "unterminated `y' command";
        let delimiter = self.peek().ok_or_else(|| self.wrong(what))?;
        self.pos += 1;
        let from = self.until(delimiter, what, false)?;
        let to = self.until(delimiter, what, false)?;
        let plain =
            |text: &str| -> Vec<char> { text.replace("\\n", "\n").replace("\\\\", "\\").chars().collect() };
        let (from, to) = (plain(&from), plain(&to));
        if from.len() != to.len() {
            return Err(self.wrong("strings for `y' command are different lengths"));
        }
        Ok(from.into_iter().zip(to).collect())
    }

    fn substitution(&mut self) -> Result<Substitution, String> {
        let what = "unterminated `s' command";
        let delimiter = self.peek().filter(|c| !matches!(c, '\n' | '\\')).ok_or_else(|| self.wrong(what))?;
        self.pos += 1;
        let pattern = self.until(delimiter, what, true)?;
        let with = self.until(delimiter, what, false)?;
        let (mut nth, mut all, mut print, mut ignore_case) = (1, false, false, false);
        loop {
            match self.peek() {
                Some('g') => all = true,
                Some('p') => print = true,
                Some('i' | 'I') => ignore_case = true,
                Some('m' | 'M') => {}
                Some('w' | 'e') => return Err("sed: the flags w and e of s are not simulated\n".to_owned()),
                Some('0') => return Err(self.wrong("number option to `s' command may not be zero")),
                Some(c) if c.is_ascii_digit() => {
                    nth = self.number().unwrap_or(1);
                    continue;
                }
                None | Some('\n' | ';' | '}' | '#') => break,
                Some(' ' | '\t') => {
                    self.command_end()?;
                    break;
                }
                Some(_) => {
                    self.pos += 1;
                    return Err(self.wrong("unknown option to `s'"));
                }
            }
            self.pos += 1;
        }
        let pattern = self.pattern(&pattern, ignore_case)?;
        let with = parts(&with);
        let groups = pattern.as_ref().map_or(9, |pattern| pattern.group_names().len().saturating_sub(1));
        let used =
            with.iter().filter_map(|part| if let Part::Group(at) = part { Some(*at) } else { None }).max();
        if let Some(used) = used.filter(|used| *used > groups) {
            return Err(self.wrong(&format!("invalid reference \\{used} on `s' command's RHS")));
        }
        Ok(Substitution { pattern, with, nth, all, print })
    }
}

fn parts(text: &str) -> Vec<Part> {
    let mut found = Vec::new();
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let part = match c {
            '&' => Part::Group(0),
            '\\' => match chars.next() {
                Some(digit) if digit.is_ascii_digit() => {
                    Part::Group(digit.to_digit(10).unwrap_or(0) as usize)
                }
                Some('U') => Part::Case(Case::Upper),
                Some('L') => Part::Case(Case::Lower),
                Some('E') => Part::Case(Case::End),
                Some('u') => Part::Case(Case::UpperOne),
                Some('l') => Part::Case(Case::LowerOne),
                Some('n') => {
                    plain.push('\n');
                    continue;
                }
                Some('t') => {
                    plain.push('\t');
                    continue;
                }
                Some(other) => {
                    plain.push(other);
                    continue;
                }
                None => continue,
            },
            c => {
                plain.push(c);
                continue;
            }
        };
        if !plain.is_empty() {
            found.push(Part::Text(std::mem::take(&mut plain)));
        }
        found.push(part);
    }
    if !plain.is_empty() {
        found.push(Part::Text(plain));
    }
    found
}
