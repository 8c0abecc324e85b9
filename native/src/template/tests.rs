//! The tests that follow `is`, and the global functions.

use indexmap::IndexMap;
use minijinja::value::{Enumerator, Object, ObjectRepr, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, Value};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::args::{function, test};
use super::ops::{self, Number, number};
use super::texts::{is_case, remainder};
use super::value::{
    Dict, Generator, Result, Seq, SeqKind, View, charge, error, is_macro, is_namespace, iterate, namespace, pairs,
};

/// Adds the tests.
pub fn register(env: &mut Environment) {
    test(env, "defined", |_, args| Ok(!arg(args, 0).is_undefined()));
    test(env, "undefined", |_, args| Ok(arg(args, 0).is_undefined()));
    test(env, "none", |_, args| Ok(arg(args, 0).is_none()));
    test(env, "boolean", |_, args| Ok(arg(args, 0).kind() == ValueKind::Bool));
    test(env, "true", |_, args| Ok(arg(args, 0).kind() == ValueKind::Bool && arg(args, 0).is_true()));
    test(env, "false", |_, args| Ok(arg(args, 0).kind() == ValueKind::Bool && !arg(args, 0).is_true()));
    test(env, "string", |_, args| Ok(arg(args, 0).as_str().is_some()));
    test(env, "number", |_, args| Ok(number(arg(args, 0)).is_some()));
    test(env, "integer", |_, args| Ok(arg(args, 0).kind() == ValueKind::Number && arg(args, 0).is_integer()));
    test(env, "float", |_, args| Ok(arg(args, 0).kind() == ValueKind::Number && !arg(args, 0).is_integer()));
    test(env, "mapping", |_, args| Ok(arg(args, 0).downcast_object_ref::<Dict>().is_some()));
    test(env, "sequence", |_, args| {
        let value = arg(args, 0);
        let object = value.downcast_object_ref::<Seq>().is_some() || value.downcast_object_ref::<Dict>().is_some();
        Ok(object || value.as_str().is_some() || value.is_undefined())
    });
    test(env, "iterable", |_, args| {
        let value = arg(args, 0);
        let lazy = value.downcast_object_ref::<View>().is_some() || value.downcast_object_ref::<Generator>().is_some();
        let sized = value.downcast_object_ref::<Seq>().is_some() || value.downcast_object_ref::<Dict>().is_some();
        Ok(lazy || sized || value.as_str().is_some() || value.is_undefined())
    });
    test(env, "callable", |_, args| {
        let value = arg(args, 0);
        Ok(value.is_undefined() || is_macro(value) || value.kind() == ValueKind::Plain && !is_data(value))
    });
    test(env, "sameas", |state, args| {
        let (a, b) = (arg(args, 0), arg(args, 1));
        Ok(a.kind() == b.kind()
            && a.is_integer() == b.is_integer()
            && a.as_object().is_none()
            && ops::equal(state, a, b)?)
    });
    test(env, "escaped", |_, _| Ok(false));
    test(env, "lower", |state, args| is_case(state, arg(args, 0), "lower"));
    test(env, "upper", |state, args| is_case(state, arg(args, 0), "upper"));
    test(env, "odd", |state, args| {
        ops::equal(state, &remainder(state, arg(args, 0), &Value::from(2))?, &Value::from(1))
    });
    test(env, "even", |state, args| {
        ops::equal(state, &remainder(state, arg(args, 0), &Value::from(2))?, &Value::from(0))
    });
    test(env, "divisibleby", |state, args| {
        ops::equal(state, &remainder(state, arg(args, 0), arg(args, 1))?, &Value::from(0))
    });
    test(env, "filter", |state, args| Ok(arg(args, 0).as_str().is_some_and(|name| known(state, name, true))));
    test(env, "test", |state, args| Ok(arg(args, 0).as_str().is_some_and(|name| known(state, name, false))));
    for (names, call) in [
        (&["eq", "==", "equalto"][..], (|state, args| ops::compare(state, "==", arg(args, 0), arg(args, 1))) as Call),
        (&["ne", "!="], |state, args| ops::compare(state, "!=", arg(args, 0), arg(args, 1))),
        (&["lt", "<", "lessthan"], |state, args| ops::compare(state, "<", arg(args, 0), arg(args, 1))),
        (&["le", "<="], |state, args| ops::compare(state, "<=", arg(args, 0), arg(args, 1))),
        (&["gt", ">", "greaterthan"], |state, args| ops::compare(state, ">", arg(args, 0), arg(args, 1))),
        (&["ge", ">="], |state, args| ops::compare(state, ">=", arg(args, 0), arg(args, 1))),
        (&["in"], |state, args| ops::compare(state, "in", arg(args, 0), arg(args, 1))),
    ] {
        for name in names {
            test(env, name, call);
        }
    }
}

type Call = fn(&mut State, &[Value]) -> Result<bool>;

fn arg(args: &[Value], index: usize) -> &Value {
    args.get(index).unwrap_or(&Value::UNDEFINED)
}

fn is_data(value: &Value) -> bool {
    value.downcast_object_ref::<View>().is_some()
        || value.downcast_object_ref::<Generator>().is_some()
        || is_namespace(value)
}

/// Whether there is such a filter or test: applying it to nothing fails otherwise, by its kind of error.
fn known(state: &mut State, name: &str, filter: bool) -> bool {
    if filter {
        !matches!(state.apply_filter(name, &[]), Err(err) if err.kind() == ErrorKind::UnknownFilter)
    } else {
        !matches!(state.perform_test(name, &[]), Err(err) if err.kind() == ErrorKind::UnknownTest)
    }
}

/// Adds the global functions, but for those that depend on the moment of rendering.
pub fn register_functions(env: &mut Environment) {
    function(env, "range", range);
    function(env, "dict", |state, args| {
        let mut items = IndexMap::new();
        if let Some(first) = args.positional.first() {
            items.extend(pairs_of(state, first)?);
        }
        items.extend(args.named.into_iter().map(|(name, value)| (Value::from(name), value)));
        Dict::value(items)
    });
    function(env, "namespace", |state, args| {
        let mut items = Vec::new();
        if let Some(first) = args.positional.first() {
            items = pairs_of(state, first)?;
        }
        items.extend(args.named.into_iter().map(|(name, value)| (Value::from(name), value)));
        namespace(items)
    });
    function(env, "cycler", |_, args| {
        if args.positional.is_empty() {
            return Err(error("at least one item has to be provided"));
        }
        Ok(Value::from_object(Cycler { items: args.positional, at: AtomicUsize::new(0) }))
    });
    function(env, "joiner", |_, args| {
        let [separator] = args.bind("joiner", ["sep"])?;
        let separator = separator.unwrap_or_else(|| Value::from(", "));
        Ok(Value::from_object(Joiner { separator, used: AtomicUsize::new(0) }))
    });
    function(env, "raise_exception", |state, args| {
        let [message] = args.bind("raise_exception", ["message"])?;
        let message = super::repr::str(state, &message.unwrap_or_default())?;
        Err(error("the template raised an exception").with_source(Raised(message)))
    });
}

/// What a template raised by itself.
#[derive(Debug)]
pub struct Raised(pub String);

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Raised {}

/// The pairs of a dict or of an iterable of pairs.
fn pairs_of(state: &State, value: &Value) -> Result<Vec<(Value, Value)>> {
    if let Some(pairs) = pairs(value) {
        return Ok(pairs);
    }
    let mut out = Vec::new();
    for item in iterate(state, value)? {
        let pair = iterate(state, &item)?;
        let [key, value] = &pair[..] else { return Err(error("expected pairs")) };
        super::value::hashable(key)?;
        out.push((key.clone(), value.clone()));
    }
    Ok(out)
}

/// How long a range the sandbox allows.
const MAX_RANGE: i128 = 100_000;

fn range(state: &mut State, args: super::args::Args) -> Result<Value> {
    let [start, stop, step] = args.bind("range", ["start", "stop", "step"])?;
    let whole = |value: Option<Value>, default: i128| match value.as_ref().map(number) {
        None => Ok(default),
        Some(Some(Number::Int(value))) => Ok(value),
        Some(_) => Err(error("range() arguments must be integers")),
    };
    let (start, stop) = match (start, stop) {
        (None, _) => return Err(error("range expected at least 1 argument, got 0")),
        (start, None) => (0, whole(start, 0)?),
        (start, stop) => (whole(start, 0)?, whole(stop, 0)?),
    };
    let step = whole(step, 1)?;
    if step == 0 {
        return Err(error("range() arg 3 must not be zero"));
    }
    let distance = if step > 0 { stop - start } else { start - stop };
    let count = if distance > 0 { (distance - 1) / step.abs() + 1 } else { 0 };
    if count > MAX_RANGE {
        return Err(error(format!("Range too big. The sandbox blocks ranges larger than MAX_RANGE ({MAX_RANGE}).")));
    }
    charge(state, count as usize)?;
    let small = |value: i128| i64::try_from(value).map_err(|_| error("a number is too large"));
    let kind = SeqKind::Range(small(start)?, small(stop)?, small(step)?);
    Seq::value(kind, (0..count).map(|index| ops::int(start + index * step)).collect())
}

/// Python's `cycler`.
#[derive(Debug)]
struct Cycler {
    items: Vec<Value>,
    at: AtomicUsize,
}

impl Object for Cycler {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        (key == "current").then(|| self.items[self.at.load(Ordering::Relaxed)].clone())
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, _: &[Value]) -> Result<Value> {
        let at = self.at.load(Ordering::Relaxed);
        match method {
            "next" => {
                self.at.store((at + 1) % self.items.len(), Ordering::Relaxed);
                Ok(self.items[at].clone())
            }
            "reset" => {
                self.at.store(0, Ordering::Relaxed);
                Ok(Value::from(()))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

/// Python's `joiner`.
#[derive(Debug)]
struct Joiner {
    separator: Value,
    used: AtomicUsize,
}

impl Object for Joiner {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value> {
        let first = self.used.swap(1, Ordering::Relaxed) == 0;
        Ok(if first { Value::from("") } else { self.separator.clone() })
    }
}
