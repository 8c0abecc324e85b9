//! Python's `str` and `repr`.

use minijinja::value::ValueKind;
use minijinja::{State, Value};

use super::value::{
    Dict, Generator, Result, Seq, SeqKind, View, attributes, charge_text, is_loop, is_macro, is_namespace, limit,
};

/// How long a text may get where no fuel can be charged: in error messages and format strings.
const MAX_BOUNDED: usize = 1 << 20;

/// What `str(value)` is in Python; Undefined is empty.
///
/// # Errors
/// Fails when the fuel runs out.
pub fn str(state: &State, value: &Value) -> Result<String> {
    if let Some(text) = value.as_str() {
        return Ok(text.to_string());
    }
    let mut writer = Writer { out: String::new(), charged: 0, state: Some(state) };
    writer.top(value)?;
    Ok(writer.out)
}

/// What `repr(value)` is in Python.
///
/// # Errors
/// Fails when the fuel runs out.
pub fn repr(state: &State, value: &Value) -> Result<String> {
    let mut writer = Writer { out: String::new(), charged: 0, state: Some(state) };
    writer.item(value, 0)?;
    Ok(writer.out)
}

/// As [`str`], cut off where it gets long.
pub fn bounded(value: &Value) -> String {
    let mut writer = Writer { out: String::new(), charged: 0, state: None };
    if writer.top(value).is_err() {
        writer.out.push_str("...");
    }
    writer.out
}

struct Writer<'a, 'b, 'c> {
    out: String,
    /// How much of `out` is paid for.
    charged: usize,
    state: Option<&'a State<'b, 'c>>,
}

impl Writer<'_, '_, '_> {
    /// Pays for what was written since the last time. Writing costs more than copying.
    fn pay(&mut self) -> Result<()> {
        let new = self.out.len() - self.charged;
        match self.state {
            None if self.out.len() > MAX_BOUNDED => Err(limit("a text is too long")),
            Some(state) if new >= 64 => {
                self.charged = self.out.len();
                charge_text(state, new * 4)
            }
            _ => Ok(()),
        }
    }

    fn top(&mut self, value: &Value) -> Result<()> {
        match value.kind() {
            ValueKind::Undefined => Ok(()),
            ValueKind::String => {
                self.out.push_str(value.as_str().unwrap_or_default());
                Ok(())
            }
            _ => self.item(value, 0),
        }
    }

    fn item(&mut self, value: &Value, depth: usize) -> Result<()> {
        self.pay()?;
        // Containers are bounded in depth, namespaces are too, but together they may go further.
        if depth > 1000 {
            return Err(limit("a value nests too deeply"));
        }
        match value.kind() {
            ValueKind::Undefined => self.out.push_str("Undefined"),
            ValueKind::None => self.out.push_str("None"),
            ValueKind::Bool => self.out.push_str(if value.is_true() { "True" } else { "False" }),
            ValueKind::Number => self.out.push_str(&number(value)),
            ValueKind::String => quote(&mut self.out, value.as_str().unwrap_or_default()),
            _ => return self.object(value, depth + 1),
        }
        Ok(())
    }

    fn object(&mut self, value: &Value, depth: usize) -> Result<()> {
        if let Some(seq) = value.downcast_object_ref::<Seq>() {
            if let SeqKind::Range(start, stop, step) = seq.kind {
                let step = if step == 1 { String::new() } else { format!(", {step}") };
                self.out.push_str(&format!("range({start}, {stop}{step})"));
                return Ok(());
            }
            let tuple = seq.is_tuple();
            let close = match (tuple, seq.items.len()) {
                (true, 1) => ",)",
                (true, _) => ")",
                _ => "]",
            };
            return self.list(if tuple { "(" } else { "[" }, &seq.items, close, depth);
        }
        if let Some(dict) = value.downcast_object_ref::<Dict>() {
            return self.pairs("{", dict.items.iter(), "}", depth);
        }
        if let Some(view) = value.downcast_object_ref::<View>() {
            self.out.push_str(view.name);
            return self.list("([", &view.items, "])", depth);
        }
        if is_namespace(value) {
            let all = attributes(value);
            return self.pairs("<Namespace {", all.iter().map(|(name, value)| (name, value)), "}>", depth);
        }
        if value.downcast_object_ref::<Generator>().is_some() {
            self.out.push_str("<generator object>");
        } else if is_macro(value) {
            let name = value.get_attr("name").unwrap_or_default();
            self.out.push_str("<Macro ");
            quote(&mut self.out, name.as_str().unwrap_or_default());
            self.out.push('>');
        } else if is_loop(value) {
            let part = |name| value.get_attr(name).map(|part| bounded(&part)).unwrap_or_default();
            self.out.push_str(&format!("<LoopContext {}/{}>", part("index"), part("length")));
        } else {
            self.out.push_str("<object>");
        }
        Ok(())
    }

    fn list(&mut self, open: &str, items: &[Value], close: &str, depth: usize) -> Result<()> {
        self.out.push_str(open);
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            self.item(item, depth)?;
        }
        self.out.push_str(close);
        Ok(())
    }

    fn pairs<'v>(
        &mut self,
        open: &str,
        pairs: impl Iterator<Item = (&'v Value, &'v Value)>,
        close: &str,
        depth: usize,
    ) -> Result<()> {
        self.out.push_str(open);
        for (index, (key, value)) in pairs.enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            self.item(key, depth)?;
            self.out.push_str(": ");
            self.item(value, depth)?;
        }
        self.out.push_str(close);
        Ok(())
    }
}

/// A number as Python prints it.
pub fn number(value: &Value) -> String {
    if value.is_integer() { value.to_string() } else { float(f64::try_from(value.clone()).unwrap_or(f64::NAN)) }
}

/// A float as Python prints it: the shortest digits, with an exponent where it is below -4 or above 15.
pub fn float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_string();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_string();
    }
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let plain = value.to_string();
    if plain.contains('.') { plain } else { plain + ".0" }
}

/// A string as Python's `repr` quotes it.
fn quote(out: &mut String, text: &str) {
    let mark = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(mark);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == mark => out.extend(['\\', c]),
            c if printable(c) => out.push(c),
            c if (c as u32) < 0x100 => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if (c as u32) < 0x10000 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push_str(&format!("\\U{:08x}", c as u32)),
        }
    }
    out.push(mark);
}

/// Python's idea of a printable character.
pub fn printable(c: char) -> bool {
    if c.is_ascii() {
        return (' '..='~').contains(&c);
    }
    // After another character, Rust's debug form escapes exactly what Python's does: controls,
    // formats, surrogates, private and unassigned characters, and separators.
    let mut pair = [0; 8];
    pair[0] = b'a';
    let length = c.encode_utf8(&mut pair[1..]).len();
    std::str::from_utf8(&pair[..1 + length]).is_ok_and(|text| text.escape_debug().count() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_as_in_python() {
        for (value, want) in [
            (1.0, "1.0"),
            (1e16, "1e+16"),
            (123456789012345680.0, "1.2345678901234568e+17"),
            (1e15, "1000000000000000.0"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-0.0, "-0.0"),
            (1e300, "1e+300"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(float(value), want);
        }
    }

    #[test]
    fn strings_are_quoted_as_in_python() {
        for (text, want) in [
            ("a'b", "\"a'b\""),
            ("a'\"b", "'a\\'\"b'"),
            ("\u{0}\u{7f}\u{a0}\u{200b}\u{e000}\u{10ffff}", "'\\x00\\x7f\\xa0\\u200b\\ue000\\U0010ffff'"),
            ("é東\u{301}😀", "'é東\u{301}😀'"),
        ] {
            let mut out = String::new();
            quote(&mut out, text);
            assert_eq!(out, want);
        }
    }
}
