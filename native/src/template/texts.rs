//! Filters on strings, numbers and single values.

use minijinja::value::ValueKind;
use minijinja::{Environment, State, Value};

use super::args::{Args, filter};
use super::json;
use super::ops::{self, Number, int, number};
use super::printf;
use super::repr;
use super::strings;
use super::value::{Result, Seq, SeqKind, charge_text, error, iterate, pairs, type_name};

/// Adds the filters.
pub fn register(env: &mut Environment) {
    filter(env, "tojson", json::tojson);
    for name in ["default", "d"] {
        filter(env, name, |_, args| {
            let [value, default, boolean] = args.bind("default", ["value", "default_value", "boolean"])?;
            let value = value.unwrap_or_default();
            let missing = value.is_undefined() || boolean.is_some_and(|boolean| boolean.is_true()) && !value.is_true();
            Ok(if missing { default.unwrap_or_else(|| Value::from("")) } else { value })
        });
    }
    filter(env, "string", |state, args| on_text(state, args, |_, text| Ok(text)));
    filter(env, "safe", |state, args| on_text(state, args, |_, text| Ok(text)));
    filter(env, "upper", |state, args| on_text(state, args, |_, text| Ok(text.to_uppercase())));
    filter(env, "lower", |state, args| on_text(state, args, |_, text| Ok(text.to_lowercase())));
    filter(env, "capitalize", |state, args| on_text(state, args, |_, text| Ok(strings::capitalize(&text))));
    filter(env, "title", |state, args| on_text(state, args, |_, text| Ok(title(&text))));
    for name in ["escape", "e", "forceescape"] {
        filter(env, name, |state, args| on_text(state, args, escape));
    }
    filter(env, "wordcount", |state, args| {
        let [value] = args.bind("wordcount", ["s"])?;
        let text = text_of(state, value.as_ref())?;
        let words = text.split(|c: char| c != '_' && !c.is_alphanumeric()).filter(|word| !word.is_empty());
        Ok(Value::from(words.count()))
    });
    filter(env, "trim", |state, args| {
        let [value, chars] = args.bind("trim", ["value", "chars"])?;
        let text = text_of(state, value.as_ref())?;
        let chars = chars.filter(|chars| !chars.is_none());
        Ok(Value::from(strings::strip(&text, chars.as_ref().and_then(Value::as_str), true, true)))
    });
    filter(env, "replace", |state, args| {
        let [value, old, new, count] = args.bind("replace", ["s", "old", "new", "count"])?;
        let count = match count.filter(|count| !count.is_none()) {
            Some(count) => count.as_i64().ok_or_else(|| error("replace expected an integer"))?,
            None => -1,
        };
        let (text, old, new) = (text_of(state, value.as_ref())?, required(state, old)?, required(state, new)?);
        strings::replace(state, &text, &old, &new, count).map(Value::from)
    });
    filter(env, "center", |state, args| {
        let [value, width] = args.bind("center", ["value", "width"])?;
        let width =
            width.map_or(Some(80), |width| width.as_i64()).ok_or_else(|| error("center expected an integer"))?;
        let text = text_of(state, value.as_ref())?;
        strings::justify(state, &text, width, " ", "center").map(Value::from)
    });
    filter(env, "indent", indent);
    filter(env, "truncate", truncate);
    filter(env, "format", |state, args| {
        let mut values = args.positional.into_iter();
        let text = text_of(state, values.next().as_ref())?;
        let values: Vec<Value> = values.collect();
        if !args.named.is_empty() {
            if !values.is_empty() {
                return Err(error("can't handle positional and keyword arguments at the same time"));
            }
            let named = args.named.into_iter().map(|(name, value)| (Value::from(name), value)).collect();
            return printf::format(state, &text, &super::value::Dict::value(named)?).map(Value::from);
        }
        printf::format(state, &text, &Seq::value(SeqKind::Tuple, values)?).map(Value::from)
    });
    filter(env, "urlencode", urlencode);
    filter(env, "pprint", |state, args| {
        let [value] = args.bind("pprint", ["value"])?;
        repr::repr(state, &value.unwrap_or_default()).map(Value::from)
    });
    filter(env, "attr", |_, args| {
        let [value, name] = args.bind("attr", ["obj", "name"])?;
        let (value, name) = (value.unwrap_or_default(), name.unwrap_or_default());
        // Only attributes, never items: of our values, namespaces and groups have some.
        let name = name.as_str().ok_or_else(|| error("an attribute's name must be a str"))?;
        match value.downcast_object_ref::<super::value::Dict>() {
            Some(_) => Ok(Value::UNDEFINED),
            None => value.get_attr(name),
        }
    });
    filter(env, "abs", |_, args| {
        let [value] = args.bind("abs", ["x"])?;
        let value = value.unwrap_or_default();
        match number(&value) {
            Some(Number::Int(value)) => Ok(int(value.saturating_abs())),
            Some(Number::Float(value)) => Ok(Value::from(value.abs())),
            None => Err(error(format!("bad operand type for abs(): '{}'", type_name(&value)))),
        }
    });
    filter(env, "round", round);
    filter(env, "int", to_int);
    filter(env, "float", |_, args| {
        let [value, default] = args.bind("float", ["value", "default"])?;
        let value = value.unwrap_or_default();
        if value.is_undefined() {
            return Err(error("the value is undefined"));
        }
        let parsed = match (value.as_str(), number(&value)) {
            (Some(text), _) => parse_float(text),
            (_, number) => number.map(Number::float),
        };
        Ok(parsed.map(Value::from).or(default).unwrap_or(Value::from(0.0)))
    });
}

/// The value as text; nothing for Undefined.
fn text_of(state: &State, value: Option<&Value>) -> Result<String> {
    value.map_or_else(|| Ok(String::new()), |value| repr::str(state, value))
}

fn required(state: &State, value: Option<Value>) -> Result<String> {
    repr::str(state, &value.ok_or_else(|| error("an argument is missing"))?)
}

/// A filter that takes text and has no parameters.
fn on_text(state: &mut State, args: Args, apply: fn(&State, String) -> Result<String>) -> Result<Value> {
    let [value] = args.bind("the filter", ["value"])?;
    let text = text_of(state, value.as_ref())?;
    apply(state, text).map(Value::from)
}

fn escape(state: &State, text: String) -> Result<String> {
    charge_text(state, text.len() * 5)?;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    Ok(out)
}

/// Jinja2's own title case: words start after white space, hyphens and opening brackets.
fn title(text: &str) -> String {
    let mut first = true;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if strings::is_space(c) || "-({[<".contains(c) {
            out.push(c);
            first = true;
        } else if std::mem::take(&mut first) {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
    }
    out
}

fn indent(state: &mut State, args: Args) -> Result<Value> {
    let [value, width, first, blank] = args.bind("indent", ["s", "width", "first", "blank"])?;
    let value = value.unwrap_or_default();
    let text = value.as_str().ok_or_else(|| error(format!("indent expected a str, got '{}'", type_name(&value))))?;
    let text = format!("{text}\n");
    let indention = match &width {
        None => "    ".to_string(),
        Some(width) => match (width.as_str(), width.as_i64()) {
            (Some(text), _) => text.to_string(),
            (_, Some(width)) => {
                let width = usize::try_from(width).unwrap_or(0);
                charge_text(state, width)?;
                " ".repeat(width)
            }
            _ => return Err(error("indent expected an integer or a str")),
        },
    };
    let truthy = |value: Option<Value>| value.is_some_and(|value| value.is_true());
    let (first, blank) = (truthy(first), truthy(blank));
    let lines = strings::lines(&text, false);
    charge_text(state, lines.len().saturating_mul(indention.len()))?;
    let mut out = String::new();
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        if if index == 0 { first } else { blank || !line.is_empty() } {
            out.push_str(&indention);
        }
        out.push_str(line);
    }
    Ok(Value::from(out))
}

fn truncate(state: &mut State, args: Args) -> Result<Value> {
    let [value, length, killwords, end, leeway] =
        args.bind("truncate", ["s", "length", "killwords", "end", "leeway"])?;
    let value = value.unwrap_or_default();
    let count = |value: Option<Value>, default: i64| match value.filter(|value| !value.is_none()) {
        Some(value) => value.as_i64().ok_or_else(|| error("truncate expected an integer")),
        None => Ok(default),
    };
    let (length, leeway) = (count(length, 255)?, count(leeway, 5)?);
    let end = match &end {
        Some(end) => repr::str(state, end)?,
        None => "...".to_string(),
    };
    let end_length = end.chars().count() as i64;
    if length < end_length || leeway < 0 {
        return Err(error(format!("expected length >= {end_length} and leeway >= 0, got {length} and {leeway}")));
    }
    if super::value::length(&value)? as i64 <= length.saturating_add(leeway) {
        return Ok(value);
    }
    let text = value.as_str().ok_or_else(|| error(format!("truncate expected a str, got '{}'", type_name(&value))))?;
    let kept: String = text.chars().take((length - end_length) as usize).collect();
    let kept = match kept.rfind(' ') {
        Some(at) if !killwords.is_some_and(|kill| kill.is_true()) => &kept[..at],
        _ => &kept,
    };
    Ok(Value::from(format!("{kept}{end}")))
}

fn urlencode(state: &mut State, args: Args) -> Result<Value> {
    let [value] = args.bind("urlencode", ["value"])?;
    let value = value.unwrap_or_default();
    let quote = |text: &str, query: bool| {
        let mut out = String::with_capacity(text.len());
        for byte in text.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => out.push(byte.into()),
                b'/' if !query => out.push('/'),
                b' ' if query => out.push('+'),
                byte => out.push_str(&format!("%{byte:02X}")),
            }
        }
        out
    };
    let scalar =
        value.as_str().is_some() || !matches!(value.kind(), ValueKind::Seq | ValueKind::Map | ValueKind::Plain);
    if scalar {
        let text = repr::str(state, &value)?;
        charge_text(state, text.len() * 3)?;
        return Ok(Value::from(quote(&text, false)));
    }
    let items = match pairs(&value) {
        Some(items) => items,
        None => {
            let mut items = Vec::new();
            for item in iterate(state, &value)? {
                let pair = iterate(state, &item)?;
                let [key, value] = &pair[..] else { return Err(error("urlencode expected pairs")) };
                items.push((key.clone(), value.clone()));
            }
            items
        }
    };
    let mut parts = Vec::with_capacity(items.len());
    for (key, value) in items {
        let (key, value) = (repr::str(state, &key)?, repr::str(state, &value)?);
        charge_text(state, (key.len() + value.len()) * 3)?;
        parts.push(format!("{}={}", quote(&key, true), quote(&value, true)));
    }
    Ok(Value::from(parts.join("&")))
}

fn round(_: &mut State, args: Args) -> Result<Value> {
    let [value, precision, method] = args.bind("round", ["value", "precision", "method"])?;
    let value = value.unwrap_or_default();
    let precision =
        precision.map_or(Some(0), |precision| precision.as_i64()).ok_or_else(|| error("round expected an integer"))?;
    let precision = precision.clamp(-400, 400) as i32;
    let method = method.as_ref().map_or(Some("common"), Value::as_str);
    let value =
        number(&value).ok_or_else(|| error(format!("type {} doesn't define __round__ method", type_name(&value))))?;
    let scale = 10f64.powi(precision);
    match (method, value) {
        (Some("common"), Number::Int(value)) if precision >= 0 => Ok(int(value)),
        (Some("common"), Number::Int(value)) => {
            // Halves go to the even neighbour.
            let unit = 10i128.checked_pow(precision.unsigned_abs()).ok_or_else(|| error("a number is too large"))?;
            let (below, rest) = (value.div_euclid(unit), value.rem_euclid(unit));
            let up = rest * 2 > unit || rest * 2 == unit && below % 2 != 0;
            Ok(int((below + i128::from(up)) * unit))
        }
        (Some("common"), Number::Float(value)) if precision >= 0 => {
            // Rust rounds the exact value, as Python does.
            let text = format!("{value:.*}", precision as usize);
            Ok(Value::from(text.parse::<f64>().unwrap_or(value)))
        }
        (Some("common"), Number::Float(value)) => Ok(Value::from((value * scale).round_ties_even() / scale)),
        (Some("ceil"), value) => Ok(Value::from((value.float() * scale).ceil() / scale)),
        (Some("floor"), value) => Ok(Value::from((value.float() * scale).floor() / scale)),
        _ => Err(error("method must be common, ceil or floor")),
    }
}

fn to_int(_: &mut State, args: Args) -> Result<Value> {
    let [value, default, base] = args.bind("int", ["value", "default", "base"])?;
    let value = value.unwrap_or_default();
    if value.is_undefined() {
        return Err(error("the value is undefined"));
    }
    let base = base.map_or(Some(10), |base| base.as_i64()).and_then(|base| u32::try_from(base).ok());
    let base = base
        .filter(|base| *base == 0 || (2..=36).contains(base))
        .ok_or_else(|| error("int() base must be >= 2 and <= 36, or 0"))?;
    let default = default.unwrap_or(Value::from(0));
    match (value.as_str(), number(&value)) {
        (Some(text), _) => Ok(match parse_int(text, base) {
            Some(value) => int(value),
            None => match parse_float(text) {
                Some(value) if value.is_finite() => int(value as i128),
                Some(value) if value.is_infinite() => return Err(error("cannot convert float infinity to integer")),
                _ => default,
            },
        }),
        (_, Some(Number::Int(value))) => Ok(int(value)),
        (_, Some(Number::Float(value))) if value.is_finite() => Ok(int(value as i128)),
        (_, Some(Number::Float(value))) if value.is_infinite() => {
            Err(error("cannot convert float infinity to integer"))
        }
        _ => Ok(default),
    }
}

/// Python's `int(text, base)`.
fn parse_int(text: &str, base: u32) -> Option<i128> {
    let text = strings::strip(text, None, true, true);
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let prefixed = |prefix: [&str; 2]| prefix.iter().find_map(|prefix| digits.strip_prefix(prefix));
    let (digits, base) = match base {
        16 => (prefixed(["0x", "0X"]).unwrap_or(digits), 16),
        8 => (prefixed(["0o", "0O"]).unwrap_or(digits), 8),
        2 => (prefixed(["0b", "0B"]).unwrap_or(digits), 2),
        0 => [(["0x", "0X"], 16), (["0o", "0O"], 8), (["0b", "0B"], 2)]
            .into_iter()
            .find_map(|(prefix, base)| prefixed(prefix).map(|digits| (digits, base)))
            .unwrap_or((digits, 10)),
        base => (digits, base),
    };
    if digits.starts_with(['+', '-', '_']) || digits.ends_with('_') || digits.contains("__") {
        return None;
    }
    let value = i128::from_str_radix(&digits.replace('_', ""), base).ok()?;
    Some(if negative { -value } else { value })
}

/// Python's `float(text)`.
fn parse_float(text: &str) -> Option<f64> {
    let text = strings::strip(text, None, true, true);
    if text.starts_with('_') || text.ends_with('_') || text.contains("__") {
        return None;
    }
    text.replace('_', "").parse().ok()
}

/// `value is lower` and `value is upper` of printed values.
pub fn is_case(state: &State, value: &Value, method: &str) -> Result<bool> {
    let text = repr::str(state, value)?;
    let (lower, upper) = (text.chars().any(char::is_lowercase), text.chars().any(char::is_uppercase));
    Ok(if method == "lower" { lower && !upper } else { upper && !lower })
}

/// `value is divisibleby(by)` and its relatives.
pub fn remainder(state: &State, value: &Value, by: &Value) -> Result<Value> {
    ops::math(state, "%", value, by)
}
