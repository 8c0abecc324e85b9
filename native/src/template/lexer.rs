//! Splits a template the way Jinja2's lexer does: text that passes through, and tags as tokens.

use crate::ffi::{Failure, Kind};

/// What a template is made of.
#[derive(Debug)]
pub enum Segment<'a> {
    /// Text and comments, unchanged.
    Verbatim(&'a str),
    Tag(Tag<'a>),
    Raw(Raw<'a>),
}

/// A raw block.
#[derive(Debug, PartialEq)]
pub struct Raw<'a> {
    /// The opening with its whitespace mark, such as `{%-`.
    pub open: &'a str,
    /// The content, less the white space that the inner marks and the end's place take from it.
    pub content: &'a str,
    /// The closing with its whitespace mark, such as `-%}`.
    pub close: &'a str,
    /// Line breaks in the whole block.
    pub lines: usize,
}

/// A `{% … %}` or `{{ … }}`.
#[derive(Debug)]
pub struct Tag<'a> {
    /// True for `{% … %}`.
    pub block: bool,
    /// The opening with its whitespace mark, such as `{%-`.
    pub open: &'a str,
    /// The closing with its whitespace mark, such as `-%}`.
    pub close: &'a str,
    pub tokens: Vec<Token>,
    /// Line breaks between the last token and the closing.
    pub tail: usize,
    /// The line the tag starts on, counted from 1.
    pub line: u32,
}

/// One token of a tag.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    pub kind: TokenKind,
    pub line: u32,
    /// Line breaks before the token.
    pub before: usize,
    /// Line breaks inside the token.
    pub inside: usize,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenKind {
    Name(String),
    Int(u128),
    Float(f64),
    Str(String),
    Op(&'static str),
}

/// Operators, longer ones first.
const OPERATORS: [&str; 26] = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".",
    ":", "|", ",", ";",
];

/// A syntax error on a line of the template.
pub fn syntax(line: u32, message: impl Into<String>) -> Failure {
    Failure { kind: Kind::Syntax, line, message: message.into() }
}

/// Splits `source`, whose line breaks are `\n` alone.
///
/// # Errors
/// Fails on tags, comments and strings that do not end, and on characters that no token has.
pub fn split(source: &str) -> Result<Vec<Segment<'_>>, Failure> {
    let mut segments = Vec::new();
    let mut lexer = Lexer { source, at: 0, line: 1 };
    let mut text = 0;
    while let Some(found) = source[lexer.at..].find('{') {
        let start = lexer.at + found;
        let rest = &source[start..];
        if rest == "{#" {
            // Jinja2 only notices that a comment does not end where there is something in it.
            segments.push(Segment::Verbatim(&source[text..start]));
            return Ok(segments);
        } else if let Some(comment) = rest.strip_prefix("{#") {
            let end = comment.find("#}").ok_or_else(|| lexer.error(start, "a comment does not end"))?;
            lexer.move_to(start + 2 + end + 2);
        } else if rest.starts_with("{%") || rest.starts_with("{{") {
            segments.push(Segment::Verbatim(&source[text..start]));
            if let Some((mut raw, length)) = raw_block(rest).map_err(|message| lexer.error(start, message))? {
                raw.lines = rest[..length].matches('\n').count();
                lexer.move_to(start + length);
                segments.push(Segment::Raw(raw));
            } else {
                lexer.move_to(start);
                segments.push(Segment::Tag(lexer.tag()?));
            }
            text = lexer.at;
        } else {
            lexer.move_to(start + 1);
        }
    }
    segments.push(Segment::Verbatim(&source[text..]));
    Ok(segments)
}

/// The raw block that `rest` starts with, if it does, and its length.
fn raw_block(rest: &str) -> Result<Option<(Raw<'_>, usize)>, &'static str> {
    let Some((open, close, body)) = tag_of(rest, "raw") else { return Ok(None) };
    if close == "+%}" {
        return Ok(None);
    }
    let mut at = body;
    while let Some(found) = rest[at..].find("{%") {
        at += found;
        if let Some((end, last, length)) = tag_of(&rest[at..], "endraw") {
            let mut content = &rest[body..at];
            if close == "-%}" {
                content = content.trim_start_matches(is_space);
            }
            if end == "{%-" {
                content = content.trim_end_matches(is_space);
            } else if end == "{%" {
                // The end stands alone on its line: what is before it there goes.
                let line = content.rfind('\n').map_or(0, |at| at + 1);
                if line > 0 && content[line..].chars().all(is_space) {
                    content = &content[..line];
                }
            }
            return Ok(Some((Raw { open, content, close: last, lines: 0 }, at + length)));
        }
        at += 2;
    }
    Err("a raw block does not end")
}

/// The opening, the closing and the length of the tag `{% name %}` that `rest` starts with, if it does.
fn tag_of<'a>(rest: &'a str, name: &str) -> Option<(&'a str, &'a str, usize)> {
    let inner = rest.strip_prefix("{%")?;
    let inner = inner.strip_prefix(['-', '+']).unwrap_or(inner);
    let open = &rest[..rest.len() - inner.len()];
    let inner = inner.trim_start_matches(is_space).strip_prefix(name)?.trim_start_matches(is_space);
    let close = ["-%}", "+%}", "%}"].iter().find(|close| inner.starts_with(**close))?;
    let length = rest.len() - inner.len() + close.len();
    Some((open, &rest[length - close.len()..length], length))
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    line: u32,
}

impl<'a> Lexer<'a> {
    fn error(&self, at: usize, message: impl Into<String>) -> Failure {
        let lines = self.source[self.at..at].matches('\n').count() as u32;
        syntax(self.line + lines, message)
    }

    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    /// Moves on and returns how many line breaks were passed.
    fn move_to(&mut self, at: usize) -> usize {
        let lines = self.source[self.at..at].matches('\n').count();
        self.line += lines as u32;
        self.at = at;
        lines
    }

    fn tag(&mut self) -> Result<Tag<'a>, Failure> {
        let (start, line) = (self.at, self.line);
        let block = self.rest().starts_with("{%");
        let marked = self.rest()[2..].starts_with(['-', '+']) && (block || self.rest()[2..].starts_with('-'));
        self.move_to(start + if marked { 3 } else { 2 });
        let open = &self.source[start..self.at];
        let mut brackets = Vec::new();
        let mut tokens = Vec::new();
        loop {
            let space = self.rest().len() - self.rest().trim_start_matches(is_space).len();
            let before = self.move_to(self.at + space);
            if brackets.is_empty() {
                if let Some(close) = self.close(block) {
                    self.move_to(self.at + close.len());
                    return Ok(Tag { block, open, close, tokens, tail: before, line });
                }
            }
            if self.rest().is_empty() {
                return Err(syntax(line, "a tag does not end"));
            }
            let token_line = self.line;
            let kind = self.token()?;
            if let TokenKind::Op(op) = kind {
                match op {
                    "(" | "[" | "{" => brackets.push(op),
                    ")" | "]" | "}" => {
                        let opened = brackets.pop().ok_or_else(|| syntax(token_line, format!("unexpected '{op}'")))?;
                        if !matches!((opened, op), ("(", ")") | ("[", "]") | ("{", "}")) {
                            return Err(syntax(token_line, format!("unexpected '{op}' after '{opened}'")));
                        }
                    }
                    _ => {}
                }
            }
            let inside = (self.line - token_line) as usize;
            tokens.push(Token { kind, line: token_line, before, inside });
        }
    }

    /// The closing that comes next, if one does.
    fn close(&self, block: bool) -> Option<&'a str> {
        let marks: &[&str] = if block { &["+%}", "-%}", "%}"] } else { &["-}}", "}}"] };
        let mark = marks.iter().find(|mark| self.rest().starts_with(**mark))?;
        Some(&self.rest()[..mark.len()])
    }

    fn token(&mut self) -> Result<TokenKind, Failure> {
        let rest = self.rest();
        let first = rest.chars().next().unwrap_or_default();
        if first == '\'' || first == '"' {
            return self.string(first);
        }
        if first.is_ascii_digit() {
            return self.number();
        }
        if first == '_' || first.is_alphabetic() {
            let end = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
            self.move_to(self.at + end);
            return Ok(TokenKind::Name(rest[..end].to_string()));
        }
        let op = OPERATORS.iter().find(|op| rest.starts_with(**op));
        let op = op.ok_or_else(|| syntax(self.line, format!("unexpected character {first:?}")))?;
        self.move_to(self.at + op.len());
        Ok(TokenKind::Op(op))
    }

    fn string(&mut self, quote: char) -> Result<TokenKind, Failure> {
        let line = self.line;
        let body = &self.rest()[1..];
        let mut escaped = false;
        let end = body.find(|c| {
            let ends = c == quote && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let end = end.ok_or_else(|| syntax(line, "a string does not end"))?;
        self.move_to(self.at + 1 + end + 1);
        unescape(&body[..end]).map(TokenKind::Str).map_err(|message| syntax(line, message))
    }

    fn number(&mut self) -> Result<TokenKind, Failure> {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let digits = |mut at: usize, allowed: fn(&u8) -> bool| {
            while at < bytes.len()
                && (allowed(&bytes[at]) || bytes[at] == b'_' && bytes.get(at + 1).is_some_and(allowed))
            {
                at += 1;
            }
            at
        };
        let radix = match (bytes[0], bytes.get(1).map(u8::to_ascii_lowercase)) {
            (b'0', Some(b'x')) => 16,
            (b'0', Some(b'o')) => 8,
            (b'0', Some(b'b')) => 2,
            _ => 10,
        };
        if radix != 10 {
            let end = digits(2, u8::is_ascii_hexdigit);
            let value = u128::from_str_radix(&rest[2..end].replace('_', ""), radix);
            self.move_to(self.at + end);
            return value.map(TokenKind::Int).map_err(|err| syntax(self.line, format!("{}: {err}", &rest[..end])));
        }
        let whole = digits(0, u8::is_ascii_digit);
        let mut end = whole;
        if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
            end = digits(end + 1, u8::is_ascii_digit);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            if bytes.get(end + 1 + sign).is_some_and(u8::is_ascii_digit) {
                end = digits(end + 1 + sign, u8::is_ascii_digit);
            }
        }
        let text = rest[..end].replace('_', "");
        self.move_to(self.at + end);
        let value =
            if end == whole { text.parse().map(TokenKind::Int).ok() } else { text.parse().map(TokenKind::Float).ok() };
        value.ok_or_else(|| syntax(self.line, format!("{text}: the number is too large")))
    }
}

/// Python's white space inside a tag.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

/// Resolves Python's escapes in the body of a string.
fn unescape(body: &str) -> Result<String, String> {
    let mut out = String::with_capacity(body.len());
    let mut chars = body.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let Some(c) = chars.next() else { break };
        let hex = match c {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        if hex > 0 {
            let digits: String = chars.by_ref().take(hex).collect();
            let code = if digits.len() == hex { u32::from_str_radix(&digits, 16).ok() } else { None };
            let code = code.ok_or_else(|| format!("a \\{c} escape needs {hex} hexadecimal digits"))?;
            // Python strings may hold lone surrogates; text that is sent to a model may not.
            out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            continue;
        }
        match c {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'a' => out.push('\x07'),
            'b' => out.push('\x08'),
            'f' => out.push('\x0c'),
            'v' => out.push('\x0b'),
            '\\' | '\'' | '"' => out.push(c),
            '\n' => {}
            '0'..='7' => {
                let mut code = c.to_digit(8).unwrap_or_default();
                for _ in 0..2 {
                    let Some(digit) = chars.clone().next().and_then(|c| c.to_digit(8)) else { break };
                    code = code * 8 + digit;
                    chars.next();
                }
                out.extend(char::from_u32(code));
            }
            _ => out.extend(['\\', c]),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(source: &str) -> Vec<TokenKind> {
        match split(source).unwrap().into_iter().nth(1) {
            Some(Segment::Tag(tag)) => tag.tokens.into_iter().map(|token| token.kind).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn tokens() {
        use TokenKind::*;
        assert_eq!(
            kinds(r#"{{- 'a\'b' ~ "\x41\u00e9\n" // 1_000.5e-1 ** 0x1F }}"#),
            [Str("a'b".into()), Op("~"), Str("A\u{e9}\n".into()), Op("//"), Float(100.05), Op("**"), Int(31)]
        );
        assert_eq!(kinds("{{ {'a': {}} }}").len(), 6);
        assert_eq!(kinds("{{ 1.items }}"), [Int(1), Op("."), Name("items".into())]);
    }

    #[test]
    fn comments_pass_through() {
        let source = "a{# {{ #}b{c";
        assert!(matches!(split(source).unwrap()[..], [Segment::Verbatim(text)] if text == source));
    }

    #[test]
    fn raw_blocks_lose_what_their_marks_take() {
        for (source, want) in [
            ("{%raw%}\n {{ x }} {%endraw%}", "\n {{ x }} "),
            ("{%- raw -%}\n x\n {%- endraw +%}", "x"),
            ("{% raw %} \n  {% endraw %}", " \n"),
            ("{% raw %} \n  {%+ endraw %}", " \n  "),
            ("{% raw %}{% if %}{% endraw %}", "{% if %}"),
        ] {
            match split(source).unwrap().into_iter().nth(1) {
                Some(Segment::Raw(raw)) => assert_eq!(raw.content, want, "{source:?}"),
                other => panic!("{source:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn broken_templates_name_their_line() {
        for (source, line) in
            [("\n\n{{ x", 3), ("\n{# x", 2), ("{% raw %}", 1), ("\n{{ 'x }}", 2), ("{{ ) }}", 1), ("{{ ? }}", 1)]
        {
            assert_eq!(split(source).unwrap_err().line, line, "{source:?}");
        }
    }
}
