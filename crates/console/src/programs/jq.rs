//! `jq`: its language as far as people type it. What is not known is refused when the program is read.
//!
//! Not simulated: modules, `input_line_number`, dates, `limit` of memory, streaming, SQL-like functions.

mod builtin;
mod json;
mod parse;
mod path;
mod regex;
mod run;
mod syntax;
mod token;

use std::rc::Rc;

use super::feed;
use super::options::{Options, Spec};
use super::whole::{self, Work};
use crate::shell::program::{Cx, Started};
use json::{Json, Style};
use run::{Env, Machine, Stop};
use syntax::Filter;

const SPEC: Spec = Spec {
    long: &[
        ("raw-output", 'r'),
        ("join-output", 'j'),
        ("compact-output", 'c'),
        ("null-input", 'n'),
        ("slurp", 's'),
        ("exit-status", 'e'),
        ("sort-keys", 'S'),
        ("raw-input", 'R'),
        ("tab", 't'),
        ("indent", 'I'),
        ("color-output", 'C'),
        ("monochrome-output", 'M'),
        ("ascii-output", 'a'),
        ("from-file", 'f'),
    ],
    code: 2,
    ..Spec::new("jq", "rjcnseSRtI:CMaf:h")
};

const USAGE: &str = "Usage:\tjq [OPTIONS] FILTER [FILES...]\n\tjq [OPTIONS] -n FILTER\n";

/// Names that the command line gives values to.
type Variables = Vec<(Rc<str>, Json)>;

/// `--arg NAME VALUE`, `--argjson NAME VALUE`, which take two words.
fn variables(args: &[String]) -> Result<(Vec<String>, Variables), String> {
    let (mut rest, mut found) = (Vec::new(), Vec::new());
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let is_json = arg == "--argjson";
        if !is_json && arg != "--arg" {
            if matches!(
                arg.as_str(),
                "--args" | "--jsonargs" | "--slurpfile" | "--rawfile" | "--stream" | "--seq"
            ) {
                return Err(format!("jq: {arg} is not simulated\n"));
            }
            rest.push(arg.clone());
            continue;
        }
        let (Some(name), Some(value)) = (args.next(), args.next()) else {
            return Err(format!("jq: {arg} takes two parameters (e.g. {arg} varname value)\n{USAGE}"));
        };
        let value = match is_json {
            false => Json::text(value),
            true => match json::read_all(value.as_bytes()).into_iter().next() {
                Some(Ok(value)) => value,
                _ => return Err(format!("jq: Invalid JSON text passed to --argjson\n{USAGE}")),
            },
        };
        found.push((name.as_str().into(), value));
    }
    Ok((rest, found))
}

pub(super) fn start(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let (args, variables) = match variables(args) {
        Ok(split) => split,
        Err(text) => return feed::refuse(cx, &text, 2),
    };
    let mut options = match SPEC.parse(&args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let text = match options.value('f').map(str::to_owned) {
        Some(path) => match cx.read_file(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(why) => return feed::refuse(cx, &format!("jq: error: Could not open {path}: {why}\n"), 2),
        },
        None if options.operands.is_empty() => return feed::refuse(cx, USAGE, 2),
        None => options.operands.remove(0),
    };
    let names: Vec<Rc<str>> = variables.iter().map(|(name, _)| name.clone()).collect();
    let filter = match parse::parse(&text, &names) {
        Ok(filter) => filter,
        Err(error) => {
            let text = format!("jq: error: {error}\njq: 1 compile error\n");
            return feed::refuse(cx, &text, 3);
        }
    };
    let environment =
        cx.env().exported().map(|(name, value)| (name.clone(), Json::Text(value.clone()))).collect();
    let jq =
        Jq { filter, variables, environment: Json::object(environment), style: style(&options), options };
    if jq.options.has('n') {
        let mut jq = jq;
        let code = jq.run(cx, Vec::new());
        return Started::Done(code);
    }
    let files = jq.options.operands.clone();
    whole::start("jq", jq, files, 2)
}

fn style(options: &Options) -> Style {
    let indent = options.value('I').and_then(|text| text.parse().ok()).unwrap_or(2_usize).min(7);
    Style {
        indent: match () {
            () if options.has('c') => None,
            () if options.has('t') => Some("\t".to_owned()),
            () if indent == 0 => None,
            () => Some(" ".repeat(indent)),
        },
        sorted: options.has('S'),
        ascii: options.has('a'),
    }
}

#[derive(Clone)]
struct Jq {
    filter: Rc<Filter>,
    variables: Variables,
    environment: Json,
    style: Style,
    options: Options,
}

impl Jq {
    /// The inputs of the filter; what is wrong with them comes as the last.
    fn inputs(&self, inputs: &[Vec<u8>]) -> Vec<Result<Json, String>> {
        if self.options.has('n') {
            return vec![Ok(Json::Null)];
        }
        if self.options.has('R') {
            let text = String::from_utf8_lossy(&inputs.concat()).into_owned();
            return match self.options.has('s') {
                true => vec![Ok(Json::text(&text))],
                false => text.lines().map(|line| Ok(Json::text(line))).collect(),
            };
        }
        let values = json::read_all(&inputs.concat());
        if !self.options.has('s') {
            return values;
        }
        match values.into_iter().collect::<Result<Vec<Json>, String>>() {
            Ok(values) => vec![Ok(Json::Array(Rc::new(values)))],
            Err(error) => vec![Err(error)],
        }
    }

    fn text(&self, value: &Json) -> String {
        let end = if self.options.has('j') { "" } else { "\n" };
        match value {
            Json::Text(text) if self.options.has('r') || self.options.has('j') => format!("{text}{end}"),
            value => format!("{}{end}", value.print(&self.style)),
        }
    }
}

impl Work for Jq {
    fn run(&mut self, cx: &mut Cx<'_>, inputs: Vec<Vec<u8>>) -> i32 {
        let mut code = 0;
        let mut last = None;
        for input in self.inputs(&inputs) {
            let input = match input {
                Ok(input) => input,
                Err(error) => {
                    cx.err(&format!("jq: parse error: {error}\n"));
                    return 2;
                }
            };
            let mut env = Env::default();
            for (name, value) in &self.variables {
                env = env.with_variable(name.clone(), value.clone());
            }
            let mut printed = String::new();
            let mut machine = Machine::new(self.environment.clone());
            let ended = machine.run(&self.filter, &input, &env, &mut |value| {
                printed += &self.text(&value);
                last = Some(value);
                Ok(())
            });
            cx.out(&printed);
            match ended {
                Ok(()) | Err(Stop::Break(_)) => {}
                Err(Stop::Failed(error)) => {
                    cx.err(&format!("jq: error (at <stdin>:0): {}\n", error.message()));
                    code = 5;
                }
                Err(Stop::Halt(status)) => return status,
            }
        }
        if self.options.has('e') && code == 0 {
            return match last {
                None => 4,
                Some(Json::Null | Json::Bool(false)) => 1,
                Some(_) => 0,
            };
        }
        code
    }
}
