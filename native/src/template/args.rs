//! Python's calling convention for filters, tests and functions.

use minijinja::value::{Kwargs, Rest, ValueOrKwargs};
use minijinja::{Environment, State, Value};

use super::value::{Result, error};

/// The arguments of a call; a filter's first one is the value it is applied to.
#[derive(Debug, Default)]
pub struct Args {
    pub positional: Vec<Value>,
    pub named: Vec<(String, Value)>,
}

impl Args {
    /// Splits the arguments as minijinja passes them.
    pub fn new(values: impl IntoIterator<Item = Value>) -> Args {
        let mut args = Args::default();
        for value in values {
            match Kwargs::try_from(value.clone()) {
                Ok(named) if value.is_kwargs() => {
                    let names: Vec<String> = named.args().map(str::to_string).collect();
                    args.named.extend(names.into_iter().map(|name| {
                        let value = named.get::<Value>(&name).unwrap_or_default();
                        (name, value)
                    }));
                }
                _ => args.positional.push(value),
            }
        }
        args
    }

    /// The arguments of the parameters `names`, in their order.
    ///
    /// # Errors
    /// Fails on arguments that no parameter takes.
    pub fn bind<const N: usize>(self, callee: &str, names: [&str; N]) -> Result<[Option<Value>; N]> {
        if self.positional.len() > N {
            return Err(error(format!("{callee} takes at most {N} arguments, got {}", self.positional.len())));
        }
        let mut bound = [const { None }; N];
        for (slot, value) in bound.iter_mut().zip(self.positional) {
            *slot = Some(value);
        }
        for (name, value) in self.named {
            let at = names.iter().position(|parameter| **parameter == name);
            match at {
                Some(at) if bound[at].is_none() => bound[at] = Some(value),
                Some(_) => return Err(error(format!("{callee} got multiple values for argument '{name}'"))),
                None => return Err(error(format!("{callee} got an unexpected keyword argument '{name}'"))),
            }
        }
        Ok(bound)
    }
}

type Call = fn(&mut State, Args) -> Result<Value>;

/// Adds a global function.
pub fn function(env: &mut Environment, name: &'static str, call: Call) {
    env.add_function(name, move |state: &mut State, args: Rest<ValueOrKwargs>| {
        call(state, Args::new(args.0.into_iter().map(ValueOrKwargs::into_value)))
    });
}

/// Adds a filter.
pub fn filter(env: &mut Environment, name: &'static str, call: Call) {
    env.add_filter(name, move |state: &mut State, args: Rest<ValueOrKwargs>| {
        call(state, Args::new(args.0.into_iter().map(ValueOrKwargs::into_value)))
    });
}

/// Adds a test.
pub fn test(env: &mut Environment, name: &'static str, call: fn(&mut State, &[Value]) -> Result<bool>) {
    env.add_test(name, move |state: &mut State, args: Rest<ValueOrKwargs>| {
        let args = Args::new(args.0.into_iter().map(ValueOrKwargs::into_value));
        if !args.named.is_empty() {
            return Err(error("a test takes no keyword arguments"));
        }
        call(state, &args.positional)
    });
}
