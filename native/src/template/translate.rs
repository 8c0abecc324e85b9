//! Rewrites a Jinja2 template into one that minijinja runs with Python's meaning.
//!
//! Control flow stays as it is. Expressions are parsed with Jinja2's grammar and written back with
//! every operator, literal and slice as a call of a function in [`super::ops`], since those are what
//! the two engines disagree on. Line breaks stay where they were, so that errors name the right line.

mod cursor;
mod expr;

use super::lexer::{Raw, Segment, Tag, Token, TokenKind, split, syntax};
use crate::ffi::Failure;
use cursor::Parser;

/// How deep tags may nest.
const MAX_NESTING: usize = 150;
/// How many tags a template may have, and how many of them `elif`.
const MAX_TAGS: usize = 20_000;
const MAX_ELIFS: usize = 2_000;

/// Translates `source`.
///
/// # Errors
/// Fails on what Jinja2 would call a syntax error in a tag, on tags that chat templates cannot
/// have, and on templates that nest too deeply.
pub fn translate(source: &str) -> Result<String, Failure> {
    let source = normalise(source);
    let mut translator = Translator { out: String::with_capacity(source.len() * 2), open: Vec::new(), elifs: 0 };
    let segments = split(&source)?;
    if segments.len() > 2 * MAX_TAGS {
        return Err(syntax(0, format!("the template has more than {MAX_TAGS} tags")));
    }
    for segment in segments {
        match segment {
            Segment::Verbatim(text) => translator.out.push_str(text),
            Segment::Tag(tag) => translator.tag(&tag)?,
            Segment::Raw(raw) => translator.raw(&raw),
        }
    }
    match translator.open.last() {
        None => Ok(translator.out),
        Some((name, line)) => Err(syntax(*line, format!("the '{name}' tag does not end"))),
    }
}

/// Line breaks as Jinja2 reads them: `\n` alone, and none at the very end.
fn normalise(source: &str) -> String {
    let mut text = source.replace("\r\n", "\n").replace('\r', "\n");
    if text.ends_with('\n') {
        text.pop();
    }
    text
}

struct Translator {
    out: String,
    /// The tags that wait for their end.
    open: Vec<(&'static str, u32)>,
    elifs: usize,
}

impl Translator {
    fn tag(&mut self, tag: &Tag) -> Result<(), Failure> {
        let mut parser = Parser::new(&tag.tokens, tag.line);
        let body = if tag.block { self.statement(&mut parser)? } else { parser.tuple(true)? };
        let breaks = parser.end()?;
        self.out.push_str(tag.open);
        self.out.push(' ');
        self.out.push_str(&body);
        self.out.push_str(&breaks);
        self.out.extend(std::iter::repeat_n('\n', tag.tail));
        self.out.push(' ');
        self.out.push_str(tag.close);
        Ok(())
    }

    /// Writes a raw block as text to print, between tags that treat what is around it as its own do.
    fn raw(&mut self, raw: &Raw) {
        let text = expr::quote(raw.content);
        let breaks = "\n".repeat(raw.lines);
        self.out.push_str(&format!("{} with +%}}{{{{ {text}{breaks} }}}}{{%+ endwith {}", raw.open, raw.close));
    }

    fn statement(&mut self, p: &mut Parser) -> Result<String, Failure> {
        let line = p.line();
        let keyword = p.name()?;
        let lead = p.taken_breaks();
        let rest = match keyword.as_str() {
            "if" => {
                self.enter("if", line)?;
                p.tuple(false)?
            }
            "elif" => {
                self.elifs += 1;
                if self.elifs > MAX_ELIFS {
                    return Err(syntax(line, format!("the template has more than {MAX_ELIFS} elif tags")));
                }
                p.tuple(false)?
            }
            "for" => {
                self.enter("for", line)?;
                for_loop(p)?
            }
            "set" => self.set(p, line)?,
            "with" => {
                self.enter("with", line)?;
                with(p)?
            }
            "macro" => {
                self.enter("macro", line)?;
                let name = p.name()?;
                format!("{name}{}", p.signature()?)
            }
            "call" => {
                self.enter("call", line)?;
                let signature = if p.peek_op("(") { p.signature()? } else { String::new() };
                format!("{signature} {}", p.call()?)
            }
            "filter" => {
                self.enter("filter", line)?;
                p.filters(true)?
            }
            "generation" => {
                self.enter("generation", line)?;
                return Ok(format!("{lead}with"));
            }
            "endgeneration" => {
                self.leave("generation", line)?;
                return Ok(format!("{lead}endwith"));
            }
            "else" | "break" | "continue" => String::new(),
            "endif" | "endfor" | "endset" | "endwith" | "endmacro" | "endcall" | "endfilter" => {
                self.leave(&keyword[3..], line)?;
                String::new()
            }
            _ => return Err(syntax(line, format!("unknown tag '{keyword}'"))),
        };
        Ok(format!("{lead}{keyword} {rest}"))
    }

    fn enter(&mut self, name: &'static str, line: u32) -> Result<(), Failure> {
        if self.open.len() >= MAX_NESTING {
            return Err(syntax(line, format!("tags nest more than {MAX_NESTING} deep")));
        }
        self.open.push((name, line));
        Ok(())
    }

    fn leave(&mut self, name: &str, line: u32) -> Result<(), Failure> {
        match self.open.pop() {
            Some((open, _)) if open == name => Ok(()),
            Some((open, _)) => Err(syntax(line, format!("unexpected tag 'end{name}' inside '{open}'"))),
            None => Err(syntax(line, format!("unexpected tag 'end{name}'"))),
        }
    }

    /// `set target = value`, or a block whose text becomes the target's value.
    fn set(&mut self, p: &mut Parser, line: u32) -> Result<String, Failure> {
        let (target, namespace) = p.target(true)?;
        if p.take_op("=") {
            let value = p.tuple(true)?;
            return Ok(match namespace {
                Some(name) => format!("{target} = _jinja_store({name},{value})"),
                None if target.contains(',') => format!("{target} = _jinja_iter({value})"),
                None => format!("{target} = {value}"),
            });
        }
        self.enter("set", line)?;
        if p.take_op("|") {
            let filters = p.filters(true)?;
            return Ok(format!("{target} | {filters}"));
        }
        Ok(target)
    }
}

/// `for target in items [if condition] [recursive]`
fn for_loop(p: &mut Parser) -> Result<String, Failure> {
    let (target, _) = p.target(false)?;
    p.expect_name("in")?;
    let items = p.tuple(false)?;
    let iterate = if target.contains(',') { "_jinja_rows" } else { "_jinja_iter" };
    let mut out = format!("{target} in {iterate}({items})");
    if p.take_name("if") {
        out = format!("{out} if {}", p.expression()?);
    }
    if p.take_name("recursive") {
        out.push_str(" recursive");
    }
    Ok(out)
}

/// `with [name = value, …]`; all values are read before any name is set.
fn with(p: &mut Parser) -> Result<String, Failure> {
    let (mut names, mut values) = (Vec::new(), Vec::new());
    while !p.at_end() {
        if !names.is_empty() {
            p.expect_op(",")?;
        }
        names.push(p.name()?);
        p.expect_op("=")?;
        values.push(p.expression()?);
    }
    match names.len() {
        0 => Ok(String::new()),
        1 => Ok(format!("{} = {}", names[0], values[0])),
        _ => Ok(format!("({}) = _jinja_list([{}])", names.join(", "), values.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay() {
        let source = "a\r\n{% if a <\n b %}{{ 'x\ny'\n}}{% elif\nc %}\n{% endif %}\n";
        let out = translate(source).unwrap();
        assert_eq!(out.matches('\n').count() + 1, source.matches('\n').count(), "{out}");
    }

    #[test]
    fn unknown_and_unbalanced_tags_are_refused() {
        for source in
            ["{% include 'x' %}", "{% do x %}", "{% if a %}", "{% endif %}", "{% for a in b %}{% endif %}", "{% 1 %}"]
        {
            assert!(translate(source).is_err(), "{source}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let tags = "{% if a %}".repeat(1000);
        assert!(translate(&tags).unwrap_err().message.contains("deep"));
        for open in ["(", "[", "not ", "-", "{1:", "f("] {
            let source = format!("{{{{ {}a }}}}", open.repeat(50_000));
            assert!(translate(&source).is_err(), "{open}");
        }
        for link in ["|upper", ".a", "[0]", "()", " and a", " if a else b"] {
            let source = format!("{{{{ a{} }}}}", link.repeat(20_000));
            assert!(translate(&source).is_err(), "{link}");
        }
    }
}
