//! Tokens → events, by go-yaml's grammar. A machine of states: nothing here recurses.
//!
//! Upstream: goyaml.v2/parserc.go.

use std::borrow::Cow;

use super::scanner::Scanner;
use super::token::{ErrorType, Mark, Problem, Result, Style, TokenKind};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EventKind<'a> {
    StreamStart,
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias(&'a str),
    Scalar {
        value: Cow<'a, str>,
        properties: Properties<'a>,
        style: Style,
        /// Nothing but its text says what it is: plain and without a tag, or tagged `!`.
        implicit: bool,
    },
    SequenceStart(Properties<'a>),
    SequenceEnd,
    MappingStart(Properties<'a>),
    MappingEnd,
}

/// What may stand before a node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Properties<'a> {
    pub(crate) anchor: Option<&'a str>,
    /// Whole, `tag:yaml.org,2002:` included; empty where none was written.
    pub(crate) tag: String,
}

#[derive(Debug, Clone)]
pub(super) struct Event<'a> {
    pub(crate) kind: EventKind<'a>,
    pub(crate) start: Mark,
    pub(crate) end: Mark,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    StreamStart,
    ImplicitDocumentStart,
    DocumentStart,
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequenceFirstEntry,
    BlockSequenceEntry,
    IndentlessSequenceEntry,
    BlockMappingFirstKey,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirstEntry,
    FlowSequenceEntry,
    FlowSequenceEntryMappingKey,
    FlowSequenceEntryMappingValue,
    FlowSequenceEntryMappingEnd,
    FlowMappingFirstKey,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingEmptyValue,
    End,
}

pub(super) struct Parser<'a> {
    scanner: Scanner<'a>,
    state: State,
    /// What to go on with when the node under way is complete.
    states: Vec<State>,
    /// Where the open collections began.
    marks: Vec<Mark>,
    tag_directives: Vec<(String, String)>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(scanner: Scanner<'a>) -> Self {
        Parser {
            scanner,
            state: State::StreamStart,
            states: Vec::new(),
            marks: Vec::new(),
            tag_directives: Vec::new(),
        }
    }

    /// The next event; after the end of the stream, its end again.
    pub(super) fn next(&mut self) -> Result<Event<'a>> {
        match self.state {
            State::StreamStart => self.stream_start(),
            State::ImplicitDocumentStart => self.document_start(true),
            State::DocumentStart => self.document_start(false),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.node(true, false),
            State::BlockSequenceFirstEntry => self.block_sequence_entry(true),
            State::BlockSequenceEntry => self.block_sequence_entry(false),
            State::IndentlessSequenceEntry => self.indentless_sequence_entry(),
            State::BlockMappingFirstKey => self.block_mapping_key(true),
            State::BlockMappingKey => self.block_mapping_key(false),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirstEntry => self.flow_sequence_entry(true),
            State::FlowSequenceEntry => self.flow_sequence_entry(false),
            State::FlowSequenceEntryMappingKey => self.flow_sequence_entry_mapping_key(),
            State::FlowSequenceEntryMappingValue => self.flow_sequence_entry_mapping_value(),
            State::FlowSequenceEntryMappingEnd => self.flow_sequence_entry_mapping_end(),
            State::FlowMappingFirstKey => self.flow_mapping_key(true),
            State::FlowMappingKey => self.flow_mapping_key(false),
            State::FlowMappingValue => self.flow_mapping_value(false),
            State::FlowMappingEmptyValue => self.flow_mapping_value(true),
            State::End => {
                let at = self.scanner.mark;
                Ok(Event { kind: EventKind::StreamEnd, start: at, end: at })
            }
        }
    }

    // --- tokens ---

    fn peek(&mut self) -> Result<&TokenKind<'a>> {
        Ok(&self.scanner.peek()?.kind)
    }

    fn marks_of_next(&mut self) -> Result<(Mark, Mark)> {
        let token = self.scanner.peek()?;
        Ok((token.start, token.end))
    }

    /// Drops the next token and makes an event of its place.
    fn take(&mut self, kind: EventKind<'a>) -> Result<Event<'a>> {
        let (start, end) = self.marks_of_next()?;
        self.scanner.skip_token();
        Ok(Event { kind, start, end })
    }

    fn pop_state(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    fn fail<T>(context: Option<Mark>, what: &'static str, at: Mark) -> Result<T> {
        Err(Problem { error_type: ErrorType::Parser, what, at, context })
    }

    fn empty_scalar(at: Mark) -> Result<Event<'a>> {
        let kind = EventKind::Scalar {
            value: Cow::Borrowed(""),
            properties: Properties::default(),
            style: Style::Plain,
            implicit: true,
        };
        Ok(Event { kind, start: at, end: at })
    }

    // --- documents ---

    fn stream_start(&mut self) -> Result<Event<'a>> {
        self.peek()?;
        self.state = State::ImplicitDocumentStart;
        self.take(EventKind::StreamStart)
    }

    fn document_start(&mut self, implicit: bool) -> Result<Event<'a>> {
        if !implicit {
            while *self.peek()? == TokenKind::DocumentEnd {
                self.scanner.skip_token();
            }
        }
        let (start, end) = self.marks_of_next()?;
        match self.peek()? {
            TokenKind::StreamEnd => {
                self.state = State::End;
                self.take(EventKind::StreamEnd)
            }
            TokenKind::VersionDirective(..) | TokenKind::TagDirective { .. } | TokenKind::DocumentStart => {
                self.explicit_document(start)
            }
            _ if !implicit => self.explicit_document(start),
            _ => {
                self.process_directives()?;
                self.states.push(State::DocumentEnd);
                self.state = State::BlockNode;
                Ok(Event { kind: EventKind::DocumentStart, start, end })
            }
        }
    }

    fn explicit_document(&mut self, start: Mark) -> Result<Event<'a>> {
        self.process_directives()?;
        let (at, end) = self.marks_of_next()?;
        if *self.peek()? != TokenKind::DocumentStart {
            return Self::fail(None, "did not find expected <document start>", at);
        }
        self.states.push(State::DocumentEnd);
        self.state = State::DocumentContent;
        self.scanner.skip_token();
        Ok(Event { kind: EventKind::DocumentStart, start, end })
    }

    fn document_content(&mut self) -> Result<Event<'a>> {
        match self.peek()? {
            TokenKind::VersionDirective(..)
            | TokenKind::TagDirective { .. }
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd
            | TokenKind::StreamEnd => {
                self.pop_state();
                Self::empty_scalar(self.marks_of_next()?.0)
            }
            _ => self.node(true, false),
        }
    }

    fn document_end(&mut self) -> Result<Event<'a>> {
        let (start, mut end) = self.marks_of_next()?;
        if *self.peek()? == TokenKind::DocumentEnd {
            self.scanner.skip_token();
        } else {
            end = start;
        }
        self.tag_directives.clear();
        self.state = State::DocumentStart;
        Ok(Event { kind: EventKind::DocumentEnd, start, end })
    }

    fn process_directives(&mut self) -> Result<()> {
        let mut version = false;
        loop {
            let at = self.marks_of_next()?.0;
            match &mut self.scanner.peek()?.kind {
                TokenKind::VersionDirective(major, minor) => {
                    if version {
                        return Self::fail(None, "found duplicate %YAML directive", at);
                    }
                    if (*major, *minor) != (1, 1) {
                        return Self::fail(None, "found incompatible YAML document", at);
                    }
                    version = true;
                }
                TokenKind::TagDirective { handle, prefix } => {
                    let (handle, prefix) = (std::mem::take(handle), std::mem::take(prefix));
                    if self.tag_directives.iter().any(|(h, _)| *h == handle) {
                        return Self::fail(None, "found duplicate %TAG directive", at);
                    }
                    self.tag_directives.push((handle, prefix));
                }
                _ => break,
            }
            self.scanner.skip_token();
        }
        for (handle, prefix) in [("!", "!"), ("!!", "tag:yaml.org,2002:")] {
            if !self.tag_directives.iter().any(|(h, _)| h == handle) {
                self.tag_directives.push((handle.to_owned(), prefix.to_owned()));
            }
        }
        Ok(())
    }

    // --- nodes ---

    fn node(&mut self, block: bool, indentless_sequence: bool) -> Result<Event<'a>> {
        if let TokenKind::Alias(name) = *self.peek()? {
            self.pop_state();
            return self.take(EventKind::Alias(name));
        }
        let at = self.marks_of_next()?.0;
        let (properties, bounds) = self.properties()?;
        let (start, end) = bounds.unwrap_or((at, at));
        let token = self.scanner.peek()?;
        let token_end = token.end;
        let event = |kind, end| Ok(Event { kind, start, end });
        match &mut token.kind {
            TokenKind::BlockEntry if indentless_sequence => {
                self.state = State::IndentlessSequenceEntry;
                event(EventKind::SequenceStart(properties), token_end)
            }
            TokenKind::Scalar { value, style } => {
                let (value, style) = (std::mem::take(value), *style);
                let implicit = properties.tag.is_empty() && style == Style::Plain || properties.tag == "!";
                self.pop_state();
                self.scanner.skip_token();
                event(EventKind::Scalar { value, properties, style, implicit }, token_end)
            }
            TokenKind::FlowSequenceStart => {
                self.state = State::FlowSequenceFirstEntry;
                event(EventKind::SequenceStart(properties), token_end)
            }
            TokenKind::FlowMappingStart => {
                self.state = State::FlowMappingFirstKey;
                event(EventKind::MappingStart(properties), token_end)
            }
            TokenKind::BlockSequenceStart if block => {
                self.state = State::BlockSequenceFirstEntry;
                event(EventKind::SequenceStart(properties), token_end)
            }
            TokenKind::BlockMappingStart if block => {
                self.state = State::BlockMappingFirstKey;
                event(EventKind::MappingStart(properties), token_end)
            }
            _ if properties.anchor.is_some() || !properties.tag.is_empty() => {
                let implicit = properties.tag.is_empty();
                self.pop_state();
                let value = Cow::Borrowed("");
                event(EventKind::Scalar { value, properties, style: Style::Plain, implicit }, end)
            }
            _ => Self::fail(Some(start), "did not find expected node content", token.start),
        }
    }

    /// An anchor and a tag, in either order, and the place they take up.
    fn properties(&mut self) -> Result<(Properties<'a>, Option<(Mark, Mark)>)> {
        let mut anchor = None;
        let mut tag: Option<(String, String, Mark)> = None;
        let mut bounds: Option<(Mark, Mark)> = None;
        loop {
            let (start, end) = self.marks_of_next()?;
            match &mut self.scanner.peek()?.kind {
                TokenKind::Anchor(name) if anchor.is_none() => anchor = Some(*name),
                TokenKind::Tag { handle, suffix } if tag.is_none() => {
                    tag = Some((std::mem::take(handle), std::mem::take(suffix), start));
                }
                _ => break,
            }
            bounds = Some((bounds.map_or(start, |b| b.0), end));
            self.scanner.skip_token();
        }
        let tag = match tag {
            None => String::new(),
            Some((handle, suffix, _)) if handle.is_empty() => suffix,
            Some((handle, suffix, at)) => {
                match self.tag_directives.iter().find(|(known, _)| *known == handle) {
                    Some((_, prefix)) => format!("{prefix}{suffix}"),
                    None => {
                        return Self::fail(bounds.map(|b| b.0), "found undefined tag handle", at);
                    }
                }
            }
        };
        Ok((Properties { anchor, tag }, bounds))
    }

    // --- block collections ---

    fn open(&mut self, first: bool) -> Result<()> {
        if first {
            let mark = self.marks_of_next()?.0;
            self.marks.push(mark);
            self.scanner.skip_token();
        }
        Ok(())
    }

    fn close(&mut self, kind: EventKind<'a>) -> Result<Event<'a>> {
        self.pop_state();
        self.marks.pop();
        self.take(kind)
    }

    fn block_sequence_entry(&mut self, first: bool) -> Result<Event<'a>> {
        self.open(first)?;
        let (start, end) = self.marks_of_next()?;
        match self.peek()? {
            TokenKind::BlockEntry => {
                self.scanner.skip_token();
                if matches!(self.peek()?, TokenKind::BlockEntry | TokenKind::BlockEnd) {
                    self.state = State::BlockSequenceEntry;
                    return Self::empty_scalar(end);
                }
                self.states.push(State::BlockSequenceEntry);
                self.node(true, false)
            }
            TokenKind::BlockEnd => self.close(EventKind::SequenceEnd),
            _ => Self::fail(self.marks.pop(), "did not find expected '-' indicator", start),
        }
    }

    fn indentless_sequence_entry(&mut self) -> Result<Event<'a>> {
        let (start, end) = self.marks_of_next()?;
        if *self.peek()? != TokenKind::BlockEntry {
            self.pop_state();
            return Ok(Event { kind: EventKind::SequenceEnd, start, end: start });
        }
        self.scanner.skip_token();
        if matches!(
            self.peek()?,
            TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd
        ) {
            self.state = State::IndentlessSequenceEntry;
            return Self::empty_scalar(end);
        }
        self.states.push(State::IndentlessSequenceEntry);
        self.node(true, false)
    }

    fn block_mapping_key(&mut self, first: bool) -> Result<Event<'a>> {
        self.open(first)?;
        let (start, end) = self.marks_of_next()?;
        match self.peek()? {
            TokenKind::Key => {
                self.scanner.skip_token();
                if self.at_block_mapping_edge()? {
                    self.state = State::BlockMappingValue;
                    return Self::empty_scalar(end);
                }
                self.states.push(State::BlockMappingValue);
                self.node(true, true)
            }
            TokenKind::BlockEnd => self.close(EventKind::MappingEnd),
            _ => Self::fail(self.marks.pop(), "did not find expected key", start),
        }
    }

    fn block_mapping_value(&mut self) -> Result<Event<'a>> {
        let (start, end) = self.marks_of_next()?;
        if *self.peek()? != TokenKind::Value {
            self.state = State::BlockMappingKey;
            return Self::empty_scalar(start);
        }
        self.scanner.skip_token();
        if self.at_block_mapping_edge()? {
            self.state = State::BlockMappingKey;
            return Self::empty_scalar(end);
        }
        self.states.push(State::BlockMappingKey);
        self.node(true, true)
    }

    fn at_block_mapping_edge(&mut self) -> Result<bool> {
        Ok(matches!(self.peek()?, TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd))
    }

    // --- flow collections ---

    /// Eats the comma before all entries but the first.
    fn flow_separator(&mut self, first: bool, what: &'static str) -> Result<()> {
        if first {
            return Ok(());
        }
        let at = self.marks_of_next()?.0;
        if *self.peek()? != TokenKind::FlowEntry {
            return Self::fail(self.marks.pop(), what, at);
        }
        self.scanner.skip_token();
        Ok(())
    }

    fn flow_sequence_entry(&mut self, first: bool) -> Result<Event<'a>> {
        self.open(first)?;
        if *self.peek()? != TokenKind::FlowSequenceEnd {
            self.flow_separator(first, "did not find expected ',' or ']'")?;
            match self.peek()? {
                TokenKind::Key => {
                    self.state = State::FlowSequenceEntryMappingKey;
                    return self.take(EventKind::MappingStart(Properties::default()));
                }
                TokenKind::FlowSequenceEnd => {}
                _ => {
                    self.states.push(State::FlowSequenceEntry);
                    return self.node(false, false);
                }
            }
        }
        self.close(EventKind::SequenceEnd)
    }

    fn flow_sequence_entry_mapping_key(&mut self) -> Result<Event<'a>> {
        let end = self.marks_of_next()?.1;
        match self.peek()? {
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd => {
                self.scanner.skip_token();
                self.state = State::FlowSequenceEntryMappingValue;
                Self::empty_scalar(end)
            }
            _ => {
                self.states.push(State::FlowSequenceEntryMappingValue);
                self.node(false, false)
            }
        }
    }

    fn flow_sequence_entry_mapping_value(&mut self) -> Result<Event<'a>> {
        let at = self.marks_of_next()?.0;
        if *self.peek()? == TokenKind::Value {
            self.scanner.skip_token();
            if !matches!(self.peek()?, TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
                self.states.push(State::FlowSequenceEntryMappingEnd);
                return self.node(false, false);
            }
        }
        self.state = State::FlowSequenceEntryMappingEnd;
        Self::empty_scalar(at)
    }

    fn flow_sequence_entry_mapping_end(&mut self) -> Result<Event<'a>> {
        let at = self.marks_of_next()?.0;
        self.state = State::FlowSequenceEntry;
        Ok(Event { kind: EventKind::MappingEnd, start: at, end: at })
    }

    fn flow_mapping_key(&mut self, first: bool) -> Result<Event<'a>> {
        self.open(first)?;
        if *self.peek()? != TokenKind::FlowMappingEnd {
            self.flow_separator(first, "did not find expected ',' or '}'")?;
            match self.peek()? {
                TokenKind::Key => {
                    self.scanner.skip_token();
                    if self.at_flow_mapping_edge()? {
                        self.state = State::FlowMappingValue;
                        return Self::empty_scalar(self.marks_of_next()?.0);
                    }
                    self.states.push(State::FlowMappingValue);
                    return self.node(false, false);
                }
                TokenKind::FlowMappingEnd => {}
                _ => {
                    self.states.push(State::FlowMappingEmptyValue);
                    return self.node(false, false);
                }
            }
        }
        self.close(EventKind::MappingEnd)
    }

    fn at_flow_mapping_edge(&mut self) -> Result<bool> {
        Ok(matches!(self.peek()?, TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd))
    }

    fn flow_mapping_value(&mut self, empty: bool) -> Result<Event<'a>> {
        let at = self.marks_of_next()?.0;
        if !empty && *self.peek()? == TokenKind::Value {
            self.scanner.skip_token();
            if !matches!(self.peek()?, TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
                self.states.push(State::FlowMappingKey);
                return self.node(false, false);
            }
        }
        let at = if empty { at } else { self.marks_of_next()?.0 };
        self.state = State::FlowMappingKey;
        Self::empty_scalar(at)
    }
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
