//! Text → tokens, by go-yaml's rules.
//!
//! YAML libraries disagree where it hurts a reader of error messages: when a missing `:` is noticed, which
//! bytes a tag may hold, how deep brackets may nest. This scanner takes go-yaml v2's side everywhere, since
//! kubectl, the API server and the kubelet all read with it. It works on the text in place: a plain scalar
//! on one line is a slice of it, and a mark carries the byte offset beside go-yaml's own line count.
//!
//! Called by `events.rs`; scalars are in `scalars.rs`. Nothing here recurses.
//!
//! Upstream: sigs.k8s.io/yaml, goyaml.v2/scannerc.go and readerc.go.

use std::collections::VecDeque;

use super::token::{ErrorType, Mark, Problem, Result, Token, TokenKind};

/// Brackets and indents may nest this deep (`max_flow_level`, `max_indents`).
const MAX_DEPTH: usize = 10_000;

/// A place where a key without `?` may have begun.
#[derive(Debug, Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    token_number: usize,
    mark: Mark,
}

pub(super) struct Scanner<'a> {
    text: &'a str,
    /// What waits behind the end of `text`: the reader found a bad byte in the block that follows.
    bad: Option<Problem>,
    pub(super) mark: Mark,
    stream_started: bool,
    tokens: VecDeque<Token<'a>>,
    /// Tokens handed to the parser so far.
    tokens_parsed: usize,
    token_available: bool,
    pub(super) indent: i64,
    indents: Vec<i64>,
    pub(super) flow_level: usize,
    pub(super) simple_key_allowed: bool,
    /// One for each flow level, and one for the block context; never empty.
    simple_keys: Vec<SimpleKey>,
    /// (token number, index in `simple_keys`) of the possible ones, by rising token number.
    keys_by_token: VecDeque<(usize, usize)>,
}

impl<'a> Scanner<'a> {
    /// Scans `text`; `bad` is reported as soon as a character behind its end is needed.
    pub(super) fn new(text: &'a str, bad: Option<Problem>) -> Self {
        Scanner {
            text,
            bad,
            mark: Mark::default(),
            stream_started: false,
            tokens: VecDeque::new(),
            tokens_parsed: 0,
            token_available: false,
            indent: -1,
            indents: Vec::new(),
            flow_level: 0,
            simple_key_allowed: true,
            simple_keys: vec![SimpleKey::default()],
            keys_by_token: VecDeque::new(),
        }
    }

    /// The next token, which stays in the queue.
    pub(super) fn peek(&mut self) -> Result<&mut Token<'a>> {
        if !self.token_available {
            self.fetch_more_tokens()?;
        }
        // The loop above ends only with a token in the queue; a stream end is as good as any.
        if self.tokens.is_empty() {
            self.push(TokenKind::StreamEnd, self.mark);
        }
        Ok(&mut self.tokens[0])
    }

    pub(super) fn skip_token(&mut self) {
        self.token_available = false;
        self.tokens_parsed += 1;
        self.tokens.pop_front();
    }

    // --- characters ---

    /// The byte `ahead` of the cursor; 0 behind the end, where go-yaml has a NUL too.
    #[inline]
    pub(super) fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.mark.offset as usize + ahead).copied().unwrap_or(0)
    }

    /// Makes sure that `length` more characters can be looked at, or reports the bad one among them.
    #[inline]
    pub(super) fn cache(&self, length: usize) -> Result<()> {
        match &self.bad {
            Some(problem) if self.mark.offset as usize + length > self.text.len() => Err(problem.clone()),
            _ => Ok(()),
        }
    }

    pub(super) fn slice(&self, from: u32, to: u32) -> &'a str {
        self.text.get(from as usize..to as usize).unwrap_or_default()
    }

    /// Goes one character on.
    #[inline]
    pub(super) fn skip(&mut self) {
        self.mark.offset += match self.byte(0) {
            0..=0x7f => 1,
            0x80..=0xdf => 2,
            0xe0..=0xef => 3,
            _ => 4,
        };
        self.mark.index += 1;
        self.mark.column += 1;
    }

    /// Bytes of the line break `ahead` of the cursor; 0 if there is none.
    #[inline]
    fn break_width(&self, ahead: usize) -> u32 {
        match self.byte(ahead) {
            b'\r' if self.byte(ahead + 1) == b'\n' => 2,
            b'\r' | b'\n' => 1,
            0xc2 if self.byte(ahead + 1) == 0x85 => 2,
            0xe2 if self.byte(ahead + 1) == 0x80 && matches!(self.byte(ahead + 2), 0xa8 | 0xa9) => 3,
            _ => 0,
        }
    }

    pub(super) fn skip_line(&mut self) {
        let crlf = self.byte(0) == b'\r' && self.byte(1) == b'\n';
        let width = self.break_width(0);
        if width > 0 {
            self.mark.offset += width;
            self.mark.index += 1 + u32::from(crlf);
            self.mark.column = 0;
            self.mark.line += 1;
        }
    }

    /// Skips a line break; what it means in a scalar: `\n`, unless it is a Unicode separator.
    pub(super) fn read_line(&mut self) -> Option<char> {
        let means = match (self.break_width(0), self.byte(2)) {
            (0, _) => None,
            (3, 0xa8) => Some('\u{2028}'),
            (3, _) => Some('\u{2029}'),
            _ => Some('\n'),
        };
        self.skip_line();
        means
    }

    #[inline]
    pub(super) fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), b' ' | b'\t')
    }

    #[inline]
    pub(super) fn is_break(&self, ahead: usize) -> bool {
        self.break_width(ahead) > 0
    }

    /// A line break or the end.
    #[inline]
    pub(super) fn is_breakz(&self, ahead: usize) -> bool {
        self.byte(ahead) == 0 || self.is_break(ahead)
    }

    #[inline]
    pub(super) fn is_blankz(&self, ahead: usize) -> bool {
        self.is_blank(ahead) || self.is_breakz(ahead)
    }

    /// `---` or `...` with a blank behind it, at the start of a line.
    pub(super) fn at_document_indicator(&self) -> bool {
        self.mark.column == 0
            && matches!(self.byte(0), b'-' | b'.')
            && self.byte(1) == self.byte(0)
            && self.byte(2) == self.byte(0)
            && self.is_blankz(3)
    }

    pub(super) fn fail<T>(&self, context: Option<Mark>, what: &'static str) -> Result<T> {
        Err(Problem { error_type: ErrorType::Scanner, what, at: self.mark, context })
    }

    // --- tokens ---

    fn push(&mut self, kind: TokenKind<'a>, start: Mark) {
        self.tokens.push_back(Token { kind, start, end: self.mark });
    }

    /// Puts a token before the one of the given number, or at the end if that one is gone.
    fn insert(&mut self, number: Option<usize>, kind: TokenKind<'a>, mark: Mark) {
        let token = Token { kind, start: mark, end: mark };
        match number.and_then(|n| n.checked_sub(self.tokens_parsed)) {
            Some(at) if at < self.tokens.len() => self.tokens.insert(at, token),
            _ => self.tokens.push_back(token),
        }
    }

    fn fetch_more_tokens(&mut self) -> Result<()> {
        loop {
            if !self.tokens.is_empty() {
                // The head may turn out to be a key: then a KEY token belongs before it.
                while self.keys_by_token.front().is_some_and(|(number, _)| *number < self.tokens_parsed) {
                    self.keys_by_token.pop_front();
                }
                match self.keys_by_token.front() {
                    Some(&(number, at)) if number == self.tokens_parsed => {
                        if !self.key_is_valid(at)? {
                            break;
                        }
                    }
                    _ => break,
                }
            }
            self.fetch_next_token()?;
        }
        self.token_available = true;
        Ok(())
    }

    fn fetch_next_token(&mut self) -> Result<()> {
        self.cache(1)?;
        if !self.stream_started {
            self.stream_started = true;
            self.push(TokenKind::StreamStart, self.mark);
            return Ok(());
        }
        self.scan_to_next_token()?;
        self.unroll_indent(i64::from(self.mark.column));
        self.cache(4)?;
        if self.at_document_indicator() {
            return self.fetch_document_indicator();
        }
        let blank_follows = self.is_blankz(1);
        let flow = self.flow_level > 0;
        match self.byte(0) {
            0 => self.fetch_stream_end(),
            b'%' if self.mark.column == 0 => self.fetch_directive(),
            b'[' => self.fetch_flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(TokenKind::FlowMappingStart),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if blank_follows => self.fetch_block_entry(),
            b'?' if flow || blank_follows => self.fetch_key(),
            b':' if flow || blank_follows => self.fetch_value(),
            b'*' | b'&' => self.fetch_anchor(),
            b'!' => self.fetch_tag(),
            b'|' | b'>' if !flow => self.fetch_block_scalar(),
            b'\'' | b'"' => self.fetch_quoted_scalar(),
            _ if self.plain_scalar_may_start() => self.fetch_plain_scalar(),
            _ => self.fail(Some(self.mark), "found character that cannot start any token"),
        }
    }

    fn plain_scalar_may_start(&self) -> bool {
        match self.byte(0) {
            b'-' => !self.is_blank(1),
            b'?' | b':' => self.flow_level == 0 && !self.is_blankz(1),
            b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"'
            | b'%' | b'@' | b'`' => false,
            _ => !self.is_blankz(0),
        }
    }

    /// Eats blanks, comments and line breaks. A tab may stand only where no key could begin.
    fn scan_to_next_token(&mut self) -> Result<()> {
        loop {
            self.cache(1)?;
            while self.byte(0) == b' '
                || self.byte(0) == b'\t' && (self.flow_level > 0 || !self.simple_key_allowed)
            {
                self.skip();
                self.cache(1)?;
            }
            self.skip_comment()?;
            if !self.is_break(0) {
                return Ok(());
            }
            self.cache(2)?;
            self.skip_line();
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    pub(super) fn skip_comment(&mut self) -> Result<()> {
        if self.byte(0) == b'#' {
            while !self.is_breakz(0) {
                self.skip();
                self.cache(1)?;
            }
        }
        Ok(())
    }

    // --- simple keys ---

    /// Whether the key may still be one: it must end within a line and 1,024 characters. go-yaml asks this
    /// only when the answer matters, hence the late line in "could not find expected ':'".
    fn key_is_valid(&mut self, at: usize) -> Result<bool> {
        let now = self.mark;
        let Some(key) = self.simple_keys.get_mut(at) else { return Ok(false) };
        if !key.possible {
            return Ok(false);
        }
        if key.mark.line < now.line || key.mark.index + 1024 < now.index {
            if key.required {
                let began = key.mark;
                return self.fail(Some(began), "could not find expected ':'");
            }
            key.possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    fn save_simple_key(&mut self) -> Result<()> {
        if !self.simple_key_allowed {
            return Ok(());
        }
        let required = self.flow_level == 0 && self.indent == i64::from(self.mark.column);
        let token_number = self.tokens_parsed + self.tokens.len();
        self.remove_simple_key()?;
        let at = self.simple_keys.len().saturating_sub(1);
        if let Some(key) = self.simple_keys.last_mut() {
            *key = SimpleKey { possible: true, required, token_number, mark: self.mark };
            self.forget_key(token_number);
            self.keys_by_token.push_back((token_number, at));
        }
        Ok(())
    }

    fn remove_simple_key(&mut self) -> Result<()> {
        let Some(key) = self.simple_keys.last_mut().filter(|key| key.possible) else { return Ok(()) };
        let SimpleKey { required, mark, token_number, .. } = *key;
        if required {
            return self.fail(Some(mark), "could not find expected ':'");
        }
        key.possible = false;
        self.forget_key(token_number);
        Ok(())
    }

    fn forget_key(&mut self, token_number: usize) {
        // Numbers rise, and the newest keys are forgotten first: the search ends at once.
        for at in (0..self.keys_by_token.len()).rev() {
            let number = self.keys_by_token[at].0;
            if number == token_number {
                self.keys_by_token.remove(at);
            }
            if number <= token_number {
                return;
            }
        }
    }

    // --- indentation ---

    fn roll_indent(&mut self, number: Option<usize>, kind: TokenKind<'a>, mark: Mark) -> Result<()> {
        if self.flow_level > 0 || self.indent >= i64::from(mark.column) {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = i64::from(mark.column);
        if self.indents.len() > MAX_DEPTH {
            return self.fail(self.simple_keys.last().map(|k| k.mark), "exceeded max depth of 10000");
        }
        self.insert(number, kind, mark);
        Ok(())
    }

    fn unroll_indent(&mut self, column: i64) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            self.push(TokenKind::BlockEnd, self.mark);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    // --- one function for each token ---

    fn fetch_stream_end(&mut self) -> Result<()> {
        if self.mark.column != 0 {
            self.mark.column = 0;
            self.mark.line += 1;
        }
        self.end_document()?;
        self.push(TokenKind::StreamEnd, self.mark);
        Ok(())
    }

    fn end_document(&mut self) -> Result<()> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        Ok(())
    }

    fn fetch_document_indicator(&mut self) -> Result<()> {
        self.end_document()?;
        let kind = if self.byte(0) == b'-' { TokenKind::DocumentStart } else { TokenKind::DocumentEnd };
        let start = self.mark;
        for _ in 0..3 {
            self.skip();
        }
        self.push(kind, start);
        Ok(())
    }

    fn fetch_directive(&mut self) -> Result<()> {
        self.end_document()?;
        let token = self.scan_directive()?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn push_indicator(&mut self, kind: TokenKind<'a>) {
        let start = self.mark;
        self.skip();
        self.push(kind, start);
    }

    fn fetch_flow_start(&mut self, kind: TokenKind<'a>) -> Result<()> {
        self.save_simple_key()?;
        let token_number = self.tokens_parsed + self.tokens.len();
        self.simple_keys.push(SimpleKey { token_number, mark: self.mark, ..SimpleKey::default() });
        self.flow_level += 1;
        if self.flow_level > MAX_DEPTH {
            return self.fail(Some(self.mark), "exceeded max depth of 10000");
        }
        self.simple_key_allowed = true;
        self.push_indicator(kind);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: TokenKind<'a>) -> Result<()> {
        self.remove_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            if let Some(key) = self.simple_keys.pop() {
                self.forget_key(key.token_number);
            }
        }
        self.simple_key_allowed = false;
        self.push_indicator(kind);
        Ok(())
    }

    fn fetch_flow_entry(&mut self) -> Result<()> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(TokenKind::FlowEntry);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Result<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.fail(None, "block sequence entries are not allowed in this context");
            }
            self.roll_indent(None, TokenKind::BlockSequenceStart, self.mark)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(TokenKind::BlockEntry);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.fail(None, "mapping keys are not allowed in this context");
            }
            self.roll_indent(None, TokenKind::BlockMappingStart, self.mark)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.push_indicator(TokenKind::Key);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<()> {
        let at = self.simple_keys.len().saturating_sub(1);
        if self.key_is_valid(at)? {
            let SimpleKey { token_number, mark, .. } = self.simple_keys[at];
            self.insert(Some(token_number), TokenKind::Key, mark);
            self.roll_indent(Some(token_number), TokenKind::BlockMappingStart, mark)?;
            self.simple_keys[at].possible = false;
            self.forget_key(token_number);
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return self.fail(None, "mapping values are not allowed in this context");
                }
                self.roll_indent(None, TokenKind::BlockMappingStart, self.mark)?;
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.push_indicator(TokenKind::Value);
        Ok(())
    }

    fn fetch_anchor(&mut self) -> Result<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_anchor()?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_tag(&mut self) -> Result<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_tag()?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_block_scalar(&mut self) -> Result<()> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        let token = self.scan_block_scalar()?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_quoted_scalar(&mut self) -> Result<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_quoted_scalar()?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_plain_scalar(&mut self) -> Result<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_plain_scalar()?;
        self.tokens.push_back(token);
        Ok(())
    }
}
