//! A script of sed at work on lines.

use std::collections::VecDeque;
use std::rc::Rc;

use super::script::{Address, Case, Command, End, Part, Place, Script, Substitution, Verb, When};
use crate::regex::Pattern;

/// A script that jumps so often on one line does not end.
const MAX_STEPS: usize = 200_000;
/// A pattern space that would grow larger is refused.
const LARGEST: usize = 4 << 20;

/// Whether a range is open, and its last line if that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Range {
    Closed,
    Open(Option<usize>),
}

#[derive(Clone, Debug)]
pub(super) struct Run {
    script: Rc<Script>,
    quiet: bool,
    /// What was printed.
    pub out: String,
    pub file: String,
    /// Lines that wait, each with whether it had its end.
    waiting: VecDeque<(String, bool)>,
    /// All lines of the file, for the copy that `-i.bak` keeps.
    seen: Vec<(String, bool)>,
    ended: bool,
    number: usize,
    space: String,
    /// Whether the current line had its end.
    whole: bool,
    hold: String,
    ranges: Vec<Range>,
    last: Option<Rc<Pattern>>,
    substituted: bool,
    /// What `a` puts behind the line.
    behind: Vec<Rc<str>>,
    /// `D`: the next round begins with what is left.
    keeps_space: bool,
    /// Whether the last thing printed lacked its end.
    unended: bool,
}

/// How a round ended.
enum Round {
    Goes,
    Quits(i32),
}

impl Run {
    pub(super) fn new(script: Script, quiet: bool) -> Run {
        let ranges = vec![Range::Closed; script.commands.len()];
        Run {
            script: Rc::new(script),
            quiet,
            out: String::new(),
            file: "-".to_owned(),
            waiting: VecDeque::new(),
            seen: Vec::new(),
            ended: false,
            number: 0,
            space: String::new(),
            whole: true,
            hold: String::new(),
            ranges,
            last: None,
            substituted: false,
            behind: Vec::new(),
            keeps_space: false,
            unended: false,
        }
    }

    /// A new file begins that has nothing to do with the one before.
    pub(super) fn restart(&mut self, file: &str) {
        self.file = file.to_owned();
        self.number = 0;
        self.ended = false;
        self.unended = false;
        self.seen.clear();
        self.waiting.clear();
        self.ranges.fill(Range::Closed);
    }

    pub(super) fn push(&mut self, line: &str, whole: bool) {
        self.waiting.push_back((line.to_owned(), whole));
        self.seen.push((line.to_owned(), whole));
    }

    /// The file as it was.
    pub(super) fn original(&self) -> String {
        self.seen.iter().map(|(line, whole)| format!("{line}{}", if *whole { "\n" } else { "" })).collect()
    }

    /// Works on the lines that are there. The exit code, if the script has ended the program.
    pub(super) fn go(&mut self, ended: bool) -> Result<Option<i32>, String> {
        self.ended = ended;
        let least = match (self.script.reads, self.script.looks_ahead) {
            _ if ended => 1,
            (true, _) => usize::MAX,
            (false, true) => 2,
            (false, false) => 1,
        };
        while self.waiting.len() >= least || (self.keeps_space && ended) {
            if !std::mem::take(&mut self.keeps_space) && !self.take_line() {
                break;
            }
            if let Round::Quits(code) = self.round()? {
                return Ok(Some(code));
            }
        }
        Ok(None)
    }

    fn take_line(&mut self) -> bool {
        let Some((line, whole)) = self.waiting.pop_front() else { return false };
        self.number += 1;
        self.space = line;
        self.whole = whole;
        true
    }

    fn is_last(&self) -> bool {
        self.ended && self.waiting.is_empty()
    }

    fn print(&mut self, text: &str, whole: bool) {
        if std::mem::take(&mut self.unended) {
            self.out.push('\n');
        }
        self.out.push_str(text);
        if whole {
            self.out.push('\n');
        }
        self.unended = !whole;
    }

    fn print_space(&mut self) {
        let space = std::mem::take(&mut self.space);
        self.print(&space, self.whole);
        self.space = space;
    }

    /// The end of a round: the line is printed, and what `a` put behind it.
    fn end_round(&mut self) {
        if !self.quiet {
            self.print_space();
        }
        self.flush_behind();
    }

    fn flush_behind(&mut self) {
        for text in std::mem::take(&mut self.behind) {
            self.print(&text, true);
        }
    }

    fn address(&mut self, address: &Address) -> Result<bool, String> {
        Ok(match address {
            Address::Line(number) => self.number == *number,
            Address::Last => self.is_last(),
            Address::Step(first, 0) => self.number == *first,
            Address::Step(first, step) => {
                self.number >= *first && (self.number - first).is_multiple_of(*step)
            }
            Address::Pattern(pattern) => self.pattern(pattern.as_ref())?.is_match(&self.space),
        })
    }

    /// A pattern, or the one that was used last.
    fn pattern(&mut self, pattern: Option<&Rc<Pattern>>) -> Result<Rc<Pattern>, String> {
        let found = pattern.cloned().or_else(|| self.last.clone());
        let found = found.ok_or_else(|| "no previous regular expression".to_owned())?;
        self.last = Some(found.clone());
        Ok(found)
    }

    fn selects(&mut self, at: usize, command: &Command) -> Result<bool, String> {
        let Some(from) = &command.from else { return Ok(true) };
        let Some(to) = &command.to else { return self.address(from) };
        let range = self.ranges.get(at).copied().unwrap_or(Range::Closed);
        let (selected, next) = match range {
            // `0,/x/`: the first line may end the range.
            Range::Closed if matches!(from, Address::Line(0)) && self.number == 1 => {
                let ends = matches!(to, End::Address(address) if self.address(address)?);
                (true, if ends { Range::Closed } else { Range::Open(None) })
            }
            Range::Closed if self.address(from)? => (true, self.opened(to)),
            Range::Closed => (false, Range::Closed),
            Range::Open(Some(last)) if self.number > last => match self.address(from)? {
                true => (true, self.opened(to)),
                false => (false, Range::Closed),
            },
            Range::Open(Some(last)) => (true, if self.number == last { Range::Closed } else { range }),
            Range::Open(None) => {
                let ends = matches!(to, End::Address(address) if self.address(address)?);
                (true, if ends { Range::Closed } else { range })
            }
        };
        if let Some(slot) = self.ranges.get_mut(at) {
            *slot = next;
        }
        Ok(selected)
    }

    /// A range that begins with this line.
    fn opened(&self, to: &End) -> Range {
        let last = match to {
            End::Address(Address::Line(last)) => *last,
            End::After(count) => self.number + count,
            End::Multiple(0) => self.number,
            End::Multiple(of) => self.number.div_ceil(*of) * of,
            End::Address(Address::Last) if self.is_last() => self.number,
            End::Address(_) => return Range::Open(None),
        };
        if last <= self.number { Range::Closed } else { Range::Open(Some(last)) }
    }

    fn round(&mut self) -> Result<Round, String> {
        let script = self.script.clone();
        self.substituted = false;
        let mut at = 0;
        let mut steps = 0;
        while let Some(command) = script.commands.get(at) {
            steps += 1;
            if steps > MAX_STEPS || self.space.len() + self.hold.len() > LARGEST {
                return Err("the script does not come to an end on this line".to_owned());
            }
            let selected = self.selects(at, command)? != command.negated;
            at += 1;
            match &command.verb {
                Verb::Block(end) if !selected => at = *end,
                _ if !selected => {}
                Verb::Block(_) => {}
                Verb::Substitute(substitution) => {
                    if self.substitute(substitution)? {
                        self.substituted = true;
                        if substitution.print {
                            self.print_space();
                        }
                    }
                }
                Verb::Transliterate(pairs) => {
                    let change = |c: char| pairs.iter().find(|(from, _)| *from == c).map_or(c, |(_, to)| *to);
                    self.space = self.space.chars().map(change).collect();
                }
                Verb::Delete => {
                    self.flush_behind();
                    return Ok(Round::Goes);
                }
                Verb::DeleteFirst => match self.space.split_once('\n') {
                    Some((_, rest)) => {
                        self.space = rest.to_owned();
                        self.keeps_space = true;
                        self.flush_behind();
                        return Ok(Round::Goes);
                    }
                    None => {
                        self.flush_behind();
                        return Ok(Round::Goes);
                    }
                },
                Verb::Print => self.print_space(),
                Verb::PrintFirst => {
                    let first = self.space.split('\n').next().unwrap_or_default().to_owned();
                    self.print(&first, true);
                }
                Verb::Next => {
                    if self.is_last() {
                        self.end_round();
                        return Ok(Round::Quits(0));
                    }
                    self.end_round();
                    self.take_line();
                }
                Verb::Append => {
                    if self.is_last() {
                        // GNU prints what is there.
                        self.end_round();
                        return Ok(Round::Quits(0));
                    }
                    self.flush_behind();
                    let before = std::mem::take(&mut self.space);
                    self.take_line();
                    self.space = format!("{before}\n{}", self.space);
                }
                Verb::Quit { code, prints } => {
                    if *prints {
                        self.end_round();
                    }
                    return Ok(Round::Quits(*code));
                }
                Verb::Number => {
                    let number = self.number.to_string();
                    self.print(&number, true);
                }
                Verb::AddText(Place::Before, text) => self.print(text, true),
                Verb::AddText(Place::Behind, text) => self.behind.push(text.clone()),
                Verb::Change(text) => {
                    // Of a range only its last line is replaced.
                    let inside = command.to.is_some()
                        && !command.negated
                        && matches!(self.ranges.get(at - 1), Some(Range::Open(_)))
                        && !self.is_last();
                    if !inside {
                        self.print(text, true);
                    }
                    self.flush_behind();
                    return Ok(Round::Goes);
                }
                Verb::HoldCopy => self.hold = self.space.clone(),
                Verb::HoldAppend => {
                    self.hold.push('\n');
                    self.hold.push_str(&self.space);
                }
                Verb::GetCopy => self.space = self.hold.clone(),
                Verb::GetAppend => {
                    self.space.push('\n');
                    self.space.push_str(&self.hold);
                }
                Verb::Exchange => std::mem::swap(&mut self.space, &mut self.hold),
                Verb::Zap => self.space.clear(),
                Verb::FileName => {
                    let file = self.file.clone();
                    self.print(&file, true);
                }
                Verb::Jump(when, to) => {
                    let jumps = match when {
                        When::Always => true,
                        When::Substituted => std::mem::take(&mut self.substituted),
                        When::NotSubstituted => !std::mem::take(&mut self.substituted),
                    };
                    if jumps {
                        at = *to;
                    }
                }
            }
        }
        self.end_round();
        Ok(Round::Goes)
    }

    fn substitute(&mut self, substitution: &Substitution) -> Result<bool, String> {
        let pattern = self.pattern(substitution.pattern.as_ref())?;
        let mut out = String::new();
        let (mut at, mut search, mut count, mut done) = (0, 0, 0, false);
        while let Some(groups) = pattern.captures(&self.space, search) {
            let Some((from, to)) = groups.first().copied().flatten() else { break };
            count += 1;
            if count >= substitution.nth {
                out += self.space.get(at..from).unwrap_or_default();
                replace(&substitution.with, &self.space, &groups, &mut out);
                at = to;
                done = true;
                if !substitution.all {
                    break;
                }
            }
            if out.len() > LARGEST {
                return Err("the line grows too long".to_owned());
            }
            search = to;
            if to == from {
                // An empty match: one character further on.
                let Some(c) = self.space.get(to..).and_then(|rest| rest.chars().next()) else { break };
                search = to + c.len_utf8();
            }
        }
        if done {
            out += self.space.get(at..).unwrap_or_default();
            self.space = out;
        }
        Ok(done)
    }
}

/// Puts a replacement behind what is there.
fn replace(parts: &[Part], text: &str, groups: &[Option<(usize, usize)>], out: &mut String) {
    let (mut case, mut one) = (Case::End, None);
    for part in parts {
        let piece = match part {
            Part::Text(text) => text.as_str(),
            Part::Group(at) => {
                let range = groups.get(*at).copied().flatten();
                range.and_then(|(from, to)| text.get(from..to)).unwrap_or_default()
            }
            Part::Case(change @ (Case::UpperOne | Case::LowerOne)) => {
                one = Some(*change);
                continue;
            }
            Part::Case(change) => {
                case = *change;
                continue;
            }
        };
        let mut piece = match case {
            Case::Upper => piece.to_uppercase(),
            Case::Lower => piece.to_lowercase(),
            _ => piece.to_owned(),
        };
        if let Some(change) = one.filter(|_| !piece.is_empty()) {
            let mut chars = piece.chars();
            let first = chars.next().map(|c| match change {
                Case::UpperOne => c.to_uppercase().to_string(),
                _ => c.to_lowercase().to_string(),
            });
            piece = first.unwrap_or_default() + chars.as_str();
            one = None;
        }
        out.push_str(&piece);
    }
}
