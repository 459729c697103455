//! A program of awk at work.

mod call;
mod expression;
mod record;
mod statement;
mod variable;

use std::rc::Rc;

use self::variable::{Array, Key, Slot};
use super::syntax::{Program, When};
use super::value::Value;
use crate::programs::feed::Out;
use crate::regex::Pattern;
use sim::SortedMap;

/// What keeps a program from going on.
enum Stop {
    Next,
    Exit(i32),
    Break,
    Continue,
    Return(Value),
    Failed(String),
}

type Ran<T> = Result<T, Stop>;

/// Steps of a program on one record; more, and it does not end.
const MAX_STEPS: u32 = 2_000_000;
const MAX_CALLS: u32 = 100;
const LONGEST: usize = 4 << 20;

#[derive(Clone)]
pub(super) struct Run {
    program: Rc<Program>,
    globals: SortedMap<Rc<str>, Slot>,
    locals: Vec<SortedMap<Rc<str>, Slot>>,
    /// The record and its fields, from 1.
    record: Rc<str>,
    fields: Vec<Value>,
    /// Which of the rules `from, to` are between the two.
    between: Vec<bool>,
    patterns: SortedMap<Rc<str>, Rc<Pattern>>,
    random: u32,
    steps: u32,
    out: Out,
}

impl Run {
    pub(super) fn new(program: Program) -> Run {
        let between = vec![false; program.rules.len()];
        let mut run = Run {
            program: Rc::new(program),
            globals: SortedMap::new(),
            locals: Vec::new(),
            record: "".into(),
            fields: Vec::new(),
            between,
            patterns: SortedMap::new(),
            random: 1,
            steps: 0,
            out: Out::default(),
        };
        for (name, value) in
            [("FS", " "), ("OFS", " "), ("ORS", "\n"), ("RS", "\n"), ("SUBSEP", "\x1c"), ("OFMT", "%.6g")]
        {
            run.set(name, Value::Text(value.into()));
        }
        for name in ["NR", "NF", "FNR", "RSTART"] {
            run.set(name, Value::Number(0.0));
        }
        run.set("RLENGTH", Value::Number(-1.0));
        run
    }

    pub(super) fn set_text(&mut self, name: &str, text: &str) {
        let text = crate::escape::unescape(text, crate::escape::Style::Quoted).text();
        self.set(name, Value::input(&text));
    }

    pub(super) fn set_environment(&mut self, name: &str, value: &str) {
        let entry = self.globals.entry("ENVIRON".into()).or_insert_with(|| Slot::Array(Array::new()));
        if let Slot::Array(array) = entry {
            array.insert(Key::of(name), Value::input(value));
        }
    }

    pub(super) fn has_end(&self) -> bool {
        !self.program.end.is_empty()
    }

    /// Whether it looks at any input.
    pub(super) fn reads(&self) -> bool {
        !self.program.rules.is_empty() || self.has_end()
    }

    // ---- what the input brings ----

    fn take(&mut self, ran: Ran<()>, out: &mut Out) -> Option<i32> {
        let mut said = std::mem::take(&mut self.out);
        let code = match ran {
            Ok(()) | Err(Stop::Next | Stop::Break | Stop::Continue | Stop::Return(_)) => None,
            Err(Stop::Exit(code)) => Some(code),
            Err(Stop::Failed(text)) => {
                said.err += &format!("awk: {text}\n");
                Some(2)
            }
        };
        out.text += &said.text;
        out.err += &said.err;
        self.steps = 0;
        self.locals.clear();
        code
    }

    pub(super) fn begin(&mut self, out: &mut Out) -> Option<i32> {
        let program = self.program.clone();
        let ran = program.begin.iter().try_for_each(|block| self.block(block));
        self.take(ran, out)
    }

    pub(super) fn begin_file(&mut self, name: &str) {
        self.set("FILENAME", Value::Text(name.into()));
        self.set("FNR", Value::Number(0.0));
    }

    pub(super) fn record(&mut self, line: &str, out: &mut Out) -> Option<i32> {
        for name in ["NR", "FNR"] {
            let number = self.get(name).number() + 1.0;
            self.set(name, Value::Number(number));
        }
        let ran = self.set_record(line).and_then(|()| self.rules());
        self.take(ran, out)
    }

    pub(super) fn finish(&mut self, ended: Option<i32>, out: &mut Out) -> i32 {
        let program = self.program.clone();
        let failed = ended == Some(2);
        if failed {
            return 2;
        }
        let ran = program.end.iter().try_for_each(|block| self.block(block));
        self.take(ran, out).or(ended).unwrap_or(0)
    }

    fn rules(&mut self) -> Ran<()> {
        let program = self.program.clone();
        for (at, rule) in program.rules.iter().enumerate() {
            let fits = match &rule.when {
                When::Always => true,
                When::Holds(expression) => self.evaluate(expression)?.holds(),
                When::Between(from, to) => {
                    let inside = self.between.get(at).copied().unwrap_or(false);
                    let fits = inside || self.evaluate(from)?.holds();
                    let stays = fits && !self.evaluate(to)?.holds();
                    if let Some(slot) = self.between.get_mut(at) {
                        *slot = stays;
                    }
                    fits
                }
            };
            match (&rule.action, fits) {
                (_, false) => {}
                (Some(action), true) => self.block(action)?,
                (None, true) => self.print(&[])?,
            }
        }
        Ok(())
    }
}
