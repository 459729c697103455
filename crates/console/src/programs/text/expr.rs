//! `expr`, and as much of `bc` as a line of whole numbers.

use crate::arith;
use crate::programs::feed;
use crate::programs::whole::{self, Work};
use crate::regex::Pattern;
use crate::shell::program::{Cx, Started};

pub(in crate::programs) fn expr(cx: &mut Cx<'_>, args: &[String]) -> Started {
    if args.is_empty() {
        return feed::refuse(cx, "expr: missing operand\nTry 'expr --help' for more information.\n", 2);
    }
    let mut reader = Reader { words: args, at: 0, depth: 0 };
    match reader.level(0) {
        Ok(_) if reader.at < args.len() => {
            let text = format!(
                "expr: syntax error: unexpected argument ‘{}’\n",
                args.get(reader.at).map_or("", |word| word)
            );
            feed::refuse(cx, &text, 2)
        }
        Ok(value) => {
            cx.out(&format!("{value}\n"));
            Started::Done(i32::from(value.is_empty() || value == "0"))
        }
        Err(text) => feed::refuse(cx, &format!("expr: {text}\n"), 2),
    }
}

struct Reader<'w> {
    words: &'w [String],
    at: usize,
    depth: u32,
}

const LEVELS: &[&[&str]] =
    &[&["|"], &["&"], &["<", "<=", "=", "==", "!=", ">=", ">"], &["+", "-"], &["*", "/", "%"], &[":"]];

impl Reader<'_> {
    fn level(&mut self, level: usize) -> Result<String, String> {
        let Some(operators) = LEVELS.get(level) else { return self.primary() };
        let mut left = self.level(level + 1)?;
        while let Some(operator) = self.words.get(self.at).filter(|word| operators.contains(&word.as_str())) {
            self.at += 1;
            let right = self.level(level + 1)?;
            left = apply(operator, &left, &right)?;
        }
        Ok(left)
    }

    fn primary(&mut self) -> Result<String, String> {
        let Some(word) = self.words.get(self.at) else {
            let before = self.words.last().map_or("", |word| word);
            return Err(format!("syntax error: missing argument after ‘{before}’"));
        };
        self.at += 1;
        match word.as_str() {
            "(" => {
                self.depth += 1;
                if self.depth > 50 {
                    return Err("syntax error: nested too deeply".to_owned());
                }
                let value = self.level(0)?;
                if self.words.get(self.at).map(String::as_str) != Some(")") {
                    return Err("syntax error: expecting ')'".to_owned());
                }
                self.at += 1;
                self.depth -= 1;
                Ok(value)
            }
            "length" => Ok(self.primary()?.chars().count().to_string()),
            _ => Ok(word.clone()),
        }
    }
}

fn apply(operator: &str, left: &str, right: &str) -> Result<String, String> {
    let number = |text: &str| text.parse::<i64>().map_err(|_| "non-integer argument".to_owned());
    let is_true = |text: &str| !text.is_empty() && text != "0";
    let both = left.parse::<i64>().ok().zip(right.parse::<i64>().ok());
    let order = match both {
        Some((left, right)) => left.cmp(&right),
        None => left.cmp(right),
    };
    let truth = |holds: bool| Ok(i32::from(holds).to_string());
    match operator {
        "|" => Ok(if is_true(left) { left } else { right }.to_owned()),
        "&" => Ok(if is_true(left) && is_true(right) { left } else { "0" }.to_owned()),
        "<" => truth(order.is_lt()),
        "<=" => truth(order.is_le()),
        "=" | "==" => truth(order.is_eq()),
        "!=" => truth(order.is_ne()),
        ">=" => truth(order.is_ge()),
        ">" => truth(order.is_gt()),
        "+" => Ok(number(left)?.wrapping_add(number(right)?).to_string()),
        "-" => Ok(number(left)?.wrapping_sub(number(right)?).to_string()),
        "*" => Ok(number(left)?.wrapping_mul(number(right)?).to_string()),
        ":" => {
            let pattern = Pattern::basic(&format!("^{right}"), false)?;
            let groups = pattern.captures(left, 0);
            let group = groups.as_ref().and_then(|groups| groups.get(1).copied());
            Ok(match (groups, group) {
                (Some(_), Some(Some((from, to)))) => left.get(from..to).unwrap_or_default().to_owned(),
                (Some(groups), None) => {
                    let (from, to) = groups.first().copied().flatten().unwrap_or((0, 0));
                    left.get(from..to).unwrap_or_default().chars().count().to_string()
                }
                (None, _) if right.contains("\\(") => String::new(),
                _ => "0".to_owned(),
            })
        }
        _ => match (number(left)?, number(right)?) {
            (_, 0) => Err("division by zero".to_owned()),
            (left, right) if operator == "/" => Ok(left.wrapping_div(right).to_string()),
            (left, right) => Ok(left.wrapping_rem(right).to_string()),
        },
    }
}

pub(in crate::programs) fn bc(_cx: &mut Cx<'_>, args: &[String]) -> Started {
    let files: Vec<String> = args.iter().filter(|arg| !arg.starts_with('-')).cloned().collect();
    whole::start("bc", Bc, files, 1)
}

#[derive(Clone)]
struct Bc;

/// bc's variables do not live longer than a line here.
struct NoVariables;

impl arith::Variables for NoVariables {
    fn get(&mut self, _: &str) -> String {
        String::new()
    }
    fn set(&mut self, _: &str, _: i64) {}
}

impl Work for Bc {
    fn run(&mut self, cx: &mut Cx<'_>, inputs: Vec<Vec<u8>>) -> i32 {
        let text = String::from_utf8_lossy(&inputs.concat()).into_owned();
        let mut code = 0;
        for line in text.split(['\n', ';']).map(str::trim).filter(|line| !line.is_empty()) {
            let plain =
                line.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || "+-*/%^()<>=!&|".contains(c));
            let value = if plain {
                arith::evaluate(&line.replace('^', "**"), &mut NoVariables)
            } else {
                Err(String::new())
            };
            match value {
                Ok(value) => cx.out(&format!("{value}\n")),
                Err(_) => {
                    cx.err("bc: only whole numbers and + - * / % ^ are simulated: awk calculates with fractions\n");
                    code = 1;
                }
            }
        }
        code
    }
}
