//! Methods of Python's lists, tuples and dicts that the sandbox allows; those of strings are in
//! [`super::strings`].

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use super::args::Args;
use super::ops;
use super::strings;
use super::value::{Dict, Result, Seq, SeqKind, View, error, list, type_name};

/// Attributes that are methods, so that `x.items` is one even where x has such a key.
pub const LIST: &[&str] =
    &["append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort"];
pub const DICT: &[&str] =
    &["clear", "copy", "fromkeys", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values"];

/// A method taken from its object without being called.
#[derive(Debug)]
pub struct Bound {
    object: Value,
    name: &'static str,
}

/// The method `name` of `object`, if it is one of `names`.
pub fn bound(object: Value, name: &str, names: &'static [&'static str]) -> Option<Value> {
    let name = names.iter().find(|known| **known == name)?;
    Some(Value::from_object(Bound { object, name }))
}

impl Object for Bound {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value> {
        self.object.call_method(state, self.name, args)
    }
}

/// Methods of values that are none of ours: strings.
///
/// # Errors
/// Fails on unknown methods and on what the method itself refuses.
pub fn other(state: &mut State, value: &Value, method: &str, args: &[Value]) -> Result<Value> {
    match value.as_str() {
        Some(text) => strings::method(state, text, method, args),
        None => Err(Error::from(ErrorKind::UnknownMethod)),
    }
}

fn refused(value: &str, method: &str) -> Error {
    error(format!("access to attribute '{method}' of '{value}' object is unsafe"))
}

/// Methods of lists and tuples.
///
/// # Errors
/// As [`other`]; methods that would change the list are refused.
pub fn seq(state: &mut State, seq: &Arc<Seq>, method: &str, args: &[Value]) -> Result<Value> {
    let args = Args::new(args.iter().cloned());
    match method {
        "count" => {
            let [item] = args.bind("count", ["value"])?;
            let mut count = 0;
            for other in &seq.items {
                count += usize::from(ops::equal(state, other, item.as_ref().unwrap_or(&Value::UNDEFINED))?);
            }
            Ok(Value::from(count))
        }
        "index" => {
            let [item, start, stop] = args.bind("index", ["value", "start", "stop"])?;
            let item = item.unwrap_or_default();
            let start = start.and_then(|start| start.as_usize()).unwrap_or(0);
            let stop = stop.and_then(|stop| stop.as_usize()).unwrap_or(usize::MAX);
            for (at, other) in seq.items.iter().enumerate().take(stop).skip(start) {
                if ops::equal(state, other, &item)? {
                    return Ok(Value::from(at));
                }
            }
            Err(error("the value is not in the list"))
        }
        "copy" if seq.kind == SeqKind::List => {
            let [] = args.bind("copy", [])?;
            list(seq.items.clone())
        }
        _ if !seq.is_tuple() && LIST.contains(&method) => Err(refused("list", method)),
        _ => Err(Error::from(ErrorKind::UnknownMethod)),
    }
}

/// Methods of dicts.
///
/// # Errors
/// As [`other`]; methods that would change the dict are refused.
pub fn dict(_state: &mut State, dict: &Arc<Dict>, method: &str, args: &[Value]) -> Result<Value> {
    let args = Args::new(args.iter().cloned());
    match method {
        "get" => {
            let [key, default] = args.bind("get", ["key", "default"])?;
            let key = key.ok_or_else(|| error("get expected at least 1 argument, got 0"))?;
            super::value::hashable(&key)?;
            let found = dict.items.get(&key).cloned();
            Ok(found.or(default).unwrap_or(Value::from(())))
        }
        "keys" => {
            let [] = args.bind("keys", [])?;
            View::value("dict_keys", dict.items.keys().cloned().collect())
        }
        "values" => {
            let [] = args.bind("values", [])?;
            View::value("dict_values", dict.items.values().cloned().collect())
        }
        "items" => {
            let [] = args.bind("items", [])?;
            View::value("dict_items", tuples(dict)?)
        }
        "copy" => {
            let [] = args.bind("copy", [])?;
            Dict::value(dict.items.clone())
        }
        _ if DICT.contains(&method) => Err(refused("dict", method)),
        _ => match dict.items.get(&Value::from(method)) {
            Some(value) if value.as_object().is_none() => {
                Err(error(format!("'{}' object is not callable", type_name(value))))
            }
            Some(_) => Err(Error::from(ErrorKind::UnknownMethod)),
            None => Err(error(format!("'dict object' has no attribute '{method}'"))),
        },
    }
}

/// The items of a dict as tuples.
///
/// # Errors
/// Fails where the values nest too deeply.
pub fn tuples(dict: &Dict) -> Result<Vec<Value>> {
    dict.items.iter().map(|(key, value)| Seq::value(SeqKind::Tuple, vec![key.clone(), value.clone()])).collect()
}
