//! Commands that hold others: `if`, `for`, `while`, `case`, groups, functions, `[[ … ]]`, `(( … ))`.

use std::rc::Rc;

use super::{ParseError, Parsed, Parser, unclosed};
use crate::syntax::{AfterArm, Arm, Command, Compound, CompoundKind, List, Test, Word};

impl Parser {
    pub(super) fn command(&mut self) -> Parsed<Command> {
        self.skip_blanks();
        if self.peek() == Some('(') {
            let kind = match self.arithmetic_command()? {
                Some(kind) => kind,
                None => {
                    self.pos += 1;
                    CompoundKind::Subshell(self.body(")")?)
                }
            };
            return self.compound(kind);
        }
        let Some(word) = self.peek_word() else { return self.simple() };
        let kind = match word.as_str() {
            "{" => {
                self.pos += 1;
                CompoundKind::Group(self.body("}")?)
            }
            "if" => self.conditional()?,
            "while" | "until" => {
                self.pos += 5;
                let condition = self.body("do")?;
                CompoundKind::While { condition, until: word == "until", body: self.body("done")? }
            }
            "for" => self.loop_over()?,
            "case" => self.case()?,
            "[[" => {
                self.pos += 2;
                let test = self.test_or()?;
                self.skip_lines()?;
                match self.peek_word().as_deref() {
                    Some("]]") => self.pos += 2,
                    _ => return Err(self.unexpected()),
                }
                CompoundKind::Test(Rc::new(test))
            }
            "function" => return self.function_keyword(),
            "select" | "coproc" => {
                return Err(ParseError::Syntax(format!("{word} is not simulated: use a loop or a pipe")));
            }
            "then" | "do" | "done" | "fi" | "elif" | "else" | "esac" | "}" => return Err(self.unexpected()),
            name if self.defines_function(name) => {
                self.pos += name.chars().count();
                return self.function(name.into());
            }
            _ => return self.simple(),
        };
        self.compound(kind)
    }

    fn compound(&mut self, kind: CompoundKind) -> Parsed<Command> {
        let mut redirects = Vec::new();
        loop {
            self.skip_blanks();
            match self.redirect()? {
                Some(redirect) => redirects.push(redirect),
                None => return Ok(Command::Compound(Rc::new(Compound { kind, redirects }))),
            }
        }
    }

    /// The commands before a reserved word or a parenthesis, which is taken as well.
    fn body(&mut self, end: &str) -> Parsed<Rc<List>> {
        let list = self.filled_list()?;
        self.expect(end)?;
        Ok(list)
    }

    fn filled_list(&mut self) -> Parsed<Rc<List>> {
        let list = self.list(false)?;
        if list.items.is_empty() {
            return Err(self.unexpected());
        }
        Ok(Rc::new(list))
    }

    fn expect(&mut self, word: &str) -> Parsed<()> {
        self.skip_lines()?;
        let there = match word {
            ")" => self.peek() == Some(')'),
            word => self.peek_word().as_deref() == Some(word),
        };
        if !there {
            return Err(match (self.peek(), word) {
                (None, ")") => unclosed(')'),
                _ => self.unexpected(),
            });
        }
        self.pos += word.len();
        Ok(())
    }

    /// `if …; then …; elif …; else …; fi`
    fn conditional(&mut self) -> Parsed<CompoundKind> {
        self.pos += 2;
        let mut branches = Vec::new();
        loop {
            let condition = self.body("then")?;
            branches.push((condition, self.filled_list()?));
            self.skip_lines()?;
            match self.peek_word().as_deref() {
                Some("elif") => self.pos += 4,
                Some("else") => {
                    self.pos += 4;
                    let otherwise = Some(self.body("fi")?);
                    return Ok(CompoundKind::If { branches, otherwise });
                }
                Some("fi") => {
                    self.pos += 2;
                    return Ok(CompoundKind::If { branches, otherwise: None });
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    /// `for name in words; do …; done`, `for ((…;…;…)); do …; done`
    fn loop_over(&mut self) -> Parsed<CompoundKind> {
        self.pos += 3;
        self.skip_blanks();
        if self.starts_with("((") {
            return self.counting_loop();
        }
        let Some(name) = self.peek_word() else { return Err(self.unexpected()) };
        let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(ParseError::Syntax(format!("`{name}': not a valid identifier")));
        }
        self.pos += name.chars().count();
        self.skip_lines()?;
        let mut words = None;
        if self.peek_word().as_deref() == Some("in") {
            self.pos += 2;
            let mut found = Vec::new();
            loop {
                self.skip_blanks();
                if self.at_word_end() {
                    break;
                }
                found.push(self.word()?);
            }
            words = Some(found.into());
        }
        self.loop_separator()?;
        Ok(CompoundKind::For { name: name.into(), words, body: self.loop_body()? })
    }

    /// A `;` or the end of the line before `do`.
    fn loop_separator(&mut self) -> Parsed<()> {
        self.skip_blanks();
        if self.peek() == Some(';') {
            self.pos += 1;
        }
        self.skip_lines()
    }

    fn loop_body(&mut self) -> Parsed<Rc<List>> {
        match self.peek_word().as_deref() {
            Some("{") => {
                self.pos += 1;
                self.body("}")
            }
            Some("do") => {
                self.pos += 2;
                self.body("done")
            }
            _ => Err(self.unexpected()),
        }
    }

    fn counting_loop(&mut self) -> Parsed<CompoundKind> {
        self.pos += 2;
        let start = self.inner_word(&[';'], true)?;
        self.arithmetic_separator()?;
        let condition = self.inner_word(&[';'], true)?;
        self.arithmetic_separator()?;
        let Some(step) = self.arithmetic_word()? else { return Err(self.unexpected()) };
        self.loop_separator()?;
        Ok(CompoundKind::Count { start, condition, step, body: self.loop_body()? })
    }

    fn arithmetic_separator(&mut self) -> Parsed<()> {
        match self.peek() {
            Some(';') => self.pos += 1,
            _ => return Err(self.unexpected()),
        }
        Ok(())
    }

    /// `(( … ))`; `None` if these are two subshells.
    fn arithmetic_command(&mut self) -> Parsed<Option<CompoundKind>> {
        let start = self.pos;
        if !self.take("((") {
            return Ok(None);
        }
        match self.arithmetic_word() {
            Ok(Some(word)) => Ok(Some(CompoundKind::Arithmetic(word))),
            Ok(None) => {
                self.pos = start;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn case(&mut self) -> Parsed<CompoundKind> {
        self.pos += 4;
        self.skip_blanks();
        if self.at_word_end() {
            return Err(self.unexpected());
        }
        let word = self.word()?;
        self.expect("in")?;
        let mut arms = Vec::new();
        loop {
            self.skip_lines()?;
            if self.peek_word().as_deref() == Some("esac") {
                self.pos += 4;
                return Ok(CompoundKind::Case { word, arms });
            }
            arms.push(self.arm()?);
        }
    }

    fn arm(&mut self) -> Parsed<Arm> {
        if self.peek() == Some('(') {
            self.pos += 1;
        }
        let mut patterns = Vec::new();
        loop {
            self.skip_blanks();
            if self.at_word_end() {
                return Err(self.unexpected());
            }
            patterns.push(self.word()?);
            self.skip_blanks();
            match self.peek() {
                Some('|') => self.pos += 1,
                Some(')') => break,
                _ => return Err(self.unexpected()),
            }
        }
        self.pos += 1;
        let body = Rc::new(self.list(false)?);
        let then = match () {
            () if self.take(";;&") => AfterArm::TryOthers,
            () if self.take(";;") => AfterArm::End,
            () if self.take(";&") => AfterArm::FallThrough,
            () if self.peek_word().as_deref() == Some("esac") => AfterArm::End,
            () => return Err(self.unexpected()),
        };
        Ok(Arm { patterns, body, then })
    }

    // ---- functions ----

    /// Whether `()` follows the word that stands here.
    fn defines_function(&self, name: &str) -> bool {
        let rest = self.chars.get(self.pos + name.chars().count()..).unwrap_or_default();
        let mut rest = rest.iter().filter(|c| !matches!(c, ' ' | '\t'));
        rest.next() == Some(&'(') && rest.next() == Some(&')')
    }

    fn function_keyword(&mut self) -> Parsed<Command> {
        self.pos += "function".len();
        self.skip_blanks();
        let Some(name) = self.peek_word() else { return Err(self.unexpected()) };
        self.pos += name.chars().count();
        self.skip_blanks();
        if self.peek() != Some('(') {
            return self.function_body(name.into());
        }
        self.function(name.into())
    }

    fn function(&mut self, name: Rc<str>) -> Parsed<Command> {
        for parenthesis in ['(', ')'] {
            self.skip_blanks();
            if self.peek() != Some(parenthesis) {
                return Err(self.unexpected());
            }
            self.pos += 1;
        }
        self.function_body(name)
    }

    fn function_body(&mut self, name: Rc<str>) -> Parsed<Command> {
        self.skip_lines()?;
        match self.deeper(Parser::command)? {
            Command::Compound(body) => Ok(Command::Function(name, body)),
            _ => {
                Err(ParseError::Syntax(format!("the body of function {name} is no group: {name}() {{ …; }}")))
            }
        }
    }

    // ---- [[ … ]] ----

    fn test_or(&mut self) -> Parsed<Test> {
        let mut left = self.test_and()?;
        loop {
            self.skip_lines()?;
            if !self.take("||") {
                return Ok(left);
            }
            left = Test::Or(Box::new(left), Box::new(self.test_and()?));
        }
    }

    fn test_and(&mut self) -> Parsed<Test> {
        let mut left = self.deeper(Parser::test_primary)?;
        loop {
            self.skip_lines()?;
            if !self.take("&&") {
                return Ok(left);
            }
            left = Test::And(Box::new(left), Box::new(self.deeper(Parser::test_primary)?));
        }
    }

    fn test_primary(&mut self) -> Parsed<Test> {
        self.skip_lines()?;
        if self.peek() == Some('(') {
            self.pos += 1;
            let inner = self.deeper(Parser::test_or)?;
            self.expect(")")?;
            return Ok(inner);
        }
        let word = self.peek_word();
        if word.as_deref() == Some("!") {
            self.pos += 1;
            return Ok(Test::Not(Box::new(self.deeper(Parser::test_primary)?)));
        }
        if let Some(operator) = word.filter(|word| word.len() == 2 && word.starts_with('-')) {
            self.pos += 2;
            self.skip_blanks();
            return Ok(Test::Unary(operator, self.test_word()?));
        }
        let left = self.test_word()?;
        self.skip_blanks();
        let Some(operator) = self.test_operator() else { return Ok(Test::Word(left)) };
        self.skip_blanks();
        let right = match operator.as_str() {
            "=~" => self.regex_word()?,
            _ => self.test_word()?,
        };
        Ok(Test::Binary(left, operator, right))
    }

    fn test_word(&mut self) -> Parsed<Word> {
        let end = self.peek_word().as_deref() == Some("]]");
        if end || self.at_word_end() {
            return Err(self.unexpected());
        }
        self.word()
    }

    fn test_operator(&mut self) -> Option<String> {
        for operator in ["<", ">"] {
            if self.take(operator) {
                return Some(operator.to_owned());
            }
        }
        let word = self.peek_word()?;
        let known = matches!(
            word.as_str(),
            "=" | "==" | "!=" | "=~" | "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" | "-nt" | "-ot" | "-ef"
        );
        known.then(|| {
            self.pos += word.len();
            word
        })
    }
}
