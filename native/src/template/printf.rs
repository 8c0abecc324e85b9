//! Python's `%` of strings.

use minijinja::{State, Value};

use super::ops::{Number, number};
use super::repr;
use super::value::{Dict, Result, Seq, charge_text, error, type_name};

/// One `%` conversion.
#[derive(Default)]
struct Spec {
    key: Option<String>,
    minus: bool,
    plus: bool,
    space: bool,
    zero: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
}

/// `format % values`
///
/// # Errors
/// Fails where the values do not fit the format.
pub fn format(state: &State, format: &str, values: &Value) -> Result<String> {
    let tuple = values.downcast_object_ref::<Seq>().filter(|seq| seq.is_tuple());
    let items = tuple.map_or_else(|| vec![values.clone()], |seq| seq.items.clone());
    let dict = values.downcast_object_ref::<Dict>();
    let mut items = items.into_iter();
    // What can be indexed may be left over, but not a tuple.
    let spare =
        tuple.is_none() && (values.downcast_object_ref::<Seq>().is_some() || dict.is_some() || values.is_undefined());
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut next = || items.next().ok_or_else(|| error("not enough arguments for format string"));
        let mut spec = Spec::default();
        if chars.next_if_eq(&'(').is_some() {
            let key: String = chars.by_ref().take_while(|c| *c != ')').collect();
            spec.key = Some(key);
        }
        while let Some(flag) = chars.next_if(|c| "-+ 0#".contains(*c)) {
            match flag {
                '-' => spec.minus = true,
                '+' => spec.plus = true,
                ' ' => spec.space = true,
                '0' => spec.zero = true,
                _ => spec.alternate = true,
            }
        }
        let mut count = || -> Result<Option<i64>> {
            if chars.next_if_eq(&'*').is_some() {
                return next()?.as_i64().map(Some).ok_or_else(|| error("* wants int"));
            }
            let digits: String = std::iter::from_fn(|| chars.next_if(char::is_ascii_digit)).collect();
            if digits.is_empty() {
                return Ok(None);
            }
            digits.parse().map(Some).map_err(|_| error("width too big"))
        };
        let width = count()?.unwrap_or(0);
        spec.minus |= width < 0;
        spec.width = usize::try_from(width.unsigned_abs()).map_err(|_| error("width too big"))?;
        if chars.next_if_eq(&'.').is_some() {
            let precision = if chars.peek() == Some(&'*') {
                chars.next();
                next()?.as_i64()
            } else {
                let digits: String = std::iter::from_fn(|| chars.next_if(char::is_ascii_digit)).collect();
                if digits.is_empty() { Some(0) } else { digits.parse().ok() }
            };
            let precision = precision.ok_or_else(|| error("precision too big"))?;
            spec.precision = Some(usize::try_from(precision).unwrap_or(0));
        }
        while chars.next_if(|c| "hlL".contains(*c)).is_some() {}
        let Some(kind) = chars.next() else { return Err(error("incomplete format")) };
        if kind == '%' {
            out.push('%');
            continue;
        }
        let value = match (&spec.key, dict) {
            (Some(key), Some(dict)) => {
                dict.items.get(&Value::from(key.as_str())).cloned().ok_or_else(|| error(format!("no key '{key}'")))?
            }
            (Some(_), None) => return Err(error("format requires a mapping")),
            (None, _) => next()?,
        };
        charge_text(state, spec.width.saturating_add(spec.precision.unwrap_or(0)).saturating_mul(4))?;
        convert(state, &mut out, &spec, kind, &value)?;
    }
    if !spare && items.next().is_some() {
        return Err(error("not all arguments converted during string formatting"));
    }
    Ok(out)
}

fn convert(state: &State, out: &mut String, spec: &Spec, kind: char, value: &Value) -> Result<()> {
    let wrong = || error(format!("%{kind} format: a number is required, not {}", type_name(value)));
    let body = match kind {
        's' | 'r' | 'a' => {
            let text = if kind == 's' { repr::str(state, value)? } else { repr::repr(state, value)? };
            text.chars().take(spec.precision.unwrap_or(usize::MAX)).collect()
        }
        'c' => match (value.as_str(), number(value)) {
            (Some(text), _) if text.chars().count() == 1 => text.to_string(),
            (_, Some(Number::Int(code))) => {
                let c = u32::try_from(code).ok().and_then(char::from_u32);
                c.ok_or_else(|| error("%c arg not in range(0x110000)"))?.to_string()
            }
            _ => return Err(error("%c requires int or char")),
        },
        'd' | 'i' | 'u' | 'x' | 'X' | 'o' => {
            let value = match number(value).ok_or_else(wrong)? {
                Number::Int(value) => value,
                Number::Float(value) if matches!(kind, 'd' | 'i' | 'u') && value.is_finite() => value as i128,
                Number::Float(_) => return Err(error(format!("%{kind} format: an integer is required, not float"))),
            };
            let size = value.unsigned_abs();
            let (prefix, digits) = match kind {
                'x' => ("0x", format!("{size:x}")),
                'X' => ("0X", format!("{size:X}")),
                'o' => ("0o", format!("{size:o}")),
                _ => ("", size.to_string()),
            };
            let digits = format!("{digits:0>width$}", width = spec.precision.unwrap_or(0));
            return pad(out, spec, value < 0, if spec.alternate { prefix } else { "" }, &digits);
        }
        'f' | 'F' | 'e' | 'E' | 'g' | 'G' => {
            let value = number(value).ok_or_else(wrong)?.float();
            let text = float(value.abs(), kind.to_ascii_lowercase(), spec);
            let text = if kind.is_ascii_uppercase() { text.to_uppercase() } else { text };
            return pad(out, spec, value.is_sign_negative() && !value.is_nan(), "", &text);
        }
        _ => return Err(error(format!("unsupported format character '{kind}'"))),
    };
    let missing = spec.width.saturating_sub(body.chars().count());
    let (left, right) = if spec.minus { (0, missing) } else { (missing, 0) };
    out.extend(std::iter::repeat_n(' ', left));
    out.push_str(&body);
    out.extend(std::iter::repeat_n(' ', right));
    Ok(())
}

/// Writes a number with its sign, as wide as asked.
fn pad(out: &mut String, spec: &Spec, negative: bool, prefix: &str, digits: &str) -> Result<()> {
    let sign = match (negative, spec.plus, spec.space) {
        (true, _, _) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    };
    let missing = spec.width.saturating_sub(sign.len() + prefix.len() + digits.len());
    let (before, zeros, after) = match (spec.minus, spec.zero) {
        (true, _) => (0, 0, missing),
        (_, true) => (0, missing, 0),
        _ => (missing, 0, 0),
    };
    out.extend(std::iter::repeat_n(' ', before));
    out.push_str(sign);
    out.push_str(prefix);
    out.extend(std::iter::repeat_n('0', zeros));
    out.push_str(digits);
    out.extend(std::iter::repeat_n(' ', after));
    Ok(())
}

/// The digits of a float that is not negative.
fn float(value: f64, kind: char, spec: &Spec) -> String {
    if !value.is_finite() {
        return repr::float(value);
    }
    let precision = spec.precision.unwrap_or(6);
    match kind {
        'f' => format!("{value:.precision$}"),
        'e' => exponent(&format!("{value:.precision$e}")),
        _ => {
            let digits = precision.max(1);
            let scientific = format!("{value:.*e}", digits - 1);
            let power: i32 = scientific.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0);
            let text = if power < -4 || power >= digits as i32 {
                exponent(&scientific)
            } else {
                format!("{value:.*}", (digits as i32 - 1 - power).max(0) as usize)
            };
            if spec.alternate || !text.contains('.') {
                return text;
            }
            let (mantissa, power) = text.split_once('e').map_or((text.as_str(), ""), |(m, p)| (m, p));
            let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
            if power.is_empty() { mantissa.to_string() } else { format!("{mantissa}e{power}") }
        }
    }
}

/// An exponent with a sign and at least two digits.
fn exponent(text: &str) -> String {
    let (mantissa, power) = text.split_once('e').unwrap_or((text, "0"));
    let (sign, power) = power.strip_prefix('-').map_or(('+', power), |power| ('-', power));
    format!("{mantissa}e{sign}{power:0>2}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use minijinja::Environment;

    fn check(format_text: &str, value: Value, want: &str) {
        let env = Environment::empty();
        let got = format(&env.empty_state(), format_text, &value);
        assert_eq!(got.unwrap_or_else(|err| err.to_string()), want, "{format_text}");
    }

    #[test]
    fn conversions() {
        check("%5.2f|", Value::from(3.14159), " 3.14|");
        check("%-5s|", Value::from("ab"), "ab   |");
        check("%05d", Value::from(-42), "-0042");
        check("%+d%%", Value::from(7), "+7%");
        check("%#x", Value::from(255), "0xff");
        check("%g", Value::from(0.00001), "1e-05");
        check("%g", Value::from(100000.0), "100000");
        check("%g", Value::from(1234567.0), "1.23457e+06");
        check("%e", Value::from(12345.678), "1.234568e+04");
        check("%.3s", Value::from("abcdef"), "abc");
        check("%r", Value::from("a"), "'a'");
    }
}
