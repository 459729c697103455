//! `[[ … ]]` and `test`: what is asked of texts, numbers and files.

use std::rc::Rc;

use crate::arith;
use crate::disk::{Disk, Inode};
use crate::env::{Env, Value};
use crate::expand::{Expanded, Expander, Pause};
use crate::glob::Pattern;
use crate::regex::Pattern as Regex;
use crate::syntax::Test;

/// Whether a condition holds; a sentence if that cannot be told.
pub(super) fn holds(expander: &mut Expander<'_>, test: &Test) -> Expanded<Result<bool, String>> {
    Ok(match test {
        Test::Not(inner) => holds(expander, inner)?.map(|holds| !holds),
        Test::And(left, right) => match holds(expander, left)? {
            Ok(true) => holds(expander, right)?,
            other => other,
        },
        Test::Or(left, right) => match holds(expander, left)? {
            Ok(false) => holds(expander, right)?,
            other => other,
        },
        Test::Word(word) => Ok(!expander.text(word)?.is_empty()),
        Test::Unary(operator, word) => {
            let text = expander.text(word)?;
            unary(operator, &text, &expander.env, expander.disk)
                .ok_or_else(|| format!("conditional unary operator expected: {operator}"))
        }
        Test::Binary(left, operator, right) => {
            let left = expander.text(left)?;
            match operator.as_str() {
                "=" | "==" => Ok(Pattern::new(&expander.pattern(right)?).matches(&left)),
                "!=" => Ok(!Pattern::new(&expander.pattern(right)?).matches(&left)),
                "=~" => {
                    let pattern = expander.regex(right)?;
                    matches_regex(expander, &left, &pattern)
                }
                operator if operator.starts_with('-') && !matches!(operator, "-nt" | "-ot" | "-ef") => {
                    let right = expander.text(right)?;
                    let left = number(expander, &left)?;
                    let right = number(expander, &right)?;
                    Ok(compares(operator, left, right))
                }
                operator => {
                    let right = expander.text(right)?;
                    binary(&left, operator, &right, &expander.env, expander.disk)
                }
            }
        }
    })
}

fn number(expander: &mut Expander<'_>, text: &str) -> Expanded<i64> {
    struct Reads<'e>(&'e Env);
    impl arith::Variables for Reads<'_> {
        fn get(&mut self, name: &str) -> String {
            self.0.get(name).map_or(String::new(), |text| text.to_string())
        }
        fn set(&mut self, _: &str, _: i64) {}
    }
    arith::evaluate(text, &mut Reads(&expander.env)).map_err(Pause::Failed)
}

/// `=~`, whose groups are then in BASH_REMATCH.
fn matches_regex(expander: &mut Expander<'_>, text: &str, pattern: &str) -> Result<bool, String> {
    let regex = Regex::extended(pattern, false)?;
    let Some(groups) = regex.groups(text) else { return Ok(false) };
    let items = groups.into_iter().map(|group| Some(Rc::from(group.unwrap_or_default()))).collect();
    // Nobody can make it read-only.
    let _ = expander.env.assign("BASH_REMATCH", Value::Array(Rc::new(items)));
    Ok(true)
}

fn compares(operator: &str, left: i64, right: i64) -> bool {
    match operator {
        "-eq" => left == right,
        "-ne" => left != right,
        "-lt" => left < right,
        "-le" => left <= right,
        "-gt" => left > right,
        _ => left >= right,
    }
}

/// `-f file`, `-z text` …; `None` for an operator that there is not.
fn unary(operator: &str, text: &str, env: &Env, disk: &Disk<'_>) -> Option<bool> {
    let path = env.absolute(text);
    let node = || disk.get(&path).filter(|_| !text.is_empty());
    Some(match operator {
        "-z" => text.is_empty(),
        "-n" => !text.is_empty(),
        "-e" | "-a" | "-r" | "-w" | "-O" | "-G" => node().is_some(),
        "-f" => matches!(node(), Some(Inode::File { .. })),
        "-d" => node() == Some(Inode::Directory),
        "-s" => match node() {
            Some(Inode::File { bytes, .. }) => !bytes.is_empty(),
            Some(node) => node == Inode::Directory,
            None => false,
        },
        "-x" => match node() {
            Some(Inode::File { mode, .. }) => mode & 0o111 != 0,
            Some(node) => node == Inode::Directory,
            None => false,
        },
        "-L" | "-h" => matches!(disk.look(&path), Some(Inode::Link(_))),
        "-c" => node() == Some(Inode::Device),
        "-b" | "-p" | "-S" | "-u" | "-g" | "-k" => false,
        "-t" => false,
        "-v" => env.variable(text).is_some_and(|variable| variable.value.is_some()),
        "-o" => text == "pipefail" && env.options.pipefail || text == "errexit" && env.options.errexit,
        _ => return None,
    })
}

fn binary(left: &str, operator: &str, right: &str, env: &Env, disk: &Disk<'_>) -> Result<bool, String> {
    let modified = |path: &str| match disk.get(&env.absolute(path)) {
        Some(Inode::File { modified, .. }) => Some(modified),
        _ => None,
    };
    let integer =
        |text: &str| text.trim().parse::<i64>().map_err(|_| format!("{text}: integer expression expected"));
    Ok(match operator {
        "=" | "==" => left == right,
        "!=" => left != right,
        "<" => left < right,
        ">" => left > right,
        "-nt" => modified(left) > modified(right),
        "-ot" => modified(left) < modified(right),
        "-ef" => env.absolute(left) == env.absolute(right),
        "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" => compares(operator, integer(left)?, integer(right)?),
        _ => return Err(format!("{operator}: binary operator expected")),
    })
}

/// The arguments of `test`, read from the left.
struct Arguments<'a> {
    words: &'a [String],
    at: usize,
    env: &'a Env,
    disk: &'a Disk<'a>,
    depth: u32,
}

/// `test` and `[`: whether the words hold; a sentence if that cannot be told.
pub(super) fn test(words: &[String], env: &Env, disk: &Disk<'_>) -> Result<bool, String> {
    let mut arguments = Arguments { words, at: 0, env, disk, depth: 0 };
    // What few words mean does not depend on what they look like.
    match words {
        [] => return Ok(false),
        [word] => return Ok(!word.is_empty()),
        [not, word] if not == "!" => return Ok(word.is_empty()),
        [operator, word] => {
            return unary(operator, word, env, disk)
                .ok_or_else(|| format!("{operator}: unary operator expected"));
        }
        [left, operator, right] if is_binary(operator) => return binary(left, operator, right, env, disk),
        _ => {}
    }
    let holds = arguments.or()?;
    match words.get(arguments.at) {
        None => Ok(holds),
        Some(_) => Err("too many arguments".to_owned()),
    }
}

fn is_binary(operator: &str) -> bool {
    let words = ["=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"];
    words.contains(&operator)
}

impl Arguments<'_> {
    fn peek(&self) -> Option<&str> {
        self.words.get(self.at).map(String::as_str)
    }

    fn or(&mut self) -> Result<bool, String> {
        let mut holds = self.and()?;
        while self.peek() == Some("-o") {
            self.at += 1;
            holds |= self.and()?;
        }
        Ok(holds)
    }

    fn and(&mut self) -> Result<bool, String> {
        let mut holds = self.primary()?;
        while self.peek() == Some("-a") {
            self.at += 1;
            holds &= self.primary()?;
        }
        Ok(holds)
    }

    fn primary(&mut self) -> Result<bool, String> {
        self.depth += 1;
        if self.depth > 200 {
            return Err("too many arguments".to_owned());
        }
        let Some(word) = self.peek().map(str::to_owned) else {
            return Err("argument expected".to_owned());
        };
        self.at += 1;
        let next = self.words.get(self.at).cloned();
        if let Some(operator) = next.as_deref().filter(|operator| is_binary(operator))
            && let Some(right) = self.words.get(self.at + 1)
        {
            self.at += 2;
            return binary(&word, operator, right, self.env, self.disk);
        }
        match word.as_str() {
            "!" => return Ok(!self.primary()?),
            "(" => {
                let holds = self.or()?;
                if self.peek() != Some(")") {
                    return Err("`)' expected".to_owned());
                }
                self.at += 1;
                return Ok(holds);
            }
            _ => {}
        }
        if let Some(operand) = next.filter(|_| word.len() == 2 && word.starts_with('-'))
            && let Some(holds) = unary(&word, &operand, self.env, self.disk)
        {
            self.at += 1;
            return Ok(holds);
        }
        Ok(!word.is_empty())
    }
}
