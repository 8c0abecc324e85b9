//! Jinja2's expression grammar, read from tokens and written back as calls.

use super::cursor::{Parser, Text};
use super::{TokenKind, syntax};
use crate::ffi::Failure;

impl Parser<'_> {
    /// An expression with conditional parts.
    pub fn expression(&mut self) -> Text {
        self.nested(|p| {
            let first = p.or()?;
            if !p.peek_name("if") {
                return Ok(first);
            }
            let conditional = p.conditional(first)?;
            Ok(format!("({conditional})"))
        })
    }

    /// `value if condition else value if condition else …`
    fn conditional(&mut self, first: String) -> Text {
        let mut out = first;
        while self.take_name("if") {
            self.link()?;
            out = format!("{out} if {}", self.or()?);
            if self.take_name("else") {
                out = format!("{out} else {}", self.or()?);
            } else if self.peek_name("if") {
                out = format!("({out})");
            }
        }
        Ok(out)
    }

    /// One expression, or several with commas between them as a tuple.
    pub fn tuple(&mut self, conditional: bool) -> Text {
        let mut items = Vec::new();
        let mut comma = false;
        while !(self.at_end() || self.peek_op(")")) {
            items.push(if conditional { self.expression()? } else { self.nested(Self::or)? });
            if !self.take_op(",") {
                break;
            }
            comma = true;
        }
        match items.pop() {
            None => Err(self.unexpected("an expression")),
            Some(item) if !comma => Ok(item),
            Some(item) => {
                items.push(item);
                Ok(format!("_jinja_tuple([{}])", items.join(",")))
            }
        }
    }

    fn or(&mut self) -> Text {
        let first = self.and()?;
        self.words(first, "or", Self::and)
    }

    fn and(&mut self) -> Text {
        let first = self.not()?;
        self.words(first, "and", Self::not)
    }

    /// `first word operand word operand …`
    fn words(&mut self, first: String, word: &str, operand: fn(&mut Self) -> Text) -> Text {
        if !self.peek_name(word) {
            return Ok(first);
        }
        let mut out = format!("({first}");
        while self.take_name(word) {
            self.link()?;
            out = format!("{out} {word} {}", operand(self)?);
        }
        out.push(')');
        Ok(out)
    }

    fn not(&mut self) -> Text {
        if self.peek_name("not") {
            return self.nested(|p| {
                p.next();
                Ok(format!("(not {})", p.not()?))
            });
        }
        self.compare()
    }

    fn compare(&mut self) -> Text {
        let mut out = self.sum()?;
        let mut any = false;
        loop {
            let op = match self.peek() {
                Some(TokenKind::Op(op @ ("==" | "!=" | "<" | "<=" | ">" | ">="))) => op,
                Some(TokenKind::Name(name)) if name == "in" => "in",
                Some(TokenKind::Name(name)) if name == "not" && self.next_is_in() => {
                    self.next();
                    "not in"
                }
                _ => break,
            };
            self.next();
            any = true;
            out = format!("{out},\"{op}\",{}", self.sum()?);
        }
        Ok(if any { format!("_jinja_compare({out})") } else { out })
    }

    fn next_is_in(&self) -> bool {
        matches!(self.tokens.get(self.at + 1).map(|token| &token.kind), Some(TokenKind::Name(name)) if name == "in")
    }

    fn sum(&mut self) -> Text {
        self.operators(&["+", "-"], Self::concat)
    }

    fn concat(&mut self) -> Text {
        let mut out = self.product()?;
        if !self.peek_op("~") {
            return Ok(out);
        }
        while self.take_op("~") {
            out = format!("{out},{}", self.product()?);
        }
        Ok(format!("_jinja_concat({out})"))
    }

    fn product(&mut self) -> Text {
        self.operators(&["*", "/", "//", "%"], Self::power)
    }

    fn power(&mut self) -> Text {
        self.operators(&["**"], |p| p.unary(true))
    }

    /// `operand op operand op …`, from left to right.
    fn operators(&mut self, ops: &[&str], operand: fn(&mut Self) -> Text) -> Text {
        let mut out = operand(self)?;
        let mut any = false;
        while let Some(TokenKind::Op(op)) = self.peek() {
            if !ops.contains(op) {
                break;
            }
            self.next();
            any = true;
            out = format!("{out},\"{op}\",{}", operand(self)?);
        }
        Ok(if any { format!("_jinja_math({out})") } else { out })
    }

    fn unary(&mut self, filtered: bool) -> Text {
        let sign = match self.peek() {
            Some(TokenKind::Op("-")) => "_jinja_minus",
            Some(TokenKind::Op("+")) => "_jinja_plus",
            _ => "",
        };
        let mut out = if sign.is_empty() {
            self.primary()?
        } else {
            self.nested(|p| {
                p.next();
                Ok(format!("{sign}({})", p.unary(false)?))
            })?
        };
        out = self.postfix(out)?;
        if filtered { self.filtered(out) } else { Ok(out) }
    }

    fn primary(&mut self) -> Text {
        let out = match self.peek() {
            Some(TokenKind::Name(name)) => {
                self.next();
                // Where an operand is expected, `not` is a variable to Jinja2, if one that nobody sets.
                if name == "not" { "_jinja_not".to_string() } else { name.clone() }
            }
            Some(TokenKind::Int(value)) => {
                self.next();
                value.to_string()
            }
            Some(TokenKind::Float(value)) => {
                self.next();
                float(*value)
            }
            Some(TokenKind::Str(_)) => {
                let mut text = String::new();
                while let Some(TokenKind::Str(part)) = self.peek() {
                    self.next();
                    text.push_str(part);
                }
                quote(&text)
            }
            Some(TokenKind::Op("(")) => return self.nested(Self::parenthesised),
            Some(TokenKind::Op("[")) => {
                return self.nested(|p| {
                    let items = p.items("[", "]", Self::expression)?;
                    Ok(format!("_jinja_list([{items}])"))
                });
            }
            Some(TokenKind::Op("{")) => {
                return self.nested(|p| {
                    let items = p.items("{", "}", |p| {
                        let key = p.expression()?;
                        p.expect_op(":")?;
                        Ok(format!("{key},{}", p.expression()?))
                    })?;
                    Ok(format!("_jinja_dict([{items}])"))
                });
            }
            _ => return Err(self.unexpected("an expression")),
        };
        Ok(out + &self.taken_breaks())
    }

    fn parenthesised(&mut self) -> Text {
        self.next();
        if self.take_op(")") {
            return Ok("_jinja_tuple([])".to_string());
        }
        let out = self.tuple(true)?;
        self.expect_op(")")?;
        Ok(format!("({out})"))
    }

    /// Items between two brackets, with commas between them.
    fn items(&mut self, open: &str, close: &str, item: fn(&mut Self) -> Text) -> Text {
        self.expect_op(open)?;
        let mut items = Vec::new();
        while !self.peek_op(close) {
            if !items.is_empty() {
                self.expect_op(",")?;
                if self.peek_op(close) {
                    break;
                }
            }
            items.push(item(self)?);
        }
        self.expect_op(close)?;
        Ok(items.join(","))
    }

    fn postfix(&mut self, mut out: String) -> Text {
        loop {
            if self.take_op(".") {
                self.link()?;
                out = match self.peek() {
                    Some(TokenKind::Name(name)) => format!("{out}.{name}"),
                    Some(TokenKind::Int(index)) => format!("{out}[{index}]"),
                    _ => return Err(self.unexpected("a name or an index")),
                };
                self.next();
            } else if self.peek_op("[") {
                self.link()?;
                out = self.nested(|p| p.subscript(out))?;
            } else if self.peek_op("(") {
                self.link()?;
                out = format!("{out}{}", self.nested(Self::arguments)?);
            } else {
                return Ok(out);
            }
            out += &self.taken_breaks();
        }
    }

    fn subscript(&mut self, value: String) -> Text {
        self.next();
        let mut bounds = vec![String::new()];
        let mut commas = false;
        loop {
            if self.peek_op("]") {
                break;
            } else if self.take_op(":") {
                bounds.push(String::new());
            } else if bounds.len() == 1 && !bounds[0].is_empty() && self.take_op(",") {
                commas = true;
                let next = self.expression()?;
                bounds[0] = format!("{},{next}", bounds[0]);
            } else if bounds.last().is_some_and(String::is_empty) {
                let bound = self.expression()?;
                bounds.pop();
                bounds.push(bound);
            } else {
                return Err(self.unexpected("']'"));
            }
        }
        self.expect_op("]")?;
        match &mut bounds[..] {
            [index] if index.is_empty() => Err(self.unexpected("an index")),
            [index] if commas => Ok(format!("{value}[_jinja_tuple([{index}])]")),
            [index] => Ok(format!("{value}[{index}]")),
            bounds if commas || bounds.len() > 3 => Err(self.unexpected("']'")),
            bounds => {
                for bound in bounds.iter_mut().filter(|bound| bound.is_empty()) {
                    bound.push_str("none");
                }
                Ok(format!("_jinja_slice({value},{})", bounds.join(",")))
            }
        }
    }

    /// `(argument, name=argument, *list, **dict)`
    fn arguments(&mut self) -> Text {
        let items = self.items("(", ")", |p| {
            if p.take_op("**") {
                return Ok(format!("**{}", p.expression()?));
            }
            if p.take_op("*") {
                return Ok(format!("*{}", p.expression()?));
            }
            let named = matches!(p.peek(), Some(TokenKind::Name(_)))
                && matches!(p.tokens.get(p.at + 1).map(|token| &token.kind), Some(TokenKind::Op("=")));
            if named {
                let name = p.name()?;
                p.next();
                return Ok(format!("{name}={}", p.expression()?));
            }
            p.expression()
        })?;
        Ok(format!("({items})"))
    }

    /// Filters, tests and calls that follow an operand.
    fn filtered(&mut self, mut out: String) -> Text {
        loop {
            if self.take_op("|") {
                self.link()?;
                out = format!("{out}|{}", self.filters(false)?);
            } else if self.take_name("is") {
                self.link()?;
                out = self.test(out)?;
            } else if self.peek_op("(") {
                self.link()?;
                out = format!("{out}{}", self.nested(Self::arguments)?);
            } else {
                return Ok(out);
            }
        }
    }

    /// One filter with its arguments, or a chain of them.
    pub fn filters(&mut self, chain: bool) -> Text {
        let mut out = String::new();
        loop {
            out += &self.dotted()?;
            if self.peek_op("(") {
                out += &self.nested(Self::arguments)?;
            }
            if !(chain && self.take_op("|")) {
                return Ok(out);
            }
            self.link()?;
            out.push('|');
        }
    }

    fn dotted(&mut self) -> Text {
        let mut name = self.name()?;
        while self.take_op(".") {
            name = format!("{name}.{}", self.name()?);
        }
        Ok(name)
    }

    fn test(&mut self, value: String) -> Text {
        let negated = self.take_name("not");
        let name = self.dotted()?;
        let arguments = match self.peek() {
            Some(TokenKind::Op("(")) => self.nested(Self::arguments)?,
            Some(TokenKind::Name(word)) if matches!(word.as_str(), "else" | "or" | "and") => String::new(),
            Some(TokenKind::Name(word)) if word == "is" => {
                return Err(syntax(self.line(), "tests cannot be chained with 'is'"));
            }
            Some(
                TokenKind::Op("[" | "{")
                | TokenKind::Name(_)
                | TokenKind::Str(_)
                | TokenKind::Int(_)
                | TokenKind::Float(_),
            ) => {
                let argument = self.primary()?;
                format!("({})", self.postfix(argument)?)
            }
            _ => String::new(),
        };
        let not = if negated { "not " } else { "" };
        Ok(format!("({value} is {not}{name}{arguments})"))
    }

    /// A call, as `{% call %}` needs it.
    pub fn call(&mut self) -> Text {
        let line = self.line();
        let out = self.unary(true)?;
        if out.trim_end().ends_with(')') && !out.starts_with("_jinja") && !out.starts_with('(') {
            return Ok(out);
        }
        Err(syntax(line, "a call tag needs a call"))
    }

    /// The parameters of a macro.
    pub fn signature(&mut self) -> Text {
        let items = self.items("(", ")", |p| {
            let name = p.name()?;
            if p.take_op("=") { Ok(format!("{name}={}", p.expression()?)) } else { Ok(name) }
        })?;
        Ok(format!("({items})"))
    }

    /// What `set` and `for` assign to; also the namespace where one of its attributes is meant.
    pub fn target(&mut self, dotted: bool) -> Result<(String, Option<String>), Failure> {
        let mut parts = Vec::new();
        loop {
            if self.take_op("(") {
                let inner = self.nested(|p| p.target(false).map(|(inner, _)| inner))?;
                self.expect_op(")")?;
                parts.push(format!("({inner})"));
            } else {
                let name = self.name()?;
                if dotted && parts.is_empty() && self.take_op(".") {
                    let attribute = self.name()?;
                    return Ok((format!("{name}.{attribute}"), Some(name)));
                }
                parts.push(name);
            }
            if !self.take_op(",") {
                break;
            }
            if self.at_end() || self.peek_op(")") || self.peek_op("=") || self.peek_name("in") {
                parts.push(String::new());
                break;
            }
        }
        Ok((parts.join(", "), None))
    }
}

/// A float as minijinja reads it.
fn float(value: f64) -> String {
    if !value.is_finite() {
        return "1e999".to_string();
    }
    let text = value.to_string();
    if text.contains('.') { text } else { text + ".0" }
}

/// A string as minijinja reads it, on one line.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
