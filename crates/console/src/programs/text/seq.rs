//! `seq`, `yes`.

use crate::programs::feed;
use crate::programs::options::Spec;
use crate::shell::program::{Cx, Program, Started, StepResult};

pub(in crate::programs) fn start(cx: &mut Cx<'_>, args: &[String]) -> Started {
    // A negative number is no option.
    let is_number = |arg: &String| arg.parse::<f64>().is_ok();
    let (numbers, options): (Vec<String>, Vec<String>) = args.iter().cloned().partition(is_number);
    let spec = Spec { long: &[("separator", 's'), ("equal-width", 'w')], ..Spec::new("seq", "s:wf:") };
    let options = match spec.parse(&options) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    if options.has('f') {
        return feed::refuse(cx, "seq: -f is not simulated: use printf\n", 1);
    }
    if let Some(strange) = options.operands.first() {
        let text = format!(
            "seq: invalid floating point argument: ‘{strange}’\nTry 'seq --help' for more information.\n"
        );
        return feed::refuse(cx, &text, 1);
    }
    let places = numbers
        .iter()
        .map(|text| text.split_once('.').map_or(0, |(_, places)| places.len()))
        .max()
        .unwrap_or(0);
    let scale = 10_f64.powi(places.min(9) as i32);
    let values: Vec<i64> =
        numbers.iter().map(|text| (text.parse::<f64>().unwrap_or(0.0) * scale).round() as i64).collect();
    let one = scale as i64;
    let (first, step, last) = match values.as_slice() {
        [last] => (one, one, *last),
        [first, last] => (*first, one, *last),
        [first, step, last] => (*first, *step, *last),
        [] => return feed::refuse(cx, "seq: missing operand\nTry 'seq --help' for more information.\n", 1),
        _ => return feed::refuse(cx, "seq: extra operand\nTry 'seq --help' for more information.\n", 1),
    };
    if step == 0 {
        return feed::refuse(
            cx,
            "seq: invalid Zero increment value: ‘0’\nTry 'seq --help' for more information.\n",
            1,
        );
    }
    let show = |value: i64| {
        if places == 0 { value.to_string() } else { format!("{:.places$}", value as f64 / scale) }
    };
    let width = if options.has('w') { show(first).len().max(show(last).len()) } else { 0 };
    let separator = options.value('s').unwrap_or("\n").to_owned();
    Started::runs(Seq { next: first, step, last, places, scale: one, width, separator, first: true })
}

#[derive(Clone)]
struct Seq {
    next: i64,
    step: i64,
    last: i64,
    places: usize,
    scale: i64,
    width: usize,
    separator: String,
    first: bool,
}

/// Numbers that are printed before another has its turn.
const AT_ONCE: usize = 1_000;

impl Program for Seq {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult {
        let mut out = String::new();
        let is_over = |seq: &Seq| if seq.step > 0 { seq.next > seq.last } else { seq.next < seq.last };
        for _ in 0..AT_ONCE {
            if is_over(self) {
                break;
            }
            if !self.first {
                out += &self.separator;
            }
            self.first = false;
            let text = match self.places {
                0 => self.next.to_string(),
                places => format!("{:.places$}", self.next as f64 / self.scale as f64),
            };
            let digits = text.trim_start_matches('-');
            let sign = if digits.len() < text.len() { "-" } else { "" };
            let zeros = "0".repeat(self.width.saturating_sub(text.len()));
            out += &format!("{sign}{zeros}{digits}");
            self.next = self.next.saturating_add(self.step);
        }
        let over = is_over(self);
        if over && !self.first {
            out.push('\n');
        }
        cx.out(&out);
        if over { StepResult::Done(0) } else { StepResult::Again }
    }
}

pub(in crate::programs) fn yes(_cx: &mut Cx<'_>, args: &[String]) -> Started {
    let text = if args.is_empty() { "y".to_owned() } else { args.join(" ") };
    Started::runs(Yes(text + "\n"))
}

#[derive(Clone)]
struct Yes(String);

impl Program for Yes {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult {
        cx.out(&self.0);
        StepResult::Again
    }
}
