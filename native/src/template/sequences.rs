//! Filters on sequences and dicts.

use std::cmp::Ordering;

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Environment, State, Value};

use super::args::{Args, filter};
use super::methods::tuples;
use super::ops::{self, Number, number};
use super::repr;
use super::value::{
    Dict, Generator, Result, Seq, SeqKind, charge, charge_text, error, iterate, length, list, type_name,
};

/// Adds the filters.
pub fn register(env: &mut Environment) {
    for name in ["length", "count"] {
        filter(env, name, |_, args| {
            let [value] = args.bind("length", ["s"])?;
            length(&value.unwrap_or_default()).map(Value::from)
        });
    }
    filter(env, "list", |state, args| {
        let [value] = args.bind("list", ["value"])?;
        list(iterate(state, &value.unwrap_or_default())?)
    });
    filter(env, "first", first);
    filter(env, "last", |state, args| {
        let [value] = args.bind("last", ["seq"])?;
        let value = value.unwrap_or_default();
        if value.downcast_object_ref::<Generator>().is_some() {
            return Err(error("'generator' object is not reversible"));
        }
        Ok(iterate(state, &value)?.pop().unwrap_or_default())
    });
    filter(env, "reverse", |state, args| {
        let [value] = args.bind("reverse", ["value"])?;
        let value = value.unwrap_or_default();
        if let Some(text) = value.as_str() {
            return Ok(Value::from(text.chars().rev().collect::<String>()));
        }
        let mut items = iterate(state, &value)?;
        items.reverse();
        Generator::value(items)
    });
    filter(env, "join", join);
    filter(env, "sort", sort);
    filter(env, "dictsort", dictsort);
    filter(env, "items", |_, args| {
        let [value] = args.bind("items", ["value"])?;
        let value = value.unwrap_or_default();
        match value.downcast_object_ref::<Dict>() {
            Some(dict) => Generator::value(tuples(dict)?),
            None if value.is_undefined() => Generator::value(Vec::new()),
            None => Err(error("Can only get item pairs from a mapping.")),
        }
    });
    filter(env, "min", |state, args| extreme(state, args, Ordering::Less));
    filter(env, "max", |state, args| extreme(state, args, Ordering::Greater));
    filter(env, "sum", sum);
    filter(env, "unique", unique);
    filter(env, "groupby", groupby);
    filter(env, "batch", batch);
    filter(env, "slice", slice);
    filter(env, "map", map);
    filter(env, "select", |state, args| select(state, args, false, true));
    filter(env, "reject", |state, args| select(state, args, false, false));
    filter(env, "selectattr", |state, args| select(state, args, true, true));
    filter(env, "rejectattr", |state, args| select(state, args, true, false));
}

fn first(state: &mut State, args: Args) -> Result<Value> {
    let [value] = args.bind("first", ["seq"])?;
    let value = value.unwrap_or_default();
    if let Some(generator) = value.downcast_object_ref::<Generator>() {
        return Ok(generator.next().unwrap_or_default());
    }
    if let Some(text) = value.as_str() {
        return Ok(text.chars().next().map(Value::from).unwrap_or_default());
    }
    Ok(iterate(state, &value)?.into_iter().next().unwrap_or_default())
}

/// Looks an attribute up as Jinja2's filters do: by item, along a path with dots.
fn attribute(value: &Value, path: &Value, default: Option<&Value>) -> Result<Value> {
    if path.is_integer() || path.kind() == ValueKind::Number {
        return step(value, path, default);
    }
    let path = path.as_str().ok_or_else(|| error("an attribute must be a str or an int"))?;
    let mut value = value.clone();
    for part in path.split('.') {
        let key = part.parse::<i64>().ok().filter(|_| part.bytes().all(|b| b.is_ascii_digit()));
        value = step(&value, &key.map_or_else(|| Value::from(part), Value::from), default)?;
    }
    Ok(value)
}

fn step(value: &Value, key: &Value, default: Option<&Value>) -> Result<Value> {
    let found = value.get_item(key)?;
    Ok(if found.is_undefined() { default.cloned().unwrap_or(found) } else { found })
}

/// The attribute of a value, or the value itself; lower case where case is to be ignored.
fn key_of(value: &Value, path: Option<&Value>, ignore_case: bool) -> Result<Value> {
    let key = match path.filter(|path| !path.is_none()) {
        Some(path) => attribute(value, path, None)?,
        None => value.clone(),
    };
    Ok(match key.as_str() {
        Some(text) if ignore_case => Value::from(text.to_lowercase()),
        _ => key,
    })
}

fn truthy(value: Option<&Value>) -> bool {
    value.is_some_and(Value::is_true)
}

/// Sorts by keys, stably, with Python's errors for keys that have no order.
fn sorted(state: &State, mut items: Vec<(Value, Value)>, reverse: bool) -> Result<Vec<Value>> {
    let mut failure = None;
    let mut compares = 0u64;
    if reverse {
        // Python keeps equal items in their order even when it sorts backwards.
        items.reverse();
    }
    let mut less = |a: &Value, b: &Value| match ops::order(state, a, b) {
        Ok(Ok(order)) => order.unwrap_or(Ordering::Equal),
        Ok(Err((a, b))) => {
            let message = format!("'<' not supported between instances of '{}' and '{}'", type_name(&a), type_name(&b));
            failure.get_or_insert(error(message));
            Ordering::Equal
        }
        Err(err) => {
            failure.get_or_insert(err);
            Ordering::Equal
        }
    };
    items.sort_by(|(a, _), (b, _)| {
        compares += 1;
        less(a, b)
    });
    if let Some(failure) = failure {
        return Err(failure);
    }
    state.consume_fuel(compares)?;
    if reverse {
        items.reverse();
    }
    Ok(items.into_iter().map(|(_, value)| value).collect())
}

fn sort(state: &mut State, args: Args) -> Result<Value> {
    let [value, reverse, case_sensitive, path] =
        args.bind("sort", ["value", "reverse", "case_sensitive", "attribute"])?;
    // Several attributes may be named, with commas between them; Python compares lists of them, which
    // is why values without an order may be sorted while they are equal.
    let paths: Vec<Option<Value>> = match path.as_ref().and_then(Value::as_str) {
        Some(text) => text.split(',').map(|path| Some(Value::from(path))).collect(),
        None => vec![path],
    };
    let ignore_case = !truthy(case_sensitive.as_ref());
    let mut keyed = Vec::new();
    for item in iterate(state, &value.unwrap_or_default())? {
        let keys = paths.iter().map(|path| key_of(&item, path.as_ref(), ignore_case)).collect::<Result<_>>()?;
        keyed.push((list(keys)?, item));
    }
    list(sorted(state, keyed, truthy(reverse.as_ref()))?)
}

fn dictsort(state: &mut State, args: Args) -> Result<Value> {
    let [value, case_sensitive, by, reverse] = args.bind("dictsort", ["value", "case_sensitive", "by", "reverse"])?;
    let value = value.unwrap_or_default();
    let dict = value.downcast_object_ref::<Dict>();
    let dict = dict.ok_or_else(|| error(format!("'{}' object has no attribute 'items'", type_name(&value))))?;
    let by = match by.as_ref().map(Value::as_str) {
        None | Some(Some("key")) => 0,
        Some(Some("value")) => 1,
        _ => return Err(error("You can only sort by either \"key\" or \"value\"")),
    };
    let mut keyed = Vec::new();
    for pair in tuples(dict)? {
        let key = key_of(&pair, Some(&Value::from(by)), !truthy(case_sensitive.as_ref()))?;
        keyed.push((key, pair));
    }
    list(sorted(state, keyed, truthy(reverse.as_ref()))?)
}

fn extreme(state: &mut State, args: Args, wanted: Ordering) -> Result<Value> {
    let [value, case_sensitive, path] = args.bind("min", ["value", "case_sensitive", "attribute"])?;
    let mut best: Option<(Value, Value)> = None;
    for item in iterate(state, &value.unwrap_or_default())? {
        let key = key_of(&item, path.as_ref(), !truthy(case_sensitive.as_ref()))?;
        let better = match &best {
            None => true,
            Some((other, _)) if wanted == Ordering::Less => ops::compare(state, "<", &key, other)?,
            Some((other, _)) => ops::compare(state, ">", &key, other)?,
        };
        if better {
            best = Some((key, item));
        }
    }
    Ok(best.map(|(_, item)| item).unwrap_or_default())
}

fn sum(state: &mut State, args: Args) -> Result<Value> {
    let [value, path, start] = args.bind("sum", ["iterable", "attribute", "start"])?;
    let mut total = start.unwrap_or(Value::from(0));
    if total.as_str().is_some() {
        return Err(error("sum() can't sum strings"));
    }
    for item in iterate(state, &value.unwrap_or_default())? {
        total = ops::math(state, "+", &total, &key_of(&item, path.as_ref(), false)?)?;
    }
    Ok(total)
}

fn unique(state: &mut State, args: Args) -> Result<Value> {
    let [value, case_sensitive, path] = args.bind("unique", ["value", "case_sensitive", "attribute"])?;
    let mut seen = indexmap::IndexSet::new();
    let mut out = Vec::new();
    for item in iterate(state, &value.unwrap_or_default())? {
        let key = key_of(&item, path.as_ref(), !truthy(case_sensitive.as_ref()))?;
        super::value::hashable(&key)?;
        if seen.insert(key) {
            out.push(item);
        }
    }
    Generator::value(out)
}

fn groupby(state: &mut State, args: Args) -> Result<Value> {
    let [value, path, default, case_sensitive] =
        args.bind("groupby", ["value", "attribute", "default", "case_sensitive"])?;
    let path = path.ok_or_else(|| error("groupby needs an attribute"))?;
    let ignore_case = !truthy(case_sensitive.as_ref());
    let key = |item: &Value, ignore_case: bool| {
        let key = attribute(item, &path, default.as_ref())?;
        key_of(&key, None, ignore_case)
    };
    let mut keyed = Vec::new();
    for item in iterate(state, &value.unwrap_or_default())? {
        keyed.push((key(&item, ignore_case)?, item));
    }
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    for item in sorted(state, keyed, false)? {
        let folded = key(&item, ignore_case)?;
        match groups.last_mut() {
            Some((last, items)) if ops::equal(state, last, &folded)? => items.push(item),
            _ => groups.push((folded, vec![item])),
        }
    }
    let mut out = Vec::with_capacity(groups.len());
    for (folded, items) in groups {
        // The grouper is the first item's own key, not the folded one.
        let grouper = match items.first() {
            Some(first) if ignore_case => key(first, false)?,
            _ => folded,
        };
        out.push(Seq::value(SeqKind::Group, vec![grouper, list(items)?])?);
    }
    list(out)
}

/// The argument as a count of at least one.
fn count_of(value: Option<Value>, callee: &str) -> Result<usize> {
    match value.as_ref().and_then(number) {
        Some(Number::Int(count)) if count > 0 => usize::try_from(count).map_err(|_| error("a number is too large")),
        _ => Err(error(format!("{callee} needs a positive number"))),
    }
}

fn batch(state: &mut State, args: Args) -> Result<Value> {
    let [value, count, fill] = args.bind("batch", ["value", "linecount", "fill_with"])?;
    let count = count_of(count, "batch")?;
    let mut out = Vec::new();
    for chunk in iterate(state, &value.unwrap_or_default())?.chunks(count) {
        let mut items = chunk.to_vec();
        if let Some(fill) = fill.as_ref().filter(|fill| !fill.is_none()) {
            charge(state, count - items.len())?;
            items.resize(count, fill.clone());
        }
        out.push(list(items)?);
    }
    Generator::value(out)
}

fn slice(state: &mut State, args: Args) -> Result<Value> {
    let [value, count, fill] = args.bind("slice", ["value", "slices", "fill_with"])?;
    let count = count_of(count, "slice")?;
    let items = iterate(state, &value.unwrap_or_default())?;
    charge(state, count)?;
    let (each, extra) = (items.len() / count, items.len() % count);
    let mut out = Vec::new();
    let mut at = 0;
    for index in 0..count {
        let end = at + each + usize::from(index < extra);
        let mut part = items[at..end].to_vec();
        at = end;
        if let Some(fill) = fill.as_ref().filter(|fill| !fill.is_none() && index >= extra && extra > 0) {
            part.push(fill.clone());
        }
        out.push(list(part)?);
    }
    Generator::value(out)
}

fn join(state: &mut State, args: Args) -> Result<Value> {
    let [value, separator, path] = args.bind("join", ["value", "d", "attribute"])?;
    let separator = match &separator {
        Some(separator) => repr::str(state, separator)?,
        None => String::new(),
    };
    let mut out = String::new();
    for (index, item) in iterate(state, &value.unwrap_or_default())?.iter().enumerate() {
        if index > 0 {
            out.push_str(&separator);
        }
        let text = repr::str(state, &key_of(item, path.as_ref(), false)?)?;
        charge_text(state, separator.len() + text.len())?;
        out.push_str(&text);
    }
    Ok(Value::from(out))
}

/// The arguments for another filter or test: a value, then what `args` has left.
fn forwarded(value: Value, args: &Args, skip: usize) -> Vec<Value> {
    let mut all = vec![value];
    all.extend(args.positional.iter().skip(skip).cloned());
    if !args.named.is_empty() {
        all.push(args.named.iter().cloned().collect::<Kwargs>().into());
    }
    all
}

/// The items of a value for `map` and `select`, which take anything false for empty.
fn lazily(state: &State, value: &Value) -> Result<Vec<Value>> {
    if value.is_true() { iterate(state, value) } else { Ok(Vec::new()) }
}

fn map(state: &mut State, mut args: Args) -> Result<Value> {
    let value = args.positional.first().cloned().unwrap_or_default();
    let mut out = Vec::new();
    if args.positional.len() == 1 {
        let named = std::mem::take(&mut args.named);
        let [path, default] = Args { positional: Vec::new(), named }.bind("map", ["attribute", "default"])?;
        let path = path.ok_or_else(|| error("map requires a filter argument"))?;
        for item in lazily(state, &value)? {
            out.push(attribute(&item, &path, default.as_ref())?);
        }
    } else {
        let name = args.positional[1].as_str().ok_or_else(|| error("map requires the name of a filter"))?.to_string();
        for item in lazily(state, &value)? {
            out.push(state.apply_filter(&name, &forwarded(item, &args, 2))?);
        }
    }
    Generator::value(out)
}

fn select(state: &mut State, args: Args, by_attribute: bool, keep: bool) -> Result<Value> {
    let value = args.positional.first().cloned().unwrap_or_default();
    let skip = if by_attribute { 2 } else { 1 };
    let path = if by_attribute {
        Some(args.positional.get(1).ok_or_else(|| error("selectattr needs an attribute"))?)
    } else {
        None
    };
    let test = match args.positional.get(skip) {
        Some(test) => Some(test.as_str().ok_or_else(|| error("a test must be named by a str"))?.to_string()),
        None => None,
    };
    let mut out = Vec::new();
    for item in lazily(state, &value)? {
        let key = key_of(&item, path, false)?;
        let passes = match &test {
            Some(test) => state.perform_test(test, &forwarded(key, &args, skip + 1))?,
            None => key.is_true(),
        };
        if passes == keep {
            out.push(item);
        }
    }
    Generator::value(out)
}
