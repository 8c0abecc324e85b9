//! The operators, with Python's meaning. The translated template calls them by name.

use std::cmp::Ordering;

use indexmap::IndexMap;
use minijinja::value::ValueKind;
use minijinja::{Environment, State, Value};

use super::args::{Args, function};
use super::printf;
use super::repr;
use super::value::{
    Dict, Generator, Result, Seq, SeqKind, View, charge, charge_text, check_store, error, iterate, list, type_name,
};

/// Adds the functions that [`super::translate`] writes.
pub fn register(env: &mut Environment) {
    function(env, "_jinja_math", |state, args| {
        let mut terms = args.positional.into_iter();
        let mut value = terms.next().unwrap_or_default();
        while let (Some(op), Some(term)) = (terms.next(), terms.next()) {
            value = math(state, op.as_str().unwrap_or_default(), &value, &term)?;
        }
        Ok(value)
    });
    function(env, "_jinja_compare", |state, args| {
        let mut terms = args.positional.into_iter();
        let mut left = terms.next().unwrap_or_default();
        while let (Some(op), Some(right)) = (terms.next(), terms.next()) {
            if !compare(state, op.as_str().unwrap_or_default(), &left, &right)? {
                return Ok(Value::from(false));
            }
            left = right;
        }
        Ok(Value::from(true))
    });
    function(env, "_jinja_concat", |state, args| {
        let mut out = String::new();
        for part in &args.positional {
            out.push_str(&repr::str(state, part)?);
        }
        Ok(Value::from(out))
    });
    function(env, "_jinja_minus", |_, args| negate(&args.positional[0]));
    function(env, "_jinja_plus", |_, args| match number(&args.positional[0]) {
        Some(value) => Ok(value.into()),
        None => Err(bad_operand("unary +", &args.positional[0])),
    });
    function(env, "_jinja_list", |state, args| list(literal(state, &args)?));
    function(env, "_jinja_tuple", |state, args| Seq::value(SeqKind::Tuple, literal(state, &args)?));
    function(env, "_jinja_dict", |state, args| {
        let mut items = literal(state, &args)?.into_iter();
        let mut dict = IndexMap::new();
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            super::value::hashable(&key)?;
            dict.insert(key, value);
        }
        Dict::value(dict)
    });
    function(env, "_jinja_slice", |state, args| match &args.positional[..] {
        [value, start, stop] => slice(state, value, start, stop, &Value::from(())),
        [value, start, stop, step] => slice(state, value, start, stop, step),
        _ => Err(error("a slice has too many parts")),
    });
    function(env, "_jinja_iter", |state, args| list(iterate(state, &args.positional[0])?));
    function(env, "_jinja_rows", |state, args| {
        let mut rows = iterate(state, &args.positional[0])?;
        for row in rows.iter_mut().filter(|row| row.downcast_object_ref::<Seq>().is_none()) {
            *row = list(iterate(state, row)?)?;
        }
        list(rows)
    });
    function(env, "_jinja_store", |state, args| {
        check_store(state, &args.positional[0], &args.positional[1])?;
        Ok(args.positional[1].clone())
    });
}

/// The items of a literal, which arrive as minijinja's own list.
fn literal(state: &State, args: &Args) -> Result<Vec<Value>> {
    let items: Vec<Value> = args.positional[0].try_iter()?.collect();
    charge(state, items.len())?;
    Ok(items)
}

/// A number; booleans are numbers.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    Int(i128),
    Float(f64),
}

impl Number {
    /// The nearest float.
    pub fn float(self) -> f64 {
        match self {
            Number::Int(value) => value as f64,
            Number::Float(value) => value,
        }
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Value {
        match number {
            Number::Int(value) => int(value),
            Number::Float(value) => Value::from(value),
        }
    }
}

/// An integer as a value.
pub fn int(value: i128) -> Value {
    i64::try_from(value).map_or_else(|_| Value::from(value), Value::from)
}

/// The number a value is, if it is one.
pub fn number(value: &Value) -> Option<Number> {
    match value.kind() {
        ValueKind::Bool => Some(Number::Int(value.is_true().into())),
        ValueKind::Number if value.is_integer() => i128::try_from(value.clone()).ok().map(Number::Int),
        ValueKind::Number => f64::try_from(value.clone()).ok().map(Number::Float),
        _ => None,
    }
}

fn bad_operand(op: &str, value: &Value) -> minijinja::Error {
    error(format!("bad operand type for {op}: '{}'", type_name(value)))
}

fn unsupported(op: &str, a: &Value, b: &Value) -> minijinja::Error {
    error(format!("unsupported operand type(s) for {op}: '{}' and '{}'", type_name(a), type_name(b)))
}

/// `-value`
pub fn negate(value: &Value) -> Result<Value> {
    match number(value) {
        Some(Number::Int(value)) => Ok(int(value.checked_neg().ok_or_else(too_large)?)),
        Some(Number::Float(value)) => Ok(Value::from(-value)),
        None => Err(bad_operand("unary -", value)),
    }
}

fn too_large() -> minijinja::Error {
    error("a number is too large")
}

/// `a op b` for the arithmetic operators.
pub fn math(state: &State, op: &str, a: &Value, b: &Value) -> Result<Value> {
    if let (Some(x), Some(y)) = (number(a), number(b)) {
        return arithmetic(op, x, y);
    }
    match op {
        "+" => add(state, a, b),
        "*" => repeat(state, a, b),
        "%" if a.as_str().is_some() => {
            let text = printf::format(state, a.as_str().unwrap_or_default(), b)?;
            Ok(Value::from(text))
        }
        _ => Err(unsupported(op, a, b)),
    }
}

fn arithmetic(op: &str, x: Number, y: Number) -> Result<Value> {
    if let (Number::Int(x), Number::Int(y)) = (x, y) {
        let checked = match op {
            "+" => x.checked_add(y),
            "-" => x.checked_sub(y),
            "*" => x.checked_mul(y),
            "**" if y >= 0 => x.checked_pow(u32::try_from(y).map_err(|_| too_large())?),
            "//" | "%" if y == 0 => return Err(error("integer division or modulo by zero")),
            "//" => x.checked_div_euclid(y).map(|q| if y < 0 && x.rem_euclid(y) != 0 { q - 1 } else { q }),
            "%" => x.checked_rem_euclid(y).map(|r| if y < 0 && r != 0 { r + y } else { r }),
            _ => return float_arithmetic(op, x as f64, y as f64),
        };
        return checked.map(int).ok_or_else(too_large);
    }
    float_arithmetic(op, x.float(), y.float())
}

fn float_arithmetic(op: &str, x: f64, y: f64) -> Result<Value> {
    if matches!(op, "/" | "//" | "%") && y == 0.0 || op == "**" && x == 0.0 && y < 0.0 {
        return Err(error("division by zero"));
    }
    // Python's float remainder has the sign of the divisor.
    let remainder = || {
        let r = x % y;
        if r != 0.0 && (r < 0.0) != (y < 0.0) {
            r + y
        } else if r == 0.0 {
            0.0f64.copysign(y)
        } else {
            r
        }
    };
    Ok(Value::from(match op {
        "+" => x + y,
        "-" => x - y,
        "*" => x * y,
        "/" => x / y,
        "**" => x.powf(y),
        "%" => remainder(),
        _ => ((x - remainder()) / y).round(),
    }))
}

fn add(state: &State, a: &Value, b: &Value) -> Result<Value> {
    if let (Some(x), Some(y)) = (a.as_str(), b.as_str()) {
        return Ok(Value::from([x, y].concat()));
    }
    match (a.downcast_object_ref::<Seq>(), b.downcast_object_ref::<Seq>()) {
        (Some(x), Some(y)) if x.is_tuple() == y.is_tuple() && !is_range(x) && !is_range(y) => {
            charge(state, x.items.len() + y.items.len())?;
            let kind = if x.is_tuple() { SeqKind::Tuple } else { SeqKind::List };
            Seq::value(kind, x.items.iter().chain(&y.items).cloned().collect())
        }
        _ => Err(unsupported("+", a, b)),
    }
}

fn is_range(seq: &Seq) -> bool {
    matches!(seq.kind, SeqKind::Range(..))
}

fn repeat(state: &State, a: &Value, b: &Value) -> Result<Value> {
    let (value, times) = match (number(a), number(b)) {
        (_, Some(Number::Int(times))) => (a, times),
        (Some(Number::Int(times)), _) => (b, times),
        _ => return Err(unsupported("*", a, b)),
    };
    let times = usize::try_from(times.max(0)).map_err(|_| too_large())?;
    if let Some(text) = value.as_str() {
        charge_text(state, text.len().saturating_mul(times))?;
        return Ok(Value::from(text.repeat(times)));
    }
    match value.downcast_object_ref::<Seq>() {
        Some(seq) if !is_range(seq) => {
            charge(state, seq.items.len().saturating_mul(times))?;
            let kind = if seq.is_tuple() { SeqKind::Tuple } else { SeqKind::List };
            let count = seq.items.len().saturating_mul(times);
            Seq::value(kind, seq.items.iter().cycle().take(count).cloned().collect())
        }
        _ => Err(unsupported("*", a, b)),
    }
}

/// `a op b` for the comparisons.
pub fn compare(state: &State, op: &str, a: &Value, b: &Value) -> Result<bool> {
    match op {
        "==" => equal(state, a, b),
        "!=" => Ok(!equal(state, a, b)?),
        "in" => contains(state, b, a),
        "not in" => Ok(!contains(state, b, a)?),
        _ => {
            let order = order(state, a, b)?.map_err(|(a, b)| {
                error(format!("'{op}' not supported between instances of '{}' and '{}'", type_name(&a), type_name(&b)))
            })?;
            Ok(match op {
                "<" => order == Some(Ordering::Less),
                "<=" => matches!(order, Some(Ordering::Less | Ordering::Equal)),
                ">" => order == Some(Ordering::Greater),
                _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
            })
        }
    }
}

/// `a == b`
pub fn equal(state: &State, a: &Value, b: &Value) -> Result<bool> {
    if let (Some(x), Some(y)) = (a.as_str(), b.as_str()) {
        return Ok(x == y);
    }
    match (number(a), number(b)) {
        (Some(Number::Int(x)), Some(Number::Int(y))) => return Ok(x == y),
        (Some(x), Some(y)) => return Ok(x.float() == y.float()),
        _ => {}
    }
    if let (Some(x), Some(y)) = (a.downcast_object_ref::<Seq>(), b.downcast_object_ref::<Seq>()) {
        if x.is_tuple() != y.is_tuple() || is_range(x) != is_range(y) || x.items.len() != y.items.len() {
            return Ok(false);
        }
        charge(state, x.items.len() + 4)?;
        for (x, y) in x.items.iter().zip(&y.items) {
            if !equal(state, x, y)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    if let (Some(x), Some(y)) = (a.downcast_object_ref::<Dict>(), b.downcast_object_ref::<Dict>()) {
        if x.items.len() != y.items.len() {
            return Ok(false);
        }
        charge(state, x.items.len() + 4)?;
        for (key, value) in &x.items {
            match y.items.get(key) {
                Some(other) if equal(state, value, other)? => {}
                _ => return Ok(false),
            }
        }
        return Ok(true);
    }
    Ok(a.kind() == b.kind() && matches!(a.kind(), ValueKind::None | ValueKind::Undefined))
}

/// The order of two values, nothing for NaN, or the two that have none.
#[allow(clippy::type_complexity)]
pub fn order(state: &State, a: &Value, b: &Value) -> Result<std::result::Result<Option<Ordering>, (Value, Value)>> {
    if let (Some(x), Some(y)) = (a.as_str(), b.as_str()) {
        return Ok(Ok(Some(x.cmp(y))));
    }
    match (number(a), number(b)) {
        (Some(Number::Int(x)), Some(Number::Int(y))) => return Ok(Ok(Some(x.cmp(&y)))),
        (Some(x), Some(y)) => return Ok(Ok(x.float().partial_cmp(&y.float()))),
        _ => {}
    }
    if let (Some(x), Some(y)) = (a.downcast_object_ref::<Seq>(), b.downcast_object_ref::<Seq>()) {
        if x.is_tuple() == y.is_tuple() && !is_range(x) && !is_range(y) {
            charge(state, x.items.len() + 4)?;
            for (x, y) in x.items.iter().zip(&y.items) {
                if !equal(state, x, y)? {
                    return order(state, x, y);
                }
            }
            return Ok(Ok(Some(x.items.len().cmp(&y.items.len()))));
        }
    }
    Ok(Err((a.clone(), b.clone())))
}

/// `item in container`
pub fn contains(state: &State, container: &Value, item: &Value) -> Result<bool> {
    if let Some(text) = container.as_str() {
        charge_text(state, text.len())?;
        let item = item
            .as_str()
            .ok_or_else(|| error(format!("'in <string>' requires string as left operand, not {}", type_name(item))))?;
        return Ok(text.contains(item));
    }
    if let Some(dict) = container.downcast_object_ref::<Dict>() {
        super::value::hashable(item)?;
        return Ok(dict.items.contains_key(item));
    }
    if let Some(generator) = container.downcast_object_ref::<Generator>() {
        while let Some(next) = generator.next() {
            if equal(state, &next, item)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    let items = match (container.downcast_object_ref::<Seq>(), container.downcast_object_ref::<View>()) {
        (Some(seq), _) => &seq.items,
        (_, Some(view)) => &view.items,
        _ if container.is_undefined() => return Ok(false),
        _ => return Err(error(format!("argument of type '{}' is not iterable", type_name(container)))),
    };
    charge(state, items.len())?;
    for next in items {
        if equal(state, next, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `value[start:stop:step]`
pub fn slice(state: &State, value: &Value, start: &Value, stop: &Value, step: &Value) -> Result<Value> {
    let bound = |value: &Value| match number(value) {
        Some(Number::Int(bound)) => Ok(Some(bound.clamp(i64::MIN.into(), i64::MAX.into()) as i64)),
        None if value.is_none() => Ok(None),
        _ => Err(error("slice indices must be integers or None")),
    };
    let (start, stop, step) = (bound(start)?, bound(stop)?, bound(step)?.unwrap_or(1));
    if step == 0 {
        return Err(error("slice step cannot be zero"));
    }
    if let Some(text) = value.as_str() {
        charge(state, text.len())?;
        let chars: Vec<char> = text.chars().collect();
        let picked: String = indices(chars.len(), start, stop, step).map(|at| chars[at]).collect();
        return Ok(Value::from(picked));
    }
    let Some(seq) = value.downcast_object_ref::<Seq>() else {
        return Err(error(format!("'{}' object is not subscriptable", type_name(value))));
    };
    charge(state, seq.items.len())?;
    let kind = match seq.kind {
        SeqKind::Range(first, _, by) => {
            let (start, stop) = bounds(seq.items.len(), start, stop, step);
            SeqKind::Range(first + start * by, first + stop * by, step.saturating_mul(by))
        }
        _ if seq.is_tuple() => SeqKind::Tuple,
        _ => SeqKind::List,
    };
    Seq::value(kind, indices(seq.items.len(), start, stop, step).map(|at| seq.items[at].clone()).collect())
}

/// Where a slice of a sequence of `len` items starts and stops.
fn bounds(len: usize, start: Option<i64>, stop: Option<i64>, step: i64) -> (i64, i64) {
    let len = len as i64;
    let (low, high) = if step > 0 { (0, len) } else { (-1, len - 1) };
    let clamp = |bound: i64| (if bound < 0 { bound.saturating_add(len) } else { bound }).clamp(low, high);
    let start = start.map_or(if step > 0 { low } else { high }, clamp);
    let stop = stop.map_or(if step > 0 { high } else { low }, clamp);
    (start, stop)
}

/// The indices that a slice of a sequence of `len` items picks.
fn indices(len: usize, start: Option<i64>, stop: Option<i64>, step: i64) -> impl Iterator<Item = usize> {
    let (start, stop) = bounds(len, start, stop, step);
    let mut at = start;
    std::iter::from_fn(move || {
        let more = if step > 0 { at < stop } else { at > stop };
        let index = at as usize;
        at = at.saturating_add(step);
        more.then_some(index)
    })
}
