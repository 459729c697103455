//! Events → the tree of one document, with go-yaml's rules for anchors, merges and keys.
//!
//! Upstream: goyaml.v2/decode.go and sigs.k8s.io/yaml's yaml.go.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::diagnostic::{Diagnostic, Pos, Span};
use super::events::{Event, EventKind, Parser, Properties};
use super::gosyntax;
use super::lines::Lines;
use super::node::{MAX_TREE_DEPTH, MapItem, Node, NodeValue};
use super::resolve::{self, Resolved};
use super::token::{Mark, Problem};

/// The first document of a text, and what was noticed on the way.
pub(super) struct Tree {
    /// Null for a text without any node.
    pub(crate) root: Node,
    pub(crate) warnings: Vec<Diagnostic>,
    /// Where the document ended; go-yaml looks at nothing behind it.
    pub(crate) end: u32,
}

/// Why there is no tree.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The text is no YAML.
    Syntax(Problem),
    /// It is YAML, but go-yaml cannot make values of it.
    Meaning(String, Span),
    /// It has values that JSON cannot hold.
    Json(String, Span),
    /// It is too deep; with the bracket that JSON would have there.
    Depth(char, Span),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Refusal::Syntax(problem)
    }
}

/// Builds the tree of the first document; `base` is where the text begins in the user's text.
pub(super) fn build(mut parser: Parser<'_>, lines: &mut Lines<'_>, base: u32) -> Result<Tree, Refusal> {
    let mut builder = Builder::new(lines, base);
    let mut end = base;
    loop {
        let event = parser.next()?;
        match event.kind {
            EventKind::StreamStart | EventKind::DocumentStart => {}
            EventKind::StreamEnd => break,
            EventKind::DocumentEnd => {
                end = base + event.start.offset;
                break;
            }
            _ => builder.event(event)?,
        }
    }
    builder.finish(end)
}

const NO_MERGE: &str = "map merge requires map or sequence of maps as the value";

struct Builder<'l, 't> {
    lines: &'l mut Lines<'t>,
    base: u32,
    frames: Vec<Frame>,
    anchors: BTreeMap<String, Anchor>,
    anchors_made: usize,
    aliases_used: bool,
    /// Collections open below the deepest level that is kept.
    skipped: usize,
    root: Node,
    meaning: Option<Refusal>,
    json: Option<Refusal>,
    depth: Option<Refusal>,
    warnings: Vec<Diagnostic>,
}

/// A collection whose end has not come yet.
struct Frame {
    anchor: Option<(String, usize)>,
    start: Pos,
    /// Where its last part ended.
    end: Pos,
    /// Levels of collections in it.
    height: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map(Vec<MapItem>, Option<PendingKey>),
}

struct PendingKey {
    text: String,
    span: Span,
    merge: bool,
    is_string: bool,
    /// JSON cannot have it; how Go names its type and value.
    unsupported: Option<(&'static str, String)>,
}

enum Anchor {
    /// The node is not complete; an alias would make it contain itself.
    Open(usize),
    Done(Rc<Node>, usize),
}

impl<'l, 't> Builder<'l, 't> {
    fn new(lines: &'l mut Lines<'t>, base: u32) -> Self {
        Builder {
            lines,
            base,
            frames: Vec::new(),
            anchors: BTreeMap::new(),
            anchors_made: 0,
            aliases_used: false,
            skipped: 0,
            root: Node::default(),
            meaning: None,
            json: None,
            depth: None,
            warnings: Vec::new(),
        }
    }

    fn finish(mut self, end: u32) -> Result<Tree, Refusal> {
        if let Some(refusal) = self.meaning.or(self.depth) {
            return Err(refusal);
        }
        if self.aliases_used
            && let Some(span) = Budget::default().exceeded_by(&self.root)
        {
            return Err(Refusal::Meaning("document contains excessive aliasing".to_owned(), span));
        }
        if let Some(refusal) = self.json {
            return Err(refusal);
        }
        self.warnings.sort_by_key(|w| w.span.start);
        Ok(Tree { root: self.root, warnings: self.warnings, end })
    }

    fn span(&mut self, start: Mark, end: Mark) -> Span {
        self.lines.span(self.base + start.offset, self.base + end.offset)
    }

    fn refuse_meaning(&mut self, sentence: String, span: Span) {
        self.meaning.get_or_insert(Refusal::Meaning(sentence, span));
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), Refusal> {
        match event.kind {
            EventKind::SequenceStart(properties) => {
                self.open(properties, event.start, event.end, Content::List(Vec::new()));
            }
            EventKind::MappingStart(properties) => {
                self.open(properties, event.start, event.end, Content::Map(Vec::new(), None));
            }
            EventKind::SequenceEnd | EventKind::MappingEnd => self.close(event.start, event.end),
            EventKind::Alias(name) => return self.alias(name, event.start, event.end),
            EventKind::Scalar { value, properties, implicit, .. } if self.skipped == 0 => {
                let span = self.span(event.start, event.end);
                self.scalar(&value, properties, implicit, span);
            }
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, properties: Properties<'_>, start: Mark, end: Mark, content: Content) {
        if self.skipped > 0 || self.frames.len() >= MAX_TREE_DEPTH {
            if self.depth.is_none() {
                let bracket = if matches!(content, Content::List(_)) { '[' } else { '{' };
                let span = self.span(start, end);
                self.depth = Some(Refusal::Depth(bracket, span));
            }
            self.skipped += 1;
            return;
        }
        let anchor = properties.anchor.map(|name| self.open_anchor(name));
        let start = self.lines.pos(self.base + start.offset);
        self.frames.push(Frame { anchor, start, end: start, height: 1, content });
    }

    fn open_anchor(&mut self, name: &str) -> (String, usize) {
        self.anchors_made += 1;
        self.anchors.insert(name.to_owned(), Anchor::Open(self.anchors_made));
        (name.to_owned(), self.anchors_made)
    }

    fn close(&mut self, start: Mark, end: Mark) {
        if self.skipped > 0 {
            self.skipped -= 1;
            if self.skipped == 0 {
                let span = self.span(start, end);
                self.attach(Node::new(NodeValue::Null, span), 0);
            }
            return;
        }
        let Some(frame) = self.frames.pop() else { return };
        // A flow collection ends with its bracket, a block collection with its last part.
        let closed = end.offset > start.offset;
        let end = if closed { self.lines.pos(self.base + end.offset) } else { frame.end };
        let span = Span { start: frame.start, end };
        let value = match frame.content {
            Content::List(items) => NodeValue::List(items),
            Content::Map(entries, _) => {
                self.warn_of_duplicates(&entries);
                NodeValue::Map(entries)
            }
        };
        self.complete(Node::new(value, span), frame.height, frame.anchor);
    }

    fn alias(&mut self, name: &str, start: Mark, end: Mark) -> Result<(), Refusal> {
        let span = self.span(start, end);
        let mut node = Node::new(NodeValue::Null, span);
        let mut levels = 0;
        match self.anchors.get(name) {
            // go-yaml finds this out while it still parses: later mistakes in the syntax come second.
            None => return Err(Refusal::Meaning(format!("unknown anchor '{name}' referenced"), span)),
            Some(Anchor::Open(_)) => {
                self.refuse_meaning(format!("anchor '{name}' value contains itself"), span);
            }
            Some(Anchor::Done(target, height)) if self.frames.len() + height > MAX_TREE_DEPTH => {
                let bracket = if matches!(target.value, NodeValue::Map(_)) { '{' } else { '[' };
                self.depth.get_or_insert(Refusal::Depth(bracket, span));
            }
            Some(Anchor::Done(target, height)) => {
                node.value = NodeValue::Shared(Rc::clone(target));
                levels = *height;
            }
        }
        self.aliases_used = true;
        if self.skipped == 0 {
            self.attach(node, levels);
        }
        Ok(())
    }

    fn scalar(&mut self, text: &str, properties: Properties<'_>, implicit: bool, span: Span) {
        let anchor = properties.anchor.map(|name| self.open_anchor(name));
        let is_merge = text == "<<" && (implicit || properties.tag == "tag:yaml.org,2002:merge");
        if is_merge && let Some(Frame { content: Content::Map(_, key @ None), .. }) = self.frames.last_mut() {
            *key = Some(PendingKey {
                text: text.to_owned(),
                span,
                merge: true,
                is_string: true,
                unsupported: None,
            });
            return;
        }
        let position = self.frames.last().map(|frame| match &frame.content {
            Content::Map(_, key) => (key.is_none(), key.as_ref().is_some_and(|key| key.merge)),
            Content::List(_) => (false, false),
        });
        let (is_key, is_merged) = position.unwrap_or_default();
        if is_merged {
            // go-yaml does not look what kind of scalar it is.
            self.refuse_meaning(NO_MERGE.to_owned(), span);
        }
        let resolved = resolve::resolve(&properties.tag, implicit, text).unwrap_or_else(|sentence| {
            self.refuse_meaning(sentence, span);
            Resolved::Null
        });
        let value = match resolved {
            Resolved::Null => NodeValue::Null,
            Resolved::Bool(b) => NodeValue::Bool(b),
            Resolved::Int(n) => NodeValue::Number(n.into()),
            Resolved::Uint(n) => NodeValue::Number(n.into()),
            Resolved::String(s) => NodeValue::String(s),
            Resolved::Float(f) if is_key && !f.is_finite() => NodeValue::String(gosyntax::float64(f)),
            Resolved::Float(f) => resolve::json_number(f).map_or_else(
                || {
                    let name = if f.is_nan() {
                        "NaN"
                    } else if f > 0.0 {
                        "+Inf"
                    } else {
                        "-Inf"
                    };
                    self.json.get_or_insert(Refusal::Json(format!("json: unsupported value: {name}"), span));
                    NodeValue::Null
                },
                NodeValue::Number,
            ),
        };
        self.complete(Node::new(value, span), 0, anchor);
    }

    /// A node is whole: it gets its anchor and its place.
    fn complete(&mut self, node: Node, height: usize, anchor: Option<(String, usize)>) {
        let Some((name, number)) = anchor else { return self.attach(node, height) };
        let span = node.span;
        let shared = Rc::new(node);
        // An inner node may have taken the name meanwhile; then it keeps it.
        if let Some(slot @ Anchor::Open(_)) = self.anchors.get_mut(&name)
            && matches!(slot, Anchor::Open(n) if *n == number)
        {
            *slot = Anchor::Done(Rc::clone(&shared), height);
        }
        self.attach(Node::new(NodeValue::Shared(shared), span), height);
    }

    fn attach(&mut self, node: Node, height: usize) {
        let Some(frame) = self.frames.last_mut() else {
            self.root = node;
            return;
        };
        frame.end = frame.end.max(node.span.end);
        frame.height = frame.height.max(height + 1);
        match &mut frame.content {
            Content::List(items) => items.push(node),
            Content::Map(_, key @ None) => match pending_key(node) {
                Ok(pending) => *key = Some(pending),
                Err((sentence, span)) => {
                    let text = String::new();
                    *key = Some(PendingKey { text, span, merge: false, is_string: true, unsupported: None });
                    self.refuse_meaning(sentence, span);
                }
            },
            Content::Map(entries, key) => {
                let Some(PendingKey { text, span, merge, is_string, unsupported }) = key.take() else {
                    return;
                };
                if let Some((kind, key)) = unsupported {
                    let value = gosyntax::value(&node);
                    let sentence = format!("unsupported map key of type: {kind}, key: {key}, value: {value}");
                    self.json.get_or_insert(Refusal::Json(sentence, span));
                }
                let bad_merge = merge && !can_be_merged(&node);
                entries.push(MapItem {
                    key: text,
                    key_span: span,
                    key_is_string: is_string,
                    value: node,
                    merge,
                });
                if bad_merge {
                    self.refuse_meaning(NO_MERGE.to_owned(), span);
                }
            }
        }
    }

    /// kubectl and the kubelet silently take the last key; go-yaml has messages for it.
    fn warn_of_duplicates(&mut self, entries: &[MapItem]) {
        let fresh =
            |(at, entry): (usize, &MapItem)| entries[..at].iter().all(|before| before.key != entry.key);
        if entries.len() <= 8 && entries.iter().enumerate().all(fresh) {
            return;
        }
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        for entry in entries.iter().filter(|e| !e.merge) {
            if let Some(first) = seen.insert(&entry.key, entry.key_span) {
                let message = format!("key {} already set in map", golang::strconv::quote(&entry.key));
                let help = format!(
                    "The last one wins without a word; delete this line or line {}.",
                    first.start.line
                );
                let path = self.path_to(&entry.key);
                let warning = Diagnostic::warning(message, entry.key_span);
                self.warnings.push(warning.with_path(path).with_help(help));
            }
        }
    }

    /// The path of a key in the map that just ended.
    fn path_to(&self, key: &str) -> String {
        let mut path = super::locate::Path::default();
        for frame in &self.frames {
            match &frame.content {
                Content::List(items) => path.push_index(items.len()),
                Content::Map(_, Some(key)) => path.push_name(&key.text),
                Content::Map(_, None) => {}
            }
        }
        path.push_name(key);
        path.to_string()
    }
}

/// What JSON makes of a key. The error is go-yaml's.
fn pending_key(node: Node) -> Result<PendingKey, (String, Span)> {
    let span = node.span;
    let mut unsupported = None;
    if let NodeValue::String(text) = node.value {
        return Ok(PendingKey { text, span, merge: false, is_string: true, unsupported });
    }
    let text = match &node.resolved().value {
        NodeValue::String(text) => text.clone(),
        NodeValue::Bool(b) => b.to_string(),
        NodeValue::Number(n) => {
            if n.is_u64() && !n.is_i64() {
                unsupported = Some(("uint64", format!("{:#x}", n.as_u64().unwrap_or_default())));
            }
            match n.as_f64() {
                Some(f) if n.is_f64() => gosyntax::float32(f),
                _ => n.to_string(),
            }
        }
        NodeValue::Null => {
            unsupported = Some(("%!s(<nil>)", "<nil>".to_owned()));
            "null".to_owned()
        }
        _ => return Err((format!("invalid map key: {}", gosyntax::value(&node)), span)),
    };
    let is_string = matches!(node.resolved().value, NodeValue::String(_));
    Ok(PendingKey { text, span, merge: false, is_string, unsupported })
}

fn can_be_merged(node: &Node) -> bool {
    match &node.resolved().value {
        NodeValue::Map(_) => true,
        // A list may be written here, but not named by an alias.
        NodeValue::List(items) if !matches!(node.value, NodeValue::Shared(_)) => {
            items.iter().all(|item| matches!(item.resolved().value, NodeValue::Map(_)))
        }
        _ => false,
    }
}

/// go-yaml's measure of how much aliases may unfold.
#[derive(Default)]
struct Budget {
    decoded: u64,
    by_alias: u64,
}

impl Budget {
    /// The alias at which the document became too much.
    fn exceeded_by(&mut self, root: &Node) -> Option<Span> {
        self.visit(root, None)
    }

    /// `alias` is the outermost alias on the way to this node.
    fn visit(&mut self, node: &Node, alias: Option<Span>) -> Option<Span> {
        self.decoded += 1;
        self.by_alias += u64::from(alias.is_some());
        if self.by_alias > 100 && self.decoded > 1000 && self.ratio_is_exceeded() {
            return alias.or(Some(node.span));
        }
        match &node.value {
            // An anchored value at its own place is no alias.
            NodeValue::Shared(target) if target.span == node.span => self.visit_parts(target, alias),
            NodeValue::Shared(target) => self.visit(target, alias.or(Some(node.span))),
            _ => self.visit_parts(node, alias),
        }
    }

    fn visit_parts(&mut self, node: &Node, alias: Option<Span>) -> Option<Span> {
        match &node.value {
            NodeValue::List(items) => items.iter().find_map(|item| self.visit(item, alias)),
            NodeValue::Map(entries) => entries.iter().find_map(|entry| {
                self.decoded += u64::from(!entry.merge);
                self.by_alias += u64::from(!entry.merge && alias.is_some());
                self.visit(&entry.value, alias)
            }),
            _ => None,
        }
    }

    /// 99 % of a small document may come from aliases, falling to 10 % of four million decoded values.
    fn ratio_is_exceeded(&self) -> bool {
        const LOW: u64 = 400_000;
        const HIGH: u64 = 4_000_000;
        let decoded = self.decoded as f64;
        let allowed = match self.decoded {
            ..=LOW => 0.99,
            HIGH.. => 0.10,
            _ => 0.99 - 0.89 * ((decoded - LOW as f64) / (HIGH - LOW) as f64),
        };
        self.by_alias as f64 / decoded > allowed
    }
}
