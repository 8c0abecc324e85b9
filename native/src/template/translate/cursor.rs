//! Reads the tokens of one tag: looking, taking, and the limits on depth.

use super::{Token, TokenKind, syntax};
use crate::ffi::Failure;

/// How deep an expression may nest, and how many links its chains may have together.
const MAX_DEPTH: usize = 300;
const MAX_LINKS: usize = 2_000;

/// Reads the tokens of one tag.
pub struct Parser<'t> {
    pub(super) tokens: &'t [Token],
    pub(super) at: usize,
    /// The line of the tag, for errors at its end.
    line: u32,
    /// Line breaks read but not yet written.
    breaks: usize,
    depth: usize,
    links: usize,
}

pub(super) type Text = Result<String, Failure>;

impl<'t> Parser<'t> {
    /// A parser of the tokens of a tag on `line`.
    pub fn new(tokens: &'t [Token], line: u32) -> Parser<'t> {
        Parser { tokens, at: 0, line, breaks: 0, depth: 0, links: 0 }
    }

    /// The line of the next token.
    pub fn line(&self) -> u32 {
        self.tokens.get(self.at).map_or(self.line, |token| token.line)
    }

    /// Whether all tokens are read.
    pub fn at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// Fails unless all tokens are read; returns the line breaks left to write.
    pub fn end(&mut self) -> Text {
        if self.at_end() { Ok(self.taken_breaks()) } else { Err(self.unexpected("the end of the tag")) }
    }

    /// The line breaks read since the last time.
    pub fn taken_breaks(&mut self) -> String {
        "\n".repeat(std::mem::take(&mut self.breaks))
    }

    pub(super) fn unexpected(&self, wanted: &str) -> Failure {
        let found = match self.tokens.get(self.at).map(|token| &token.kind) {
            None => "the end of the tag".to_string(),
            Some(TokenKind::Name(name)) => format!("'{name}'"),
            Some(TokenKind::Op(op)) => format!("'{op}'"),
            Some(TokenKind::Str(_)) => "a string".to_string(),
            Some(TokenKind::Int(_) | TokenKind::Float(_)) => "a number".to_string(),
        };
        syntax(self.line(), format!("expected {wanted}, got {found}"))
    }

    pub(super) fn peek(&self) -> Option<&'t TokenKind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    pub(super) fn next(&mut self) -> Option<&'t TokenKind> {
        let token = self.tokens.get(self.at)?;
        self.at += 1;
        self.breaks += token.before + token.inside;
        Some(&token.kind)
    }

    /// Whether the operator `op` comes next.
    pub fn peek_op(&self, op: &str) -> bool {
        matches!(self.peek(), Some(TokenKind::Op(found)) if *found == op)
    }

    pub(super) fn peek_name(&self, name: &str) -> bool {
        matches!(self.peek(), Some(TokenKind::Name(found)) if found == name)
    }

    /// Skips the operator `op` if it comes next.
    pub fn take_op(&mut self, op: &str) -> bool {
        let found = self.peek_op(op);
        if found {
            self.next();
        }
        found
    }

    /// Skips the word `name` if it comes next.
    pub fn take_name(&mut self, name: &str) -> bool {
        let found = self.peek_name(name);
        if found {
            self.next();
        }
        found
    }

    /// Skips the operator `op` or fails.
    pub fn expect_op(&mut self, op: &str) -> Result<(), Failure> {
        if self.take_op(op) { Ok(()) } else { Err(self.unexpected(&format!("'{op}'"))) }
    }

    /// Skips the word `name` or fails.
    pub fn expect_name(&mut self, name: &str) -> Result<(), Failure> {
        if self.take_name(name) { Ok(()) } else { Err(self.unexpected(&format!("'{name}'"))) }
    }

    /// Any name.
    pub fn name(&mut self) -> Text {
        match self.peek() {
            Some(TokenKind::Name(name)) => {
                self.next();
                Ok(name.clone())
            }
            _ => Err(self.unexpected("a name")),
        }
    }

    pub(super) fn link(&mut self) -> Result<(), Failure> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(syntax(self.line(), format!("an expression has more than {MAX_LINKS} links")));
        }
        Ok(())
    }

    pub(super) fn nested(&mut self, read: impl FnOnce(&mut Self) -> Text) -> Text {
        if self.depth >= MAX_DEPTH {
            return Err(syntax(self.line(), format!("an expression nests more than {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        let text = read(self);
        self.depth -= 1;
        text
    }
}
