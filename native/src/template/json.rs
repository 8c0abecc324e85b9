//! JSON on its way in (the data) and out (the `tojson` filter).

use std::fmt;

use indexmap::IndexMap;
use minijinja::value::ValueKind;
use minijinja::{State, Value};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::args::Args;
use super::repr;
use super::value::{Dict, Result, Seq, SeqKind, charge_text, error, list, type_name};

/// A value of the data; objects keep the order of their keys.
pub struct Json(pub Value);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Json, D::Error> {
        deserializer.deserialize_any(JsonVisitor).map(Json)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::from(()))
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> std::result::Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> std::result::Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Json(item)) = access.next_element()? {
            items.push(item);
        }
        list(items).map_err(A::Error::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> std::result::Result<Value, A::Error> {
        let mut items = IndexMap::new();
        while let Some((key, Json(value))) = access.next_entry::<String, Json>()? {
            items.insert(Value::from(key), value);
        }
        Dict::value(items).map_err(A::Error::custom)
    }
}

/// The `tojson` filter as Transformers defines it: `json.dumps` with Python's defaults, but for `ensure_ascii`.
///
/// # Errors
/// Fails on what JSON cannot hold, and when the fuel runs out.
pub fn tojson(state: &mut State, args: Args) -> Result<Value> {
    let [value, ensure_ascii, indent, separators, sort_keys] =
        args.bind("tojson", ["x", "ensure_ascii", "indent", "separators", "sort_keys"])?;
    let truthy = |value: Option<Value>| value.is_some_and(|value| value.is_true());
    let indent = match indent.filter(|indent| !indent.is_none()) {
        None => None,
        Some(indent) => Some(match (indent.as_str(), super::ops::number(&indent)) {
            (Some(text), _) => text.to_string(),
            (_, Some(super::ops::Number::Int(count))) => {
                let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
                charge_text(state, count)?;
                " ".repeat(count)
            }
            _ => return Err(error("indent must be an integer or a string")),
        }),
    };
    let mut comma = if indent.is_some() { "," } else { ", " }.to_string();
    let mut colon = ": ".to_string();
    if let Some(separators) = separators.filter(|separators| !separators.is_none()) {
        let wrong = || error("separators must be two strings");
        let pair = separators.downcast_object_ref::<Seq>().ok_or_else(wrong)?;
        let [first, second] = &pair.items[..] else { return Err(wrong()) };
        comma = first.as_str().ok_or_else(wrong)?.to_string();
        colon = second.as_str().ok_or_else(wrong)?.to_string();
    }
    let mut writer = Writer {
        state,
        out: String::new(),
        charged: 0,
        indent,
        comma,
        colon,
        ascii: truthy(ensure_ascii),
        sorted: truthy(sort_keys),
    };
    writer.item(&value.unwrap_or_default(), 1)?;
    Ok(Value::from(writer.out))
}

struct Writer<'a, 'b, 'c> {
    state: &'a State<'b, 'c>,
    out: String,
    /// How much of `out` is paid for.
    charged: usize,
    indent: Option<String>,
    comma: String,
    colon: String,
    ascii: bool,
    sorted: bool,
}

impl Writer<'_, '_, '_> {
    fn item(&mut self, value: &Value, depth: usize) -> Result<()> {
        let new = self.out.len() - self.charged;
        if new >= 64 {
            self.charged = self.out.len();
            charge_text(self.state, new * 4)?;
        }
        match value.kind() {
            ValueKind::None => self.out.push_str("null"),
            ValueKind::Bool => self.out.push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number => self.out.push_str(&number(value)),
            ValueKind::String => self.string(value.as_str().unwrap_or_default()),
            _ => {
                if let Some(seq) = value.downcast_object_ref::<Seq>() {
                    if !matches!(seq.kind, SeqKind::Range(..)) {
                        return self.container('[', seq.items.iter().map(|item| (None, item)), ']', depth);
                    }
                } else if let Some(dict) = value.downcast_object_ref::<Dict>() {
                    return self.dict(dict, depth);
                }
                return Err(error(format!("Object of type {} is not JSON serializable", type_name(value))));
            }
        }
        Ok(())
    }

    fn dict(&mut self, dict: &Dict, depth: usize) -> Result<()> {
        let mut items = Vec::with_capacity(dict.items.len());
        for (key, value) in &dict.items {
            items.push((key_text(key)?, key, value));
        }
        if self.sorted {
            if items.iter().any(|(_, key, _)| key.as_str().is_some())
                && items.iter().any(|(_, key, _)| key.as_str().is_none())
            {
                return Err(error("'<' not supported between the keys"));
            }
            if items.iter().all(|(_, key, _)| key.as_str().is_some()) {
                items.sort_by(|(a, _, _), (b, _, _)| a.cmp(b));
            } else {
                let float = |key: &Value| super::ops::number(key).map_or(f64::NAN, super::ops::Number::float);
                items.sort_by(|(_, a, _), (_, b, _)| float(a).total_cmp(&float(b)));
            }
        }
        self.container('{', items.iter().map(|(text, _, value)| (Some(text.as_str()), *value)), '}', depth)
    }

    fn container<'v>(
        &mut self,
        open: char,
        items: impl Iterator<Item = (Option<&'v str>, &'v Value)>,
        close: char,
        depth: usize,
    ) -> Result<()> {
        self.out.push(open);
        let mut any = false;
        for (key, item) in items {
            if any {
                self.out.push_str(&self.comma);
            }
            any = true;
            self.break_line(depth)?;
            if let Some(key) = key {
                self.string(key);
                self.out.push_str(&self.colon);
            }
            self.item(item, depth + 1)?;
        }
        if any {
            self.break_line(depth - 1)?;
        }
        self.out.push(close);
        Ok(())
    }

    fn break_line(&mut self, depth: usize) -> Result<()> {
        if let Some(indent) = &self.indent {
            charge_text(self.state, indent.len() * depth)?;
            self.out.push('\n');
            for _ in 0..depth {
                self.out.push_str(indent);
            }
        }
        Ok(())
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\x08' => self.out.push_str("\\b"),
                '\x0c' => self.out.push_str("\\f"),
                c if c < ' ' || self.ascii && (c > '~') => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        self.out.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}

fn number(value: &Value) -> String {
    match repr::number(value).as_str() {
        "nan" => "NaN".to_string(),
        "inf" => "Infinity".to_string(),
        "-inf" => "-Infinity".to_string(),
        text => text.to_string(),
    }
}

/// A key as `json.dumps` writes it.
fn key_text(key: &Value) -> Result<String> {
    match key.kind() {
        ValueKind::String => Ok(key.as_str().unwrap_or_default().to_string()),
        ValueKind::Number => Ok(number(key)),
        ValueKind::Bool => Ok(if key.is_true() { "true" } else { "false" }.to_string()),
        ValueKind::None => Ok("null".to_string()),
        _ => Err(error(format!("keys must be str, int, float, bool or None, not {}", type_name(key)))),
    }
}
