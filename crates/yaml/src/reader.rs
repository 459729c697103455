//! A file → its documents, as kubectl or the kubelet reads it.
//!
//! kubectl cuts a file at the lines that begin with `---` and reads each piece by itself; a file that begins
//! with `{` it takes for JSON first. The kubelet reads one document and looks at nothing behind it.
//!
//! Upstream: apimachinery/pkg/util/yaml/decoder.go (YAMLOrJSONDecoder, YAMLReader);
//! kubernetes/pkg/kubelet/config/common.go, tryDecodeSinglePod.

use super::diagnostic::{Diagnostic, Span};
use super::events::Parser;
use super::json::{self, JsonError};
use super::lines::Lines;
use super::node::Node;
use super::scanner::Scanner;
use super::text::{self, Text};
use super::token::{ErrorType, Mark, Problem};
use super::tree::{self, Refusal, Tree};
use super::{Reader, help};

/// kubectl looks so far into a file for the `{` that makes it JSON.
const GUESS: usize = 4096;

/// The kubelet reads no larger file (`maxConfigLength`), and no text here is as long as 4 GiB.
const KUBELET_LIMIT: usize = 10 << 20;
const KUBECTL_LIMIT: usize = u32::MAX as usize;

/// One document of a file. Its tree's spans are places in the whole file.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What the document says.
    pub tree: Node,
    /// The line on which the document begins, from 1.
    pub start_line: u32,
    /// The text of a JSON object that does not say its kind: kubectl shows it in its refusal.
    pub json: Option<Box<str>>,
    /// What the real program silently accepts and a person would regret: keys written twice.
    pub warnings: Vec<Diagnostic>,
}

/// What a file holds. Reading ends with the first mistake; the documents before it stand.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Documents {
    /// Without empty ones where kubectl reads; at most one where the kubelet reads.
    pub documents: Vec<Document>,
    /// Why reading ended early: kubectl's words behind `error parsing FILE: `, the kubelet's inside
    /// `couldn't parse as pod(…)`.
    pub error: Option<Diagnostic>,
}

impl Documents {
    /// Everything noticed, by place.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let warnings = self.documents.iter().flat_map(|d| &d.warnings);
        let mut all: Vec<Diagnostic> = warnings.chain(&self.error).cloned().collect();
        all.sort_by_key(|d| d.span.start);
        all
    }
}

/// Reads a file's documents.
pub fn read_documents(bytes: &[u8], reader: Reader) -> Documents {
    let limit = if reader == Reader::Kubelet { KUBELET_LIMIT } else { KUBECTL_LIMIT };
    if bytes.len() >= limit {
        let error = Diagnostic::error("the read limit is reached", Span::default());
        return Documents { error: Some(error), ..Documents::default() };
    }
    let text = text::decode(bytes, reader);
    let mut file = File::new(&text.text);
    match reader {
        Reader::Kubectl => file.read_as_kubectl(),
        Reader::Kubelet => file.read_as_kubelet(&text),
    }
    file.found
}

struct File<'t> {
    text: &'t str,
    lines: Lines<'t>,
    found: Documents,
}

fn looks_like_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

impl<'t> File<'t> {
    fn new(text: &'t str) -> Self {
        File { text, lines: Lines::new(text), found: Documents::default() }
    }

    fn tail(&self, from: usize) -> &'t str {
        self.text.get(from..).unwrap_or_default()
    }

    fn read_as_kubectl(&mut self) {
        let blank = self.text.len() - self.text.trim_start().len();
        if blank < GUESS && looks_like_json(self.text) {
            self.read_json_stream();
        } else {
            self.read_yaml_stream(0, None);
        }
    }

    /// Objects one after another; what is none may still be YAML if it comes first or second.
    fn read_json_stream(&mut self) {
        let mut at = 0;
        let mut count = 0;
        loop {
            match json::read(self.text, at, &mut self.lines, 0) {
                Ok(None) => return,
                Ok(Some((tree, behind))) => {
                    count += 1;
                    let text = self.text.get(at..behind).unwrap_or_default().trim();
                    let kind = tree.get("kind").and_then(Node::as_str).unwrap_or_default();
                    let json = kind.is_empty().then(|| text.into());
                    at = behind;
                    self.push(tree, Vec::new());
                    if let Some(document) = self.found.documents.last_mut() {
                        document.json = json;
                    }
                }
                Err(error) => {
                    let message = match (error.at_end, count > 1) {
                        (true, _) => "unexpected EOF".to_owned(),
                        (false, true) => error.what.clone(),
                        (false, false) => format!("json: offset {}: {}", error.offset, error.what),
                    };
                    let diagnostic = self.json_diagnostic(message, &error);
                    if count > 1 {
                        self.found.error = Some(diagnostic);
                    } else {
                        self.read_yaml_stream(self.behind_blanks(at), Some(diagnostic));
                    }
                    return;
                }
            }
        }
    }

    /// Behind the blanks that JSON left over, at most to the end of their line.
    fn behind_blanks(&self, at: usize) -> usize {
        let mut end = at;
        for c in self.tail(at).chars().take_while(|c| c.is_whitespace()) {
            end += c.len_utf8();
            if c == '\n' {
                break;
            }
        }
        end
    }

    /// `instead` is reported in place of the first error: the file looked like JSON.
    fn read_yaml_stream(&mut self, from: usize, mut instead: Option<Diagnostic>) {
        let mut at = from;
        let mut begin = from;
        loop {
            let rest = self.tail(at);
            let line = rest.split('\n').next().unwrap_or_default();
            let next = (at + line.len() + 1).min(self.text.len());
            let separator = line.strip_prefix("---");
            if let Some(behind) = separator {
                let behind = behind.trim();
                if !behind.is_empty() && !behind.starts_with('#') {
                    self.fail_separator(behind, at, line, instead);
                    return;
                }
            }
            let ends = rest.is_empty() || separator.is_some() && begin < at;
            if ends && begin < at && !self.read_yaml_piece(begin, at, &mut instead) {
                return;
            }
            if rest.is_empty() {
                return;
            }
            if ends {
                begin = next;
            }
            at = next;
        }
    }

    fn fail_separator(&mut self, behind: &str, at: usize, line: &str, instead: Option<Diagnostic>) {
        let line = line.trim_end_matches('\r');
        let span = self.lines.span(at as u32, (at + line.len()) as u32);
        let error = Diagnostic::error(format!("invalid Yaml document separator: {behind}"), span);
        let error = error.with_help(help::separator(behind));
        self.found.error = Some(instead.unwrap_or(error));
    }

    /// False if it is no YAML.
    fn read_yaml_piece(&mut self, begin: usize, end: usize, instead: &mut Option<Diagnostic>) -> bool {
        let mut copy = String::new();
        let mut piece = self.text.get(begin..end).unwrap_or_default();
        // go-yaml takes a byte order mark from each piece that it is given.
        let unmarked = piece.strip_prefix('\u{feff}').unwrap_or(piece);
        let begin = begin + piece.len() - unmarked.len();
        piece = unmarked;
        if !piece.ends_with('\n') {
            // kubectl ends every line it reads, the file's last one too.
            copy.push_str(piece);
            copy.push('\n');
            piece = &copy;
        }
        match self.read_yaml(piece, begin, None) {
            Ok(tree) if tree.root.is_null() => {}
            Ok(tree) => {
                let mut warnings = tree.warnings;
                warnings.extend(self.text_behind(tree.end as usize, end, help::BEHIND_FOR_KUBECTL));
                self.push(tree.root, warnings);
            }
            Err(refusal) => {
                let error = self.diagnose(refusal, piece, begin, "error converting YAML to JSON: ");
                self.found.error = Some(instead.take().unwrap_or(error));
                return false;
            }
        }
        // Only the first document may have been meant as JSON.
        *instead = None;
        true
    }

    fn read_yaml(
        &mut self,
        text: &str,
        base: usize,
        bad: Option<(usize, &'static str)>,
    ) -> Result<Tree, Refusal> {
        let (text, bad) = text::cut(text, bad);
        tree::build(Parser::new(Scanner::new(text, bad)), &mut self.lines, base as u32)
    }

    fn read_as_kubelet(&mut self, text: &Text) {
        // Go looks for the brace in the bytes as they are.
        if !text.marked && looks_like_json(self.text) {
            let whole = json::read(self.text, 0, &mut self.lines, 0);
            let read = whole.and_then(|read| match read {
                Some((tree, behind)) => json::end(self.text, behind).map(|()| Some(tree)),
                None => Ok(None),
            });
            match read {
                Ok(tree) => self.push(tree.unwrap_or_default(), Vec::new()),
                Err(error) => {
                    let message = format!("couldn't get version/kind; json parse error: {}", error.what);
                    self.found.error = Some(self.json_diagnostic(message, &error));
                }
            }
            return;
        }
        match self.read_yaml(self.text, 0, text.bad) {
            Ok(tree) => {
                let mut warnings = tree.warnings;
                let end = self.text.len();
                warnings.extend(self.text_behind(tree.end as usize, end, help::BEHIND_FOR_KUBELET));
                self.push(tree.root, warnings);
            }
            Err(refusal) => self.found.error = Some(self.diagnose(refusal, self.text, 0, "")),
        }
    }

    fn push(&mut self, tree: Node, warnings: Vec<Diagnostic>) {
        let start_line = tree.span.start.line;
        self.found.documents.push(Document { tree, start_line, json: None, warnings });
    }

    /// A warning if the document is followed by something that no program will read.
    fn text_behind(&mut self, from: usize, to: usize, message: &str) -> Option<Diagnostic> {
        let rest = self.text.get(from..to)?;
        let is_content = |line: &str| {
            let line = line.trim();
            !line.is_empty() && !line.starts_with('#') && !matches!(line, "---" | "...")
        };
        rest.lines().any(is_content).then(|| {
            let blank = rest.len() - rest.trim_start().len();
            let span = self.lines.line_of((from + blank) as u32);
            Diagnostic::warning(message, span)
        })
    }

    fn json_diagnostic(&mut self, message: String, error: &JsonError) -> Diagnostic {
        let at = if error.at_end { error.offset } else { error.offset.saturating_sub(1) } as u32;
        Diagnostic::error(message, self.lines.span(at, error.offset as u32))
    }

    fn diagnose(&mut self, refusal: Refusal, piece: &str, base: usize, prefix: &str) -> Diagnostic {
        match refusal {
            Refusal::Syntax(problem) => {
                let message = format!("{prefix}yaml: {}{}", line_of(&problem), problem.what);
                let span = self.place_of(&problem, piece, base as u32);
                let help = help::syntax(&problem, piece);
                Diagnostic { help, ..Diagnostic::error(message, span) }
            }
            Refusal::Meaning(sentence, span) => {
                let help = help::meaning(&sentence);
                Diagnostic { help, ..Diagnostic::error(format!("{prefix}yaml: {sentence}"), span) }
            }
            Refusal::Json(sentence, span) => Diagnostic::error(format!("{prefix}{sentence}"), span),
            Refusal::Depth(bracket, span) => {
                let what = format!("invalid character '{bracket}' exceeded max depth");
                // kubectl finds this when it decodes the JSON, the kubelet when it looks for the kind.
                let before = if prefix.is_empty() {
                    "couldn't get version/kind; json parse error: "
                } else {
                    "error unmarshaling JSON: while decoding JSON: "
                };
                Diagnostic::error(format!("{before}{what}"), span)
            }
        }
    }

    /// Where the mistake is, rather than where it was noticed.
    fn place_of(&mut self, problem: &Problem, piece: &str, base: u32) -> Span {
        let unclosed = problem.at.offset as usize >= piece.trim_end().len();
        let began = match problem.what {
            "could not find expected ':'" => problem.context,
            "did not find expected ',' or ']'" | "did not find expected ',' or '}'" if unclosed => {
                problem.context
            }
            "found unexpected end of stream" | "found unexpected document indicator" => problem.context,
            _ => None,
        };
        if began.is_some() && problem.what == "could not find expected ':'" {
            let start = began.unwrap_or(problem.at).offset;
            let end = self.lines.line_of(base + start).end.offset;
            return self.lines.span(base + start, end);
        }
        let at = began.unwrap_or(problem.at).offset as usize;
        // At the very end there is nothing to underline: the last text before it.
        let at = if at >= piece.len() { piece.trim_end().len().saturating_sub(1) } else { at };
        let width = piece.get(at..).and_then(|t| t.chars().next()).map_or(0, char::len_utf8);
        self.lines.span(base + at as u32, base + (at + width) as u32)
    }
}

/// go-yaml's `line N: `, which counts from 0 where the parser found the problem and from 1 where the
/// scanner did, and is left out at the very beginning and for bad characters.
fn line_of(problem: &Problem) -> String {
    let line = match (problem.error_type, problem.at.line, problem.context) {
        (ErrorType::Reader, ..) => 0,
        (_, 0, context) => context.map_or(0, |Mark { line, .. }| line),
        (ErrorType::Scanner, line, _) => line + 1,
        (ErrorType::Parser, line, _) => line,
    };
    if line == 0 { String::new() } else { format!("line {line}: ") }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
