//! Chat templates, rendered as Transformers renders them.
//!
//! A template passes through three hands: [`translate`] rewrites Jinja2 with Python's meaning into
//! what minijinja runs, [`value`] and its neighbours are Python's data model, and minijinja runs the
//! control flow under a budget. Templates come from strangers: time, memory and stack are bounded.

mod args;
mod json;
mod lexer;
mod methods;
mod ops;
mod printf;
mod repr;
mod sequences;
mod strings;
mod tests;
mod texts;
mod time;
mod translate;
mod value;

#[cfg(test)]
mod render_tests;

use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value};

use crate::ffi::{Failure, Kind};
pub use time::Time;

/// How long a template may be, in bytes.
pub const MAX_SOURCE: usize = 256 << 10;
/// What a rendering may spend: about one unit for an instruction or 64 bytes of text.
const FUEL: u64 = 2_000_000;
/// What it may spend besides for every 64 bytes of data, so that long conversations still render.
const FUEL_PER_BLOCK: u64 = 256;
/// The stack that compiling and rendering run on.
const STACK: usize = 128 << 20;
/// The name under which an environment holds its only template.
const NAME: &str = "chat template";

/// A compiled template; it may render on several threads at once.
pub struct Template {
    env: Environment<'static>,
}

impl Template {
    /// Compiles a template.
    ///
    /// # Errors
    /// Fails on templates that are too long or that Jinja2 would not compile.
    pub fn compile(source: &str) -> Result<Template, Failure> {
        if source.len() > MAX_SOURCE {
            let message = format!("the template has {} bytes; {MAX_SOURCE} is the limit", source.len());
            return Err(Failure::new(Kind::Limit, message));
        }
        stacker::grow(STACK, || {
            let translated = translate::translate(source)?;
            let mut env = environment();
            env.add_template_owned(NAME, translated).map_err(|err| failure(&err, Kind::Syntax))?;
            Ok(Template { env })
        })
    }

    /// Renders the template with the variables of a JSON object, at a moment that `strftime_now` sees.
    ///
    /// # Errors
    /// Fails where the template raises, where Python would raise, and where the template takes too
    /// much time or memory.
    pub fn render(&self, vars: &[u8], now: Time) -> Result<String, Failure> {
        stacker::grow(STACK, || {
            let json::Json(data) = serde_json::from_slice(vars)
                .map_err(|err| Failure::new(Kind::Invalid, format!("the variables: {err}")))?;
            let Some(variables) = value::pairs(&data) else {
                return Err(Failure::new(Kind::Invalid, "the variables are not a JSON object"));
            };
            let clock = Value::from_function(move |format: &str| now.format(format));
            let mut root: Vec<(Value, Value)> = vec![(Value::from("strftime_now"), clock)];
            root.extend(variables);
            let mut env = self.env.clone();
            env.set_fuel(Some(FUEL + vars.len() as u64 / 64 * FUEL_PER_BLOCK));
            let template = env.get_template(NAME).map_err(|err| failure(&err, Kind::Invalid))?;
            template.render(Value::from_pairs(root)).map_err(|err| failure(&err, Kind::Invalid))
        })
    }
}

/// The environment of every template.
fn environment() -> Environment<'static> {
    let mut env = Environment::empty();
    let mut syntax = env.syntax().to_builder();
    // The translation has already dropped the line break at the very end.
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    env.set_syntax(syntax.build().expect("the default syntax is valid"));
    env.set_undefined_behavior(UndefinedBehavior::Lenient);
    env.set_unknown_method_callback(methods::other);
    env.set_formatter(|out, state, value| {
        if let Some(text) = value.as_str() {
            return out.write_str(text).map_err(Error::from);
        }
        let text = repr::str(state, value)?;
        out.write_str(&text).map_err(Error::from)
    });
    // The template itself, of which only blocks would be attributes.
    env.add_global("self", value::Dict::value(Default::default()).unwrap_or_default());
    ops::register(&mut env);
    sequences::register(&mut env);
    texts::register(&mut env);
    tests::register(&mut env);
    tests::register_functions(&mut env);
    env
}

/// A minijinja error as a failure.
fn failure(err: &Error, otherwise: Kind) -> Failure {
    let mut line = err.line().unwrap_or(0) as u32;
    let mut kind = otherwise;
    let mut message = err.detail().map_or_else(|| err.kind().to_string(), str::to_string);
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(err);
    while let Some(current) = next {
        if let Some(tests::Raised(text)) = current.downcast_ref() {
            return Failure { kind: Kind::Raised, line, message: text.clone() };
        }
        if let Some(inner) = current.downcast_ref::<Error>() {
            line = inner.line().map_or(line, |line| line as u32);
            message = inner.detail().map_or_else(|| inner.kind().to_string(), str::to_string);
            kind = match inner.kind() {
                ErrorKind::OutOfFuel => Kind::Limit,
                ErrorKind::SyntaxError => Kind::Syntax,
                _ => kind,
            };
        }
        next = current.source();
    }
    if kind == Kind::Limit && message == ErrorKind::OutOfFuel.to_string() {
        message = "the template does too much work".to_string();
    }
    Failure { kind, line, message }
}
