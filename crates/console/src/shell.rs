//! A shell line taken apart: words, quotes, pipes, redirections, here-documents.
//!
//! As much of bash as people type at a prompt: `;`, `&&`, `||`, `|`, `>`, `>>`, `<`, `2>`, `<<EOF`, single and
//! double quotes, `$(…)`, comments. Not simulated: variables (they are empty, but for `$?`), loops, functions, jobs, globs.

/// Commands joined by `;`, `&&` or `||`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct List {
    pub(crate) items: Vec<(Join, Pipeline)>,
}

/// When a pipeline runs, judged by how the one before it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Join {
    Always,
    IfGood,
    IfBad,
}

/// Commands joined by `|`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pipeline {
    pub(crate) stages: Vec<Simple>,
}

/// One command with its redirections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Simple {
    pub(crate) words: Vec<Word>,
    pub(crate) redirects: Vec<Redirect>,
}

/// A word: pieces that are joined once the substitutions among them have run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    /// `$(…)`; outside quotes its output is cut into words.
    Substitution {
        line: String,
        quoted: bool,
    },
    /// `$?`: how the last command ended.
    Status,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Redirect {
    /// `> file`, `>> file`.
    Out { file: Word, append: bool },
    /// `2> file`.
    Err { file: Word },
    /// `2>&1`.
    ErrToOut,
    /// `&> file`.
    Both { file: Word },
    /// `< file`.
    In { file: Word },
    /// `<<EOF`: the lines up to the mark.
    Here { text: String },
    /// `<<< word`.
    HereWord { word: Word },
}

/// More nesting than this is no line that a person typed.
const MAX_DEPTH: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(Word),
    /// `|`, `&&`, `>` and the like; a line break is `\n`.
    Operator(String),
    /// A here-document, already read.
    Here(String),
}

/// Takes a line (or several) apart. The error is bash's sentence.
pub(crate) fn parse(line: &str) -> Result<List, String> {
    if depth_of(line) > MAX_DEPTH {
        return Err("syntax error: nested too deeply".to_owned());
    }
    let tokens = Lexer::new(line).tokens()?;
    Parser { tokens: tokens.into_iter().peekable() }.list()
}

/// How deep substitutions are nested.
fn depth_of(line: &str) -> usize {
    line.matches("$(").count()
}

struct Lexer<'l> {
    chars: std::iter::Peekable<std::str::Chars<'l>>,
    /// Marks of here-documents whose text begins at the next line; whether substitutions stay as they are.
    pending: Vec<(String, bool)>,
    tokens: Vec<Token>,
}

const OPERATORS: [&str; 14] = ["&&", "||", "<<<", "<<-", "<<", "&>", ">>", ">", "<", "|", ";", "&", "(", ")"];

impl<'l> Lexer<'l> {
    fn new(line: &'l str) -> Lexer<'l> {
        Lexer { chars: line.chars().peekable(), pending: Vec::new(), tokens: Vec::new() }
    }

    fn tokens(mut self) -> Result<Vec<Token>, String> {
        while let Some(c) = self.chars.peek().copied() {
            match c {
                '\n' => {
                    self.chars.next();
                    self.tokens.push(Token::Operator("\n".to_owned()));
                    self.here_documents();
                }
                c if c.is_whitespace() => {
                    self.chars.next();
                }
                '#' => while self.chars.next_if(|c| *c != '\n').is_some() {},
                '|' | '&' | ';' | '<' | '>' | '(' | ')' => self.operator()?,
                _ => {
                    let word = self.word()?;
                    self.tokens.push(Token::Word(word));
                }
            }
        }
        // A here-document without any line after it is empty.
        self.here_documents();
        Ok(self.tokens)
    }

    fn operator(&mut self) -> Result<(), String> {
        let ahead: String = self.chars.clone().take(3).collect();
        let found = OPERATORS.iter().find(|operator| ahead.starts_with(**operator));
        let operator = *found.unwrap_or(&"&");
        for _ in operator.chars() {
            self.chars.next();
        }
        if matches!(operator, "<<" | "<<-") {
            while self.chars.next_if(|c| *c == ' ').is_some() {}
            let quoted = matches!(self.chars.peek(), Some('\'' | '"' | '\\'));
            let mark = self.word()?;
            self.pending.push((plain(&mark), quoted));
            self.tokens.push(Token::Here(String::new()));
        } else {
            self.tokens.push(Token::Operator(operator.to_owned()));
        }
        Ok(())
    }

    /// Reads the texts of the here-documents that were announced.
    fn here_documents(&mut self) {
        for (mark, _) in std::mem::take(&mut self.pending) {
            let mut text = String::new();
            while self.chars.peek().is_some() {
                let mut line = String::new();
                while let Some(c) = self.chars.next_if(|c| *c != '\n') {
                    line.push(c);
                }
                self.chars.next();
                if line.trim_end_matches('\r') == mark {
                    break;
                }
                text.push_str(&line);
                text.push('\n');
            }
            let empty = Token::Here(String::new());
            if let Some(token) = self.tokens.iter_mut().find(|token| **token == empty) {
                *token = Token::Here(text);
            }
        }
    }

    fn word(&mut self) -> Result<Word, String> {
        let mut word = Word::default();
        let mut text = String::new();
        // Quotes make a word even if nothing is in them.
        let mut quotes = false;
        while let Some(c) = self.chars.peek().copied() {
            match c {
                c if c.is_whitespace() => break,
                '|' | '&' | ';' | '<' | '>' | '(' | ')' => {
                    // `2>`: the number belongs to the operator.
                    if c == '>' && text == "2" && word.pieces.is_empty() {
                        return self.stderr();
                    }
                    break;
                }
                '\'' => {
                    quotes = true;
                    self.chars.next();
                    loop {
                        match self.chars.next() {
                            Some('\'') => break,
                            Some(c) => text.push(c),
                            None => return Err(unclosed('\'')),
                        }
                    }
                }
                '"' => {
                    quotes = true;
                    self.chars.next();
                    self.double_quoted(&mut word, &mut text)?;
                }
                '\\' => {
                    self.chars.next();
                    match self.chars.next() {
                        Some('\n') | None => {}
                        Some(c) => text.push(c),
                    }
                }
                '$' | '`' => self.dollar(&mut word, &mut text, false)?,
                c => {
                    self.chars.next();
                    text.push(c);
                }
            }
        }
        if !text.is_empty() || (quotes && word.pieces.is_empty()) {
            word.pieces.push(Piece::Text(text));
        }
        Ok(word)
    }

    /// `2>`: handed on as a word of its own kind, which the parser turns into a redirection.
    fn stderr(&mut self) -> Result<Word, String> {
        self.chars.next();
        let merged = self.chars.clone().take(2).collect::<String>() == "&1";
        if merged {
            self.chars.nth(1);
        } else {
            self.chars.next_if(|c| *c == '>');
        }
        let operator = if merged { "2>&1" } else { "2>" };
        self.tokens.push(Token::Operator(operator.to_owned()));
        Ok(Word::default())
    }

    fn double_quoted(&mut self, word: &mut Word, text: &mut String) -> Result<(), String> {
        loop {
            match self.chars.peek().copied() {
                None => return Err(unclosed('"')),
                Some('"') => {
                    self.chars.next();
                    return Ok(());
                }
                Some('\\') => {
                    self.chars.next();
                    match self.chars.next() {
                        Some(c @ ('"' | '\\' | '$' | '`')) => text.push(c),
                        Some('\n') | None => {}
                        Some(c) => text.extend(['\\', c]),
                    }
                }
                Some('$' | '`') => self.dollar(word, text, true)?,
                Some(c) => {
                    self.chars.next();
                    text.push(c);
                }
            }
        }
    }

    /// `$(…)`, `` `…` ``, or a variable, which is empty.
    fn dollar(&mut self, word: &mut Word, text: &mut String, quoted: bool) -> Result<(), String> {
        let opening = self.chars.next();
        let line = match (opening, self.chars.peek().copied()) {
            (Some('`'), _) => self.until_backtick()?,
            (_, Some('(')) => {
                self.chars.next();
                self.until_parenthesis()?
            }
            (_, Some('?')) => {
                self.chars.next();
                if !text.is_empty() {
                    word.pieces.push(Piece::Text(std::mem::take(text)));
                }
                word.pieces.push(Piece::Status);
                return Ok(());
            }
            (_, Some('{')) => {
                while self.chars.next().is_some_and(|c| c != '}') {}
                return Ok(());
            }
            (_, Some(c)) if c.is_ascii_alphabetic() || c == '_' => {
                while self.chars.next_if(|c| c.is_ascii_alphanumeric() || *c == '_').is_some() {}
                return Ok(());
            }
            _ => {
                text.push('$');
                return Ok(());
            }
        };
        if !text.is_empty() {
            word.pieces.push(Piece::Text(std::mem::take(text)));
        }
        word.pieces.push(Piece::Substitution { line, quoted });
        Ok(())
    }

    fn until_backtick(&mut self) -> Result<String, String> {
        let mut line = String::new();
        loop {
            match self.chars.next() {
                Some('`') => return Ok(line),
                Some(c) => line.push(c),
                None => return Err(unclosed('`')),
            }
        }
    }

    fn until_parenthesis(&mut self) -> Result<String, String> {
        let (mut line, mut depth, mut quote) = (String::new(), 1, None);
        for c in self.chars.by_ref() {
            match (quote, c) {
                (Some(open), c) if open == c => quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"') => quote = Some(c),
                (None, '(') => depth += 1,
                (None, ')') => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(line);
                    }
                }
                _ => {}
            }
            line.push(c);
        }
        Err(unclosed(')'))
    }
}

fn unclosed(quote: char) -> String {
    format!("unexpected EOF while looking for matching `{quote}'")
}

/// The word's text without its substitutions.
pub(crate) fn plain(word: &Word) -> String {
    let texts = word.pieces.iter().map(|piece| match piece {
        Piece::Text(text) => text.as_str(),
        Piece::Substitution { .. } | Piece::Status => "",
    });
    texts.collect()
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
}

impl Parser {
    fn list(mut self) -> Result<List, String> {
        let mut list = List::default();
        let mut join = Join::Always;
        loop {
            let pipeline = self.pipeline()?;
            let next = match self.tokens.next() {
                None => None,
                Some(Token::Operator(operator)) => Some(operator),
                Some(_) => Some(String::new()),
            };
            let empty = pipeline.stages.is_empty();
            if empty && matches!(next.as_deref(), Some(";" | "&&" | "||" | "&")) {
                return Err(unexpected(next.as_deref().unwrap_or_default()));
            }
            if empty && join != Join::Always && next.as_deref() != Some("\n") {
                return Err("syntax error: unexpected end of file".to_owned());
            }
            if !empty {
                list.items.push((join, pipeline));
            }
            join = match next.as_deref() {
                None => return Ok(list),
                // What runs in the background in a shell runs before the next command here.
                Some("\n") if empty => join,
                Some(";" | "\n" | "&") => Join::Always,
                Some("&&") => Join::IfGood,
                Some("||") => Join::IfBad,
                Some(other) => return Err(unexpected(other)),
            };
        }
    }

    fn pipeline(&mut self) -> Result<Pipeline, String> {
        let mut pipeline = Pipeline::default();
        loop {
            let simple = self.simple()?;
            let piped = self.tokens.next_if(|token| *token == Token::Operator("|".to_owned())).is_some();
            let empty = simple.words.is_empty() && simple.redirects.is_empty();
            if empty && (piped || !pipeline.stages.is_empty()) {
                return Err(unexpected(if piped { "|" } else { "newline" }));
            }
            if !empty {
                pipeline.stages.push(simple);
            }
            if !piped {
                return Ok(pipeline);
            }
            // A pipe may end a line.
            while self.tokens.next_if(|token| *token == Token::Operator("\n".to_owned())).is_some() {}
        }
    }

    fn simple(&mut self) -> Result<Simple, String> {
        let mut simple = Simple::default();
        loop {
            match self.tokens.peek() {
                Some(Token::Word(_)) => {
                    if let Some(Token::Word(word)) = self.tokens.next() {
                        // The empty word behind `2>` only carried the operator.
                        if !word.pieces.is_empty() {
                            simple.words.push(word);
                        }
                    }
                }
                Some(Token::Here(_)) => {
                    if let Some(Token::Here(text)) = self.tokens.next() {
                        simple.redirects.push(Redirect::Here { text });
                    }
                }
                Some(Token::Operator(operator)) if is_redirect(operator) => {
                    let operator = operator.clone();
                    self.tokens.next();
                    simple.redirects.push(self.redirect(&operator)?);
                }
                _ => return Ok(simple),
            }
        }
    }

    fn redirect(&mut self, operator: &str) -> Result<Redirect, String> {
        if operator == "2>&1" {
            return Ok(Redirect::ErrToOut);
        }
        let empty = Token::Word(Word::default());
        while self.tokens.next_if(|token| *token == empty).is_some() {}
        let file = match self.tokens.next() {
            Some(Token::Word(word)) => word,
            Some(Token::Operator(other)) => return Err(unexpected(&other)),
            _ => return Err(unexpected("newline")),
        };
        Ok(match operator {
            ">" => Redirect::Out { file, append: false },
            ">>" => Redirect::Out { file, append: true },
            "2>" => Redirect::Err { file },
            "&>" => Redirect::Both { file },
            "<<<" => Redirect::HereWord { word: file },
            _ => Redirect::In { file },
        })
    }
}

fn is_redirect(operator: &str) -> bool {
    matches!(operator, ">" | ">>" | "2>" | "2>&1" | "&>" | "<" | "<<<")
}

fn unexpected(token: &str) -> String {
    let token = if token == "\n" { "newline" } else { token };
    format!("syntax error near unexpected token `{token}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each command's words in brackets, what joins them between.
    fn show(line: &str) -> String {
        let list = match parse(line) {
            Ok(list) => list,
            Err(error) => return error,
        };
        let mut out = Vec::new();
        for (join, pipeline) in list.items {
            out.push(
                match join {
                    Join::Always => ";",
                    Join::IfGood => "&&",
                    Join::IfBad => "||",
                }
                .to_owned(),
            );
            let stages = pipeline.stages.iter().map(|simple| {
                let words: Vec<String> = simple.words.iter().map(show_word).collect();
                let redirects: Vec<String> = simple.redirects.iter().map(show_redirect).collect();
                format!("[{}]{}", words.join(","), redirects.join(""))
            });
            out.push(stages.collect::<Vec<_>>().join("|"));
        }
        out.join("")
    }

    fn show_word(word: &Word) -> String {
        let pieces = word.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Substitution { line, quoted } => format!("$({line}){}", if *quoted { "q" } else { "" }),
            Piece::Status => "$?".to_owned(),
        });
        pieces.collect()
    }

    fn show_redirect(redirect: &Redirect) -> String {
        match redirect {
            Redirect::Out { file, append } => {
                format!("{}{}", if *append { ">>" } else { ">" }, show_word(file))
            }
            Redirect::Err { file } => format!("2>{}", show_word(file)),
            Redirect::ErrToOut => "2>&1".to_owned(),
            Redirect::Both { file } => format!("&>{}", show_word(file)),
            Redirect::In { file } => format!("<{}", show_word(file)),
            Redirect::Here { text } => format!("<<({})", text.replace('\n', "/")),
            Redirect::HereWord { word } => format!("<<<{}", show_word(word)),
        }
    }

    #[test]
    fn lines_are_taken_apart_as_bash_does() {
        for (line, expected) in [
            ("kubectl get pods -A", ";[kubectl,get,pods,-A]"),
            ("  a  'b c'  \"d \\\"e\\\"\" f\\ g  # no", ";[a,b c,d \"e\",f g]"),
            ("a | b|c && d || e; f", ";[a]|[b]|[c]&&[d]||[e];[f]"),
            ("a > x 2>&1", ";[a]>x2>&1"),
            ("a 2>/dev/null >> y < z", ";[a]2>/dev/null>>y<z"),
            ("a 2 > x", ";[a,2]>x"),
            (
                "cat <<EOF | kubectl apply -f -\nkind: Pod\n  a: 'b'\nEOF\necho done",
                ";[cat]<<(kind: Pod/  a: 'b'/)|[kubectl,apply,-f,-];[echo,done]",
            ),
            ("x \"$(crictl ps -q)\" $(y z)", ";[x,$(crictl ps -q)q,$(y z)]"),
            ("echo $HOME ${X}y $5 '' \"\"", ";[echo,y,$5,,]"),
            (
                "ssh n 'sudo crictl stop $(sudo crictl ps -q)'",
                ";[ssh,n,sudo crictl stop $(sudo crictl ps -q)]",
            ),
            ("a \\\n b\nc", ";[a,b];[c]"),
            ("a |\n b", ";[a]|[b]"),
            ("", ""),
            ("   # nothing", ""),
        ] {
            assert_eq!(show(line), expected, "{line}");
        }
    }

    #[test]
    fn mistakes_are_told_in_bashs_words() {
        for (line, expected) in [
            ("a |", "syntax error near unexpected token `newline'"),
            ("| a", "syntax error near unexpected token `|'"),
            ("a ;; b", "syntax error near unexpected token `;'"),
            ("a >", "syntax error near unexpected token `newline'"),
            ("(a)", "syntax error near unexpected token `('"),
            ("a &&", "syntax error: unexpected end of file"),
            ("a 'b", "unexpected EOF while looking for matching `''"),
            ("a \"b", "unexpected EOF while looking for matching `\"'"),
            ("a $(b", "unexpected EOF while looking for matching `)'"),
        ] {
            assert_eq!(show(line), expected, "{line}");
        }
        assert!(parse(&"$(".repeat(100_000)).is_err());
    }
}
