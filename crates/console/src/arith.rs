//! Arithmetic: `$((…))`, `((…))`, `let`, and the numbers of `[[ a -lt b ]]`.

/// Where an expression's variables are.
pub(super) trait Variables {
    /// A variable's text; empty if it is not set.
    fn get(&mut self, name: &str) -> String;
    fn set(&mut self, name: &str, value: i64);
}

/// A variable may hold an expression, whose variables hold expressions …
const MAX_DEPTH: u32 = 40;

/// The value of an expression; an empty one is 0.
///
/// # Errors
///
/// In bash's words.
pub(super) fn evaluate(text: &str, variables: &mut dyn Variables) -> Result<i64, String> {
    evaluate_at(text, variables, 0)
}

fn evaluate_at(text: &str, variables: &mut dyn Variables, depth: u32) -> Result<i64, String> {
    let chars: Vec<char> = text.chars().collect();
    let mut reader = Reader { chars: &chars, pos: 0, variables, depth, skips: 0 };
    reader.blanks();
    if reader.peek().is_none() {
        return Ok(0);
    }
    let value = reader.comma()?;
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.wrong("syntax error in expression")),
    }
}

struct Reader<'a, 'v> {
    chars: &'a [char],
    pos: usize,
    variables: &'v mut dyn Variables,
    depth: u32,
    /// Inside of a branch that is not taken: nothing is assigned, nothing fails.
    skips: u32,
}

/// The binary operators by how tightly they bind, loosest first.
const LEVELS: &[&[&str]] = &[
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];

impl Reader<'_, '_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.pos).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.pos += 1;
        }
    }

    fn wrong(&self, what: &str) -> String {
        let text: String = self.chars.iter().collect();
        let rest: String = self.chars.get(self.pos..).unwrap_or_default().iter().collect();
        format!("{}: {what} (error token is \"{}\")", text.trim(), rest.trim_end())
    }

    fn take(&mut self, operator: &str) -> bool {
        let there = operator.chars().enumerate().all(|(at, c)| self.chars.get(self.pos + at) == Some(&c));
        if there {
            self.pos += operator.len();
            self.blanks();
        }
        there
    }

    fn deeper<T>(&mut self, part: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        if self.depth >= MAX_DEPTH {
            return Err(self.wrong("expression recursion level exceeded"));
        }
        self.depth += 1;
        let result = part(self);
        self.depth -= 1;
        result
    }

    fn comma(&mut self) -> Result<i64, String> {
        let mut value = self.ternary()?;
        while self.take(",") {
            value = self.ternary()?;
        }
        Ok(value)
    }

    fn ternary(&mut self) -> Result<i64, String> {
        self.deeper(|reader| {
            let condition = reader.binary(0)?;
            if !reader.take("?") {
                return Ok(condition);
            }
            let yes = reader.skipping(condition == 0, Reader::ternary)?;
            if !reader.take(":") {
                return Err(reader.wrong("`:' expected for conditional expression"));
            }
            let no = reader.skipping(condition != 0, Reader::ternary)?;
            Ok(if condition != 0 { yes } else { no })
        })
    }

    fn skipping(
        &mut self,
        skip: bool,
        part: impl FnOnce(&mut Self) -> Result<i64, String>,
    ) -> Result<i64, String> {
        self.skips += u32::from(skip);
        let value = part(self);
        self.skips -= u32::from(skip);
        value
    }

    /// The operator of this level that stands here and is not part of a longer one.
    fn operator(&mut self, level: &[&'static str]) -> Option<&'static str> {
        let next = |at: usize| self.chars.get(self.pos + at).copied();
        let found =
            level.iter().find(|operator| operator.chars().enumerate().all(|(at, c)| next(at) == Some(c)))?;
        let behind = next(found.len());
        let longer = match *found {
            "|" => behind == Some('|') || behind == Some('='),
            "&" => behind == Some('&') || behind == Some('='),
            "<" | ">" => behind == next(0) || behind == Some('='),
            "+" | "-" | "/" | "%" | "^" | "<<" | ">>" => behind == Some('='),
            "*" => behind == Some('*') || behind == Some('='),
            _ => false,
        };
        if longer {
            return None;
        }
        self.pos += found.len();
        self.blanks();
        Some(found)
    }

    fn binary(&mut self, level: usize) -> Result<i64, String> {
        let Some(operators) = LEVELS.get(level) else { return self.power() };
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = self.operator(operators) {
            let skip = matches!((operator, left), ("&&", 0)) || (operator == "||" && left != 0);
            let right = self.skipping(skip, |reader| reader.binary(level + 1))?;
            left = self.apply(operator, left, right)?;
        }
        Ok(left)
    }

    fn power(&mut self) -> Result<i64, String> {
        let base = self.unary()?;
        if !self.take("**") {
            return Ok(base);
        }
        let exponent = self.deeper(Reader::power)?;
        match u32::try_from(exponent) {
            Ok(exponent) => Ok(base.wrapping_pow(exponent)),
            Err(_) if self.skips > 0 => Ok(0),
            Err(_) => Err(self.wrong("exponent less than 0")),
        }
    }

    fn apply(&self, operator: &str, left: i64, right: i64) -> Result<i64, String> {
        let shift = (right & 63) as u32;
        Ok(match operator {
            "||" => i64::from(left != 0 || right != 0),
            "&&" => i64::from(left != 0 && right != 0),
            "|" => left | right,
            "^" => left ^ right,
            "&" => left & right,
            "==" => i64::from(left == right),
            "!=" => i64::from(left != right),
            "<=" => i64::from(left <= right),
            ">=" => i64::from(left >= right),
            "<" => i64::from(left < right),
            ">" => i64::from(left > right),
            "<<" => left.wrapping_shl(shift),
            ">>" => left.wrapping_shr(shift),
            "+" => left.wrapping_add(right),
            "-" => left.wrapping_sub(right),
            "*" => left.wrapping_mul(right),
            _ if right == 0 && self.skips > 0 => 0,
            _ if right == 0 => return Err(self.wrong("division by 0")),
            "/" => left.wrapping_div(right),
            _ => left.wrapping_rem(right),
        })
    }

    fn unary(&mut self) -> Result<i64, String> {
        for step in ["++", "--"] {
            let names = |c: &char| c.is_alphabetic() || *c == '_';
            if self.chars.get(self.pos..).is_some_and(|rest| {
                rest.iter().take(2).collect::<String>() == step && rest.get(2).is_some_and(names)
            }) {
                self.take(step);
                let name = self.name();
                let value = self.variable(&name)?.wrapping_add(if step == "++" { 1 } else { -1 });
                self.set(&name, value);
                return Ok(value);
            }
        }
        let Some(operator) = self.peek().filter(|c| matches!(c, '!' | '~' | '-' | '+')) else {
            return self.primary();
        };
        self.pos += 1;
        self.blanks();
        let value = self.deeper(Reader::unary)?;
        Ok(match operator {
            '!' => i64::from(value == 0),
            '~' => !value,
            '-' => value.wrapping_neg(),
            _ => value,
        })
    }

    fn primary(&mut self) -> Result<i64, String> {
        match self.peek() {
            Some('(') => {
                self.pos += 1;
                self.blanks();
                let value = self.deeper(Reader::comma)?;
                if !self.take(")") {
                    return Err(self.wrong("missing `)'"));
                }
                Ok(value)
            }
            Some(c) if c.is_ascii_digit() => self.number(),
            Some(c) if c.is_alphabetic() || c == '_' => self.named(),
            _ => Err(self.wrong("syntax error: operand expected")),
        }
    }

    fn number(&mut self) -> Result<i64, String> {
        let start = self.pos;
        while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || c == '#' || c == '_') {
            self.pos += 1;
        }
        let text: String = self.chars.get(start..self.pos).unwrap_or_default().iter().collect();
        let (radix, digits) = match text.split_once('#') {
            Some((radix, digits)) => (radix.parse().ok().filter(|radix| (2..=36).contains(radix)), digits),
            None => match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
                Some(digits) => (Some(16), digits),
                None if text.len() > 1 && text.starts_with('0') => (Some(8), text.as_str()),
                None => (Some(10), text.as_str()),
            },
        };
        let value = radix.and_then(|radix| i64::from_str_radix(digits, radix).ok());
        value
            .ok_or_else(|| {
                self.pos = start;
                self.wrong("value too great for base")
            })
            .inspect(|_| {
                while self.peek().is_some_and(char::is_whitespace) {
                    self.pos += 1;
                }
            })
    }

    fn name(&mut self) -> String {
        let start = self.pos;
        while self.peek().is_some_and(|c| c.is_alphanumeric() || c == '_') {
            self.pos += 1;
        }
        let name = self.chars.get(start..self.pos).unwrap_or_default().iter().collect();
        self.blanks();
        name
    }

    fn variable(&mut self, name: &str) -> Result<i64, String> {
        let text = self.variables.get(name);
        let text = text.trim();
        match text.parse() {
            Ok(value) if !text.starts_with('0') || text.len() == 1 => Ok(value),
            _ if text.is_empty() => Ok(0),
            _ if self.depth >= MAX_DEPTH => Err(format!("{text}: expression recursion level exceeded")),
            _ => evaluate_at(text, self.variables, self.depth + 4),
        }
    }

    fn set(&mut self, name: &str, value: i64) {
        if self.skips == 0 {
            self.variables.set(name, value);
        }
    }

    /// A variable, or an assignment to it.
    fn named(&mut self) -> Result<i64, String> {
        let name = self.name();
        for (step, change) in [("++", 1), ("--", -1)] {
            if self.take(step) {
                let value = self.variable(&name)?;
                self.set(&name, value.wrapping_add(change));
                return Ok(value);
            }
        }
        let assigns = ["=", "+=", "-=", "*=", "/=", "%=", "<<=", ">>=", "&=", "|=", "^="];
        for operator in assigns {
            if operator == "=" && self.chars.get(self.pos + 1) == Some(&'=') {
                continue;
            }
            if self.take(operator) {
                let right = self.deeper(Reader::ternary)?;
                let value = match operator.strip_suffix('=') {
                    Some("") | None => right,
                    Some(operator) => {
                        let left = self.variable(&name)?;
                        self.apply(operator, left, right)?
                    }
                };
                self.set(&name, value);
                return Ok(value);
            }
        }
        self.variable(&name)
    }
}

#[cfg(test)]
mod tests {
    use sim::SortedMap;

    use super::*;

    impl Variables for SortedMap<String, String> {
        fn get(&mut self, name: &str) -> String {
            SortedMap::get(self, name).cloned().unwrap_or_default()
        }
        fn set(&mut self, name: &str, value: i64) {
            self.insert(name.to_owned(), value.to_string());
        }
    }

    #[test]
    fn expressions_have_the_values_that_bash_gives_them() {
        let mut variables: SortedMap<String, String> =
            [("i", "3"), ("e", "i+1"), ("o", "010"), ("self", "self+1")]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .into();
        for (text, expected) in [
            ("", Ok(0)),
            ("1 + 2 * 3", Ok(7)),
            ("(1+2)*3", Ok(9)),
            ("2**3**2", Ok(512)),
            ("-2 ** 2", Ok(4)),
            ("7 / 2 - 7 % 2", Ok(2)),
            ("1 < 2 && 2 <= 2 || 0", Ok(1)),
            ("5 > 3 ? 10 : 20", Ok(10)),
            ("i++ + i", Ok(7)),
            ("i", Ok(4)),
            ("i += 2, i * 10", Ok(60)),
            ("e", Ok(7)),
            ("o", Ok(8)),
            ("0x1f + 2#101", Ok(36)),
            ("1 << 4 | 1", Ok(17)),
            ("!0 + ~0", Ok(0)),
            ("0 && (x = 5)", Ok(0)),
            ("x", Ok(0)),
            ("1 || 1/0", Ok(1)),
            ("9223372036854775807 + 1", Ok(i64::MIN)),
            ("1/0", Err("1/0: division by 0 (error token is \"\")".to_owned())),
            ("1 +", Err("1 +: syntax error: operand expected (error token is \"\")".to_owned())),
            ("09", Err("09: value too great for base (error token is \"09\")".to_owned())),
            ("1 2", Err("1 2: syntax error in expression (error token is \"2\")".to_owned())),
        ] {
            assert_eq!(evaluate(text, &mut variables), expected, "{text}");
        }
        assert!(evaluate("self", &mut variables).unwrap_err().contains("recursion"));
        assert!(evaluate(&"(".repeat(100_000), &mut variables).is_err());
        assert!(evaluate(&"-".repeat(100_000), &mut variables).is_err());
    }
}
