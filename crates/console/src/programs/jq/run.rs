//! A filter at work: each value that comes out is handed on at once.

use std::rc::Rc;

use super::builtin;
use super::json::Json;
use super::path;
use super::syntax::{Filter, Function, Part, Pattern};

/// What keeps a filter from going on.
#[derive(Clone, Debug)]
pub(super) enum Stop {
    Failed(Failure),
    /// `break $label`
    Break(usize),
    Halt(i32),
}

/// An error that `try` can catch.
#[derive(Clone, Debug)]
pub(super) struct Failure(pub Json);

impl Failure {
    /// As jq prints it.
    pub(super) fn message(&self) -> String {
        match &self.0 {
            Json::Text(text) => text.to_string(),
            other => format!("{} (not a string)", other.compact()),
        }
    }
}

pub(super) type Ran<T> = Result<T, Stop>;

/// Where a value goes.
pub(super) type Sink<'s> = dyn FnMut(Json) -> Ran<()> + 's;

pub(super) fn failed<T>(text: impl Into<String>) -> Ran<T> {
    Err(Stop::Failed(Failure(Json::text(&text.into()))))
}

/// More steps than this, and a filter does not end.
const MAX_STEPS: u32 = 2_000_000;
/// Functions that call themselves go no deeper: the native stack has an end.
const MAX_CALLS: u32 = 120;

/// What a name stands for that can be called.
#[derive(Clone, Debug)]
enum Callable {
    Defined(Rc<Function>),
    /// An argument: a filter of the caller's.
    Argument(Rc<Filter>, Env),
}

/// Names and what they stand for: the newest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Env(Option<Rc<Binding>>);

#[derive(Debug)]
struct Binding {
    name: Rc<str>,
    what: What,
    before: Env,
}

#[derive(Debug)]
enum What {
    Variable(Json),
    Function(usize, Callable),
    Label(usize),
}

impl Env {
    fn with(&self, name: Rc<str>, what: What) -> Env {
        Env(Some(Rc::new(Binding { name, what, before: self.clone() })))
    }

    pub(super) fn with_variable(&self, name: Rc<str>, value: Json) -> Env {
        self.with(name, What::Variable(value))
    }

    fn find<'e, T>(&'e self, name: &str, wanted: impl Fn(&'e What) -> Option<T>) -> Option<(T, &'e Env)> {
        let mut env = self;
        while let Some(entry) = &env.0 {
            if *entry.name == *name
                && let Some(found) = wanted(&entry.what)
            {
                return Some((found, env));
            }
            env = &entry.before;
        }
        None
    }
}

/// A run of a filter.
pub(super) struct Machine {
    pub environment: Json,
    steps: u32,
    calls: u32,
    labels: usize,
}

impl Machine {
    pub(super) fn new(environment: Json) -> Machine {
        Machine { environment, steps: 0, calls: 0, labels: 0 }
    }

    pub(super) fn count(&mut self) -> Ran<()> {
        self.steps += 1;
        if self.steps > MAX_STEPS { failed("the filter does not come to an end") } else { Ok(()) }
    }

    /// All values that come out.
    pub(super) fn all(&mut self, filter: &Filter, input: &Json, env: &Env) -> Ran<Vec<Json>> {
        let mut all = Vec::new();
        self.run(filter, input, env, &mut |value| {
            all.push(value);
            Ok(())
        })?;
        Ok(all)
    }

    /// The first value that comes out.
    pub(super) fn first(&mut self, filter: &Filter, input: &Json, env: &Env) -> Ran<Option<Json>> {
        let mut first = None;
        self.labels += 1;
        let label = self.labels;
        let ended = self.run(filter, input, env, &mut |value| {
            first = Some(value);
            Err(Stop::Break(label))
        });
        match ended {
            Ok(()) => Ok(first),
            Err(Stop::Break(at)) if at == label => Ok(first),
            Err(stop) => Err(stop),
        }
    }

    /// A label that nothing else has.
    pub(super) fn label(&mut self) -> usize {
        self.labels += 1;
        self.labels
    }

    pub(super) fn run(&mut self, filter: &Filter, input: &Json, env: &Env, out: &mut Sink<'_>) -> Ran<()> {
        self.count()?;
        match filter {
            Filter::Identity => out(input.clone()),
            Filter::Recurse => recurse(input, out),
            Filter::Literal(value) => out(value.clone()),
            Filter::Text(format, parts) => self.text(format, parts, input, env, String::new(), out),
            Filter::Format(format) => out(Json::text(&builtin::formatted(format, input)?)),
            Filter::Index(of, index) => {
                let values = self.all(of, input, env)?;
                for index in self.all(index, input, env)? {
                    for value in &values {
                        out(path::index(value, &index)?)?;
                    }
                }
                Ok(())
            }
            Filter::Slice(of, from, to) => {
                let values = self.all(of, input, env)?;
                let from = self.optional(from.as_deref(), input, env)?;
                let to = self.optional(to.as_deref(), input, env)?;
                for value in values {
                    out(path::slice(&value, from.as_ref(), to.as_ref())?)?;
                }
                Ok(())
            }
            Filter::Each(of) => {
                for value in self.all(of, input, env)? {
                    for item in path::items(&value)? {
                        out(item)?;
                    }
                }
                Ok(())
            }
            Filter::Collect(None) => out(Json::array(Vec::new())),
            Filter::Collect(Some(inner)) => {
                let all = self.all(inner, input, env)?;
                out(Json::array(all))
            }
            Filter::Object(fields) => self.object(fields, input, env, Vec::new(), out),
            Filter::Pipe(left, right) => {
                for value in self.all(left, input, env)? {
                    self.run(right, &value, env, out)?;
                }
                Ok(())
            }
            Filter::Comma(left, right) => {
                self.run(left, input, env, out)?;
                self.run(right, input, env, out)
            }
            Filter::Binary(operator, left, right) => {
                for right in self.all(right, input, env)? {
                    for left in self.all(left, input, env)? {
                        out(builtin::binary(operator, &left, &right)?)?;
                    }
                }
                Ok(())
            }
            Filter::And(left, right) => {
                for left in self.all(left, input, env)? {
                    if !left.holds() {
                        out(Json::Bool(false))?;
                        continue;
                    }
                    for right in self.all(right, input, env)? {
                        out(Json::Bool(right.holds()))?;
                    }
                }
                Ok(())
            }
            Filter::Or(left, right) => {
                for left in self.all(left, input, env)? {
                    if left.holds() {
                        out(Json::Bool(true))?;
                        continue;
                    }
                    for right in self.all(right, input, env)? {
                        out(Json::Bool(right.holds()))?;
                    }
                }
                Ok(())
            }
            Filter::Alternative(left, right) => {
                let mut values = Vec::new();
                let ended = self.run(left, input, env, &mut |value| {
                    values.push(value);
                    Ok(())
                });
                match ended {
                    Ok(()) | Err(Stop::Failed(_)) => {}
                    Err(stop) => return Err(stop),
                }
                values.retain(Json::holds);
                if values.is_empty() {
                    return self.run(right, input, env, out);
                }
                values.into_iter().try_for_each(out)
            }
            Filter::Negate(inner) => {
                for value in self.all(inner, input, env)? {
                    match value {
                        Json::Number(number) => out(Json::Number(-number))?,
                        other => return failed(format!("{} cannot be negated", builtin::described(&other))),
                    }
                }
                Ok(())
            }
            Filter::Assign(target, operator, value) => {
                path::assign(self, target, operator, value, input, env, out)
            }
            Filter::If(condition, yes, no) => {
                for condition in self.all(condition, input, env)? {
                    match (condition.holds(), no) {
                        (true, _) => self.run(yes, input, env, out)?,
                        (false, Some(no)) => self.run(no, input, env, out)?,
                        (false, None) => out(input.clone())?,
                    }
                }
                Ok(())
            }
            Filter::Try(body, catch) => {
                let mut values = Vec::new();
                let ended = self.run(body, input, env, &mut |value| {
                    values.push(value);
                    Ok(())
                });
                values.into_iter().try_for_each(&mut *out)?;
                match (ended, catch) {
                    (Err(Stop::Failed(Failure(error))), Some(catch)) => self.run(catch, &error, env, out),
                    (Ok(()) | Err(Stop::Failed(_)), _) => Ok(()),
                    (Err(stop), _) => Err(stop),
                }
            }
            Filter::Variable(name) if **name == *"ENV" => out(self.environment.clone()),
            Filter::Variable(name) => {
                let found = env.find(name, |what| match what {
                    What::Variable(value) => Some(value.clone()),
                    _ => None,
                });
                out(found.map_or(Json::Null, |(value, _)| value))
            }
            Filter::Bind(source, pattern, rest) => {
                for value in self.all(source, input, env)? {
                    for env in self.bound(pattern, &value, input, env)? {
                        self.run(rest, input, &env, out)?;
                    }
                }
                Ok(())
            }
            Filter::Reduce(source, pattern, start, update) => {
                let items = self.all(source, input, env)?;
                for start in self.all(start, input, env)? {
                    let mut state = start;
                    for item in &items {
                        for env in self.bound(pattern, item, input, env)? {
                            state = self.all(update, &state, &env)?.pop().unwrap_or(Json::Null);
                        }
                    }
                    out(state)?;
                }
                Ok(())
            }
            Filter::Foreach(source, pattern, start, update, extract) => {
                let items = self.all(source, input, env)?;
                for start in self.all(start, input, env)? {
                    let mut state = start;
                    for item in &items {
                        for env in self.bound(pattern, item, input, env)? {
                            for next in self.all(update, &state, &env)? {
                                match extract {
                                    Some(extract) => self.run(extract, &next, &env, out)?,
                                    None => out(next.clone())?,
                                }
                                state = next;
                            }
                        }
                    }
                }
                Ok(())
            }
            Filter::Define(function, rest) => {
                let callable = Callable::Defined(function.clone());
                let arity = function.parameters.len();
                let env = env.with(function.name.clone(), What::Function(arity, callable));
                self.run(rest, input, &env, out)
            }
            Filter::Call(name, arguments) => self.call(name, arguments, input, env, out),
            Filter::Label(name, rest) => {
                let label = self.label();
                let env = env.with(name.clone(), What::Label(label));
                match self.run(rest, input, &env, out) {
                    Err(Stop::Break(at)) if at == label => Ok(()),
                    ended => ended,
                }
            }
            Filter::Break(name) => {
                let found = env.find(name, |what| match what {
                    What::Label(label) => Some(*label),
                    _ => None,
                });
                Err(Stop::Break(found.map_or(0, |(label, _)| label)))
            }
        }
    }

    pub(super) fn optional(&mut self, filter: Option<&Filter>, input: &Json, env: &Env) -> Ran<Option<Json>> {
        match filter {
            Some(filter) => self.first(filter, input, env),
            None => Ok(None),
        }
    }

    fn text(
        &mut self,
        format: &str,
        parts: &[Part],
        input: &Json,
        env: &Env,
        before: String,
        out: &mut Sink<'_>,
    ) -> Ran<()> {
        let Some((part, rest)) = parts.split_first() else { return out(Json::text(&before)) };
        match part {
            Part::Text(text) => self.text(format, rest, input, env, before + text, out),
            Part::Filter(filter) => {
                for value in self.all(filter, input, env)? {
                    let text = builtin::formatted(format, &value)?;
                    self.text(format, rest, input, env, format!("{before}{text}"), out)?;
                }
                Ok(())
            }
        }
    }

    fn object(
        &mut self,
        fields: &[(Filter, Filter)],
        input: &Json,
        env: &Env,
        before: Vec<(Rc<str>, Json)>,
        out: &mut Sink<'_>,
    ) -> Ran<()> {
        let Some(((key, value), rest)) = fields.split_first() else { return out(Json::object(before)) };
        for key in self.all(key, input, env)? {
            let Json::Text(name) = key else {
                return failed(format!("Object keys must be strings, not {}", builtin::described(&key)));
            };
            for value in self.all(value, input, env)? {
                let mut fields = before.clone();
                fields.push((name.clone(), value));
                self.object(rest, input, env, fields, out)?;
            }
        }
        Ok(())
    }

    /// The names of a pattern with their values; a key may come to several.
    fn bound(&mut self, pattern: &Pattern, value: &Json, input: &Json, env: &Env) -> Ran<Vec<Env>> {
        match pattern {
            Pattern::Variable(name) => Ok(vec![env.with_variable(name.clone(), value.clone())]),
            Pattern::Array(items) => {
                let mut all = vec![env.clone()];
                for (at, item) in items.iter().enumerate() {
                    let part = path::index(value, &Json::Number(at as f64))?;
                    let mut next = Vec::new();
                    for env in &all {
                        next.extend(self.bound(item, &part, input, env)?);
                    }
                    all = next;
                }
                Ok(all)
            }
            Pattern::Object(fields) => {
                let mut all = vec![env.clone()];
                for (key, name, inner) in fields {
                    let mut next = Vec::new();
                    for env in &all {
                        for key in self.all(key, input, env)? {
                            let part = path::index(value, &key)?;
                            let env = match name {
                                Some(name) => env.with_variable(name.clone(), part.clone()),
                                None => env.clone(),
                            };
                            match inner {
                                Some(inner) => next.extend(self.bound(inner, &part, input, &env)?),
                                None => next.push(env),
                            }
                        }
                    }
                    all = next;
                }
                Ok(all)
            }
        }
    }

    /// The function of a name, and the names that its body sees.
    fn function(&self, name: &str, arity: usize, env: &Env) -> Option<(Callable, Env)> {
        let found = env.find(name, |what| match what {
            What::Function(count, callable) if *count == arity => Some(callable.clone()),
            _ => None,
        });
        found.map(|(callable, at)| (callable, at.clone()))
    }

    fn call(
        &mut self,
        name: &Rc<str>,
        arguments: &Rc<[Filter]>,
        input: &Json,
        env: &Env,
        out: &mut Sink<'_>,
    ) -> Ran<()> {
        let Some((callable, at)) = self.function(name, arguments.len(), env) else {
            return builtin::call(self, name, arguments, input, env, out);
        };
        if self.calls >= MAX_CALLS {
            return failed(format!("{name} calls itself without end"));
        }
        self.calls += 1;
        let ended = match callable {
            Callable::Argument(filter, env) => self.run(&filter, input, &env, out),
            Callable::Defined(function) => self.enter(&function, arguments, input, env, at, out),
        };
        self.calls -= 1;
        ended
    }

    /// Runs a function's body. `inner`: the names it was defined among, itself included.
    fn enter(
        &mut self,
        function: &Function,
        arguments: &Rc<[Filter]>,
        input: &Json,
        env: &Env,
        inner: Env,
        out: &mut Sink<'_>,
    ) -> Ran<()> {
        let mut inners = vec![inner];
        for ((parameter, is_value), argument) in function.parameters.iter().zip(arguments.iter()) {
            let mut next = Vec::new();
            for inner in inners {
                let argument_filter = Rc::new(argument.clone());
                let callable = Callable::Argument(argument_filter, env.clone());
                if !is_value {
                    next.push(inner.with(parameter.clone(), What::Function(0, callable)));
                    continue;
                }
                for value in self.all(argument, input, env)? {
                    let literal = Rc::new(Filter::Literal(value.clone()));
                    let named = inner.with(
                        parameter.clone(),
                        What::Function(0, Callable::Argument(literal, Env::default())),
                    );
                    next.push(named.with_variable(parameter.clone(), value));
                }
            }
            inners = next;
        }
        for inner in inners {
            self.run(&function.body, input, &inner, out)?;
        }
        Ok(())
    }

    /// A function's body as a filter with its names, for paths; `None` for a builtin.
    pub(super) fn unfolded(
        &mut self,
        name: &Rc<str>,
        arguments: &Rc<[Filter]>,
        input: &Json,
        env: &Env,
    ) -> Ran<Option<(Filter, Env)>> {
        match self.function(name, arguments.len(), env) {
            None => Ok(None),
            Some((Callable::Argument(filter, env), _)) => Ok(Some(((*filter).clone(), env))),
            Some((Callable::Defined(function), at)) => {
                let mut inner = at;
                for ((parameter, is_value), argument) in function.parameters.iter().zip(arguments.iter()) {
                    let callable = Callable::Argument(Rc::new(argument.clone()), env.clone());
                    inner = inner.with(parameter.clone(), What::Function(0, callable));
                    if *is_value {
                        let value = self.first(argument, input, env)?.unwrap_or(Json::Null);
                        inner = inner.with_variable(parameter.clone(), value);
                    }
                }
                Ok(Some((function.body.clone(), inner)))
            }
        }
    }
}

/// A value and all that is in it.
pub(super) fn recurse(value: &Json, out: &mut Sink<'_>) -> Ran<()> {
    let mut left = vec![value.clone()];
    while let Some(value) = left.pop() {
        match &value {
            Json::Array(items) => left.extend(items.iter().rev().cloned()),
            Json::Object(fields) => left.extend(fields.iter().rev().map(|(_, value)| value.clone())),
            _ => {}
        }
        out(value)?;
    }
    Ok(())
}
