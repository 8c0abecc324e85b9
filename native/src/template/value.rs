//! Python's containers as minijinja objects.
//!
//! Every container a template sees is one of these, whether it came with the data or was built by the
//! template, so printing, comparing and methods mean what they mean in Python. Containers know their
//! depth and whether a namespace hides in them: that is what keeps hostile values finite.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use indexmap::IndexMap;
use minijinja::value::{Enumerator, Object, ObjectRepr, ValueKind};
use minijinja::{Error, ErrorKind, State, Value};

use super::{methods, repr};

/// How deep containers may nest; Python's own printing gives up at about a thousand.
const MAX_DEPTH: u16 = 400;
/// How deep namespaces may hold each other.
const MAX_NAMESPACES: usize = 32;

pub type Result<T> = std::result::Result<T, Error>;

/// An error with a message.
pub fn error(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

/// An error of the limits, not of the template's logic.
pub fn limit(message: &'static str) -> Error {
    Error::new(ErrorKind::OutOfFuel, message)
}

/// Charges for visiting or making `items` items.
pub fn charge(state: &State, items: usize) -> Result<()> {
    if items < 4 { Ok(()) } else { state.consume_fuel(items as u64 / 4) }
}

/// Charges for making `bytes` bytes of text.
pub fn charge_text(state: &State, bytes: usize) -> Result<()> {
    if bytes < 64 { Ok(()) } else { state.consume_fuel(bytes as u64 / 64) }
}

/// What is known about a container without looking into it again.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    depth: u16,
    /// No namespace, nor anything unknown, is inside.
    pure: bool,
}

fn shape<'a>(items: impl Iterator<Item = &'a Value>) -> Result<Shape> {
    let mut all = Shape { depth: 0, pure: true };
    for item in items {
        if item.as_object().is_some() {
            let one = shape_of(item);
            all = Shape { depth: all.depth.max(one.depth), pure: all.pure && one.pure };
        }
    }
    if all.depth >= MAX_DEPTH {
        return Err(limit("values nest too deeply"));
    }
    Ok(Shape { depth: all.depth + 1, pure: all.pure })
}

fn shape_of(value: &Value) -> Shape {
    if let Some(seq) = value.downcast_object_ref::<Seq>() {
        seq.shape
    } else if let Some(dict) = value.downcast_object_ref::<Dict>() {
        dict.shape
    } else if let Some(view) = value.downcast_object_ref::<View>() {
        view.shape
    } else {
        Shape { depth: 1, pure: value.as_object().is_none() }
    }
}

/// Which sequence a [`Seq`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeqKind {
    List,
    Tuple,
    /// An element of `groupby`: a tuple with two named items.
    Group,
    /// What `range` yields; it remembers how it was made.
    Range(i64, i64, i64),
}

/// A list, a tuple or a range.
#[derive(Debug)]
pub struct Seq {
    pub kind: SeqKind,
    pub items: Vec<Value>,
    shape: Shape,
}

impl Seq {
    /// A sequence of `items`.
    ///
    /// # Errors
    /// Fails where the items nest too deeply.
    pub fn value(kind: SeqKind, items: Vec<Value>) -> Result<Value> {
        let shape = shape(items.iter())?;
        Ok(Value::from_object(Seq { kind, items, shape }))
    }

    /// Whether this compares as a tuple.
    pub fn is_tuple(&self) -> bool {
        matches!(self.kind, SeqKind::Tuple | SeqKind::Group)
    }
}

/// A list of `items`.
///
/// # Errors
/// As [`Seq::value`].
pub fn list(items: Vec<Value>) -> Result<Value> {
    Seq::value(SeqKind::List, items)
}

impl Object for Seq {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.items.get(key.as_usize()?).cloned()
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match (&self.kind, key) {
            (SeqKind::Group, "grouper") => self.items.first().cloned(),
            (SeqKind::Group, "list") => self.items.get(1).cloned(),
            _ => methods::bound(Value::from_dyn_object(self.clone()), key, methods::LIST),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.items.len())
    }

    fn call_method(self: &Arc<Self>, state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value> {
        methods::seq(state, self, method, args)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&repr::bounded(&Value::from_dyn_object(self.clone())))
    }
}

/// A dict; its keys keep their order.
#[derive(Debug)]
pub struct Dict {
    pub items: IndexMap<Value, Value>,
    shape: Shape,
}

impl Dict {
    /// A dict of `items`.
    ///
    /// # Errors
    /// Fails where the values nest too deeply or a key cannot be one.
    pub fn value(items: IndexMap<Value, Value>) -> Result<Value> {
        let shape = shape(items.values())?;
        for key in items.keys() {
            hashable(key)?;
        }
        Ok(Value::from_object(Dict { items, shape }))
    }
}

/// Fails unless `key` can be a key of a dict.
pub fn hashable(key: &Value) -> Result<()> {
    let fine = match key.kind() {
        ValueKind::String | ValueKind::Number | ValueKind::Bool | ValueKind::None => true,
        _ => key.downcast_object_ref::<Seq>().is_some_and(|seq| {
            seq.is_tuple() && seq.shape.depth <= 4 && seq.items.iter().all(|item| hashable(item).is_ok())
        }),
    };
    if fine { Ok(()) } else { Err(error(format!("unhashable type: '{}'", type_name(key)))) }
}

impl Object for Dict {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        hashable(key).ok()?;
        self.items.get(key).cloned()
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        methods::bound(Value::from_dyn_object(self.clone()), key, methods::DICT)
            .or_else(|| self.items.get(&Value::from(key)).cloned())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.items.keys().cloned().collect())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.items.len())
    }

    fn call_method(self: &Arc<Self>, state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value> {
        methods::dict(state, self, method, args)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&repr::bounded(&Value::from_dyn_object(self.clone())))
    }
}

/// What `keys()`, `values()` and `items()` of a dict return: iterable and sized, but no sequence.
#[derive(Debug)]
pub struct View {
    pub name: &'static str,
    pub items: Vec<Value>,
    shape: Shape,
}

impl View {
    /// A view named as Python names its type.
    ///
    /// # Errors
    /// Fails where the items nest too deeply.
    pub fn value(name: &'static str, items: Vec<Value>) -> Result<Value> {
        let shape = shape(items.iter())?;
        Ok(Value::from_object(View { name, items, shape }))
    }
}

impl Object for View {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.items.clone())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&repr::bounded(&Value::from_dyn_object(self.clone())))
    }
}

/// A generator: iterable once, without a length.
#[derive(Debug)]
pub struct Generator {
    items: Mutex<VecDeque<Value>>,
}

impl Generator {
    /// A generator of `items`.
    ///
    /// # Errors
    /// Fails where the items nest too deeply.
    pub fn value(items: Vec<Value>) -> Result<Value> {
        shape(items.iter())?;
        Ok(Value::from_object(Generator { items: Mutex::new(items.into()) }))
    }

    /// The next item.
    pub fn next(&self) -> Option<Value> {
        self.items.lock().ok()?.pop_front()
    }

    fn rest(&self) -> Vec<Value> {
        std::iter::from_fn(|| self.next()).collect()
    }
}

impl Object for Generator {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.rest())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        None
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<generator object>")
    }
}

/// The items of anything Python can iterate over.
///
/// # Errors
/// Fails on what cannot be iterated over.
pub fn iterate(state: &State, value: &Value) -> Result<Vec<Value>> {
    if let Some(text) = value.as_str() {
        charge(state, text.len())?;
        return Ok(text.chars().map(Value::from).collect());
    }
    if value.is_undefined() {
        return Ok(Vec::new());
    }
    if let Some(generator) = value.downcast_object_ref::<Generator>() {
        return Ok(generator.rest());
    }
    if let Some(seq) = value.downcast_object_ref::<Seq>() {
        charge(state, seq.items.len())?;
        return Ok(seq.items.clone());
    }
    if let Some(dict) = value.downcast_object_ref::<Dict>() {
        charge(state, dict.items.len())?;
        return Ok(dict.items.keys().cloned().collect());
    }
    if let Some(view) = value.downcast_object_ref::<View>() {
        charge(state, view.items.len())?;
        return Ok(view.items.clone());
    }
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => value.try_iter().map(Iterator::collect),
        _ => Err(error(format!("'{}' object is not iterable", type_name(value)))),
    }
}

/// The number of items, for what Python's `len` accepts.
///
/// # Errors
/// Fails on what has no length.
pub fn length(value: &Value) -> Result<usize> {
    if let Some(text) = value.as_str() {
        return Ok(text.chars().count());
    }
    if let Some(view) = value.downcast_object_ref::<View>() {
        return Ok(view.items.len());
    }
    match value.kind() {
        ValueKind::Undefined => Ok(0),
        ValueKind::Seq | ValueKind::Map if !is_namespace(value) => {
            value.len().ok_or_else(|| error("the object has no len()"))
        }
        _ => Err(error(format!("object of type '{}' has no len()", type_name(value)))),
    }
}

/// The pairs of a dict.
pub fn pairs(value: &Value) -> Option<Vec<(Value, Value)>> {
    let dict = value.downcast_object_ref::<Dict>()?;
    Some(dict.items.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// Python's name of a value's type.
pub fn type_name(value: &Value) -> &'static str {
    match value.kind() {
        ValueKind::Undefined => "Undefined",
        ValueKind::None => "NoneType",
        ValueKind::Bool => "bool",
        ValueKind::Number if value.is_integer() => "int",
        ValueKind::Number => "float",
        ValueKind::String => "str",
        _ if value.downcast_object_ref::<Dict>().is_some() => "dict",
        _ if value.downcast_object_ref::<Generator>().is_some() => "generator",
        _ if is_namespace(value) => "Namespace",
        _ if is_macro(value) => "Macro",
        _ => match (value.downcast_object_ref::<Seq>(), value.downcast_object_ref::<View>()) {
            (Some(Seq { kind: SeqKind::List, .. }), _) => "list",
            (Some(Seq { kind: SeqKind::Range(..), .. }), _) => "range",
            (Some(_), _) => "tuple",
            (_, Some(view)) => view.name,
            _ => "object",
        },
    }
}

/// Whether this is what `namespace()` returns.
pub fn is_namespace(value: &Value) -> bool {
    value.as_object().is_some_and(|object| object.type_name().ends_with("::Namespace"))
}

/// Whether this is a macro.
pub fn is_macro(value: &Value) -> bool {
    value.as_object().is_some_and(|object| object.type_name().ends_with("::Macro"))
}

/// Whether this is the `loop` of a for tag.
pub fn is_loop(value: &Value) -> bool {
    value.as_object().is_some_and(|object| object.type_name().ends_with("::Loop"))
}

/// Fails when storing `value` in `namespace` would make the namespace contain itself, which neither
/// printing nor freeing it would survive.
///
/// # Errors
/// Fails on such cycles, and on namespaces that hold each other too deeply.
pub fn check_store(state: &State, namespace: &Value, value: &Value) -> Result<()> {
    if shape_of(value).pure {
        return Ok(());
    }
    reach(state, namespace_id(namespace), value, 0)
}

fn reach(state: &State, target: Option<u64>, value: &Value, depth: usize) -> Result<()> {
    if shape_of(value).pure {
        return Ok(());
    }
    state.consume_fuel(1)?;
    if depth > MAX_NAMESPACES {
        return Err(limit("namespaces nest too deeply"));
    }
    let mut deeper = 0;
    let inner: Vec<Value> = if is_namespace(value) {
        if namespace_id(value) == target {
            return Err(limit("a namespace cannot contain itself"));
        }
        deeper = 1;
        attributes(value).into_iter().map(|(_, value)| value).collect()
    } else if let Some(dict) = value.downcast_object_ref::<Dict>() {
        dict.items.values().cloned().collect()
    } else if let Some(seq) = value.downcast_object_ref::<Seq>() {
        seq.items.clone()
    } else if let Some(view) = value.downcast_object_ref::<View>() {
        view.items.clone()
    } else {
        return Err(error(format!("'{}' cannot be kept in a namespace", type_name(value))));
    };
    inner.iter().try_for_each(|value| reach(state, target, value, depth + deeper))
}

/// The attribute that tells namespaces apart; no template can name it.
const ID: &str = "";

/// A namespace with the given attributes.
///
/// # Errors
/// Fails where the attributes nest too deeply.
pub fn namespace(attributes: Vec<(Value, Value)>) -> Result<Value> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    shape(attributes.iter().map(|(_, value)| value))?;
    let id = (Value::from(ID), Value::from(NEXT.fetch_add(1, Ordering::Relaxed)));
    let all = Value::from_pairs(attributes.into_iter().chain([id]));
    minijinja::functions::namespace(Some(all.into()))
}

fn namespace_id(namespace: &Value) -> Option<u64> {
    namespace.get_item(&Value::from(ID)).ok()?.try_into().ok()
}

/// The attributes of a namespace.
pub fn attributes(namespace: &Value) -> Vec<(Value, Value)> {
    let pairs = namespace.as_object().and_then(|object| object.try_iter_pairs()).into_iter().flatten();
    pairs.filter(|(name, _)| name.as_str() != Some(ID)).collect()
}
