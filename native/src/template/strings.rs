//! Methods of Python's strings.

use minijinja::formatting::{FormatStyle, format};
use minijinja::{Error, ErrorKind, State, Value};

use super::args::Args;
use super::ops::{Number, number};
use super::repr;
use super::value::{Result, Seq, SeqKind, charge_text, error, iterate, list, type_name};

/// Python's `str.isspace` of one character.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

/// What ends a line for `str.splitlines`.
fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// `str.splitlines`
pub fn lines(text: &str, keep: bool) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some((at, c)) = rest.char_indices().find(|(_, c)| ends_line(*c)) {
        let end = at + if rest[at..].starts_with("\r\n") { 2 } else { c.len_utf8() };
        lines.push(&rest[..if keep { end } else { at }]);
        rest = &rest[end..];
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

/// `str.strip` and its sides.
pub fn strip<'a>(text: &'a str, chars: Option<&str>, left: bool, right: bool) -> &'a str {
    let matches = |c: char| chars.map_or_else(|| is_space(c), |chars| chars.contains(c));
    let text = if left { text.trim_start_matches(matches) } else { text };
    if right { text.trim_end_matches(matches) } else { text }
}

/// `str.title`: each run of cased characters gets one capital.
fn title(text: &str) -> String {
    let mut inside = false;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if inside {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        inside = c.is_lowercase() || c.is_uppercase();
    }
    out
}

/// `str.capitalize`
pub fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars.as_str().to_lowercase().chars()).collect(),
        None => String::new(),
    }
}

/// The argument as text.
fn text_of<'a>(value: &'a Option<Value>, callee: &str) -> Result<&'a str> {
    let value = value.as_ref().ok_or_else(|| error(format!("{callee} expected an argument")))?;
    value.as_str().ok_or_else(|| error(format!("{callee} expected a str, got '{}'", type_name(value))))
}

/// The argument as text, or nothing where it is missing or None.
fn optional_text<'a>(value: &'a Option<Value>, callee: &str) -> Result<Option<&'a str>> {
    match value {
        Some(given) if !given.is_none() => text_of(value, callee).map(Some),
        _ => Ok(None),
    }
}

/// The argument as an integer.
fn integer(value: Option<&Value>, default: i64, callee: &str) -> Result<i64> {
    match value.map(|value| (number(value), value)) {
        None => Ok(default),
        Some((Some(Number::Int(value)), _)) => Ok(value.clamp(i64::MIN.into(), i64::MAX.into()) as i64),
        Some((_, value)) => Err(error(format!("{callee} expected an integer, got '{}'", type_name(value)))),
    }
}

/// The part of `text` between two character indices, and the index it starts at.
fn window<'a>(text: &'a str, start: Option<&Value>, stop: Option<&Value>) -> Result<(&'a str, usize)> {
    if start.is_none() && stop.is_none() {
        return Ok((text, 0));
    }
    let len = text.chars().count() as i64;
    let bound = |value: Option<&Value>, default: i64| {
        let value = integer(value.filter(|value| !value.is_none()), default, "a bound")?;
        Ok::<_, Error>((if value < 0 { value.saturating_add(len) } else { value }).clamp(0, len) as usize)
    };
    let (start, stop) = (bound(start, 0)?, bound(stop, len)?);
    let offset = |at: usize| text.char_indices().nth(at).map_or(text.len(), |(offset, _)| offset);
    Ok((&text[offset(start)..offset(stop.max(start))], start))
}

/// `str.split` and `str.rsplit`; parts from left to right.
pub fn split<'a>(text: &'a str, separator: Option<&str>, most: i64, from_right: bool) -> Result<Vec<&'a str>> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    if let Some(separator) = separator {
        if separator.is_empty() {
            return Err(error("empty separator"));
        }
        let count = most.saturating_add(1);
        if from_right {
            let mut parts: Vec<_> = text.rsplitn(count, separator).collect();
            parts.reverse();
            return Ok(parts);
        }
        return Ok(text.splitn(count, separator).collect());
    }
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        rest = strip(rest, None, !from_right, from_right);
        if rest.is_empty() {
            break;
        }
        let found = if from_right { rest.rfind(is_space) } else { rest.find(is_space) };
        match found.filter(|_| parts.len() < most) {
            None => {
                parts.push(rest);
                break;
            }
            Some(at) if from_right => {
                let end = at + rest[at..].chars().next().map_or(1, char::len_utf8);
                parts.push(&rest[end..]);
                rest = &rest[..at];
            }
            Some(at) => {
                parts.push(&rest[..at]);
                rest = &rest[at..];
            }
        }
    }
    if from_right {
        parts.reverse();
    }
    Ok(parts)
}

fn partition(state: &State, text: &str, separator: &str, from_right: bool) -> Result<Value> {
    if separator.is_empty() {
        return Err(error("empty separator"));
    }
    charge_text(state, text.len())?;
    let found = if from_right { text.rfind(separator) } else { text.find(separator) };
    let parts = match found {
        Some(at) => [&text[..at], separator, &text[at + separator.len()..]],
        None if from_right => ["", "", text],
        None => [text, "", ""],
    };
    Seq::value(SeqKind::Tuple, parts.iter().map(|part| Value::from(*part)).collect())
}

/// Whether `text` starts or ends with the argument, or with one of a tuple.
fn affix(text: &str, wanted: &Option<Value>, matches: fn(&str, &str) -> bool) -> Result<bool> {
    let wrong = |value: &Value| error(format!("expected a str or a tuple of str, got '{}'", type_name(value)));
    let wanted = wanted.as_ref().ok_or_else(|| error("expected an argument"))?;
    if let Some(one) = wanted.as_str() {
        return Ok(matches(text, one));
    }
    let tuple = wanted.downcast_object_ref::<Seq>().filter(|seq| seq.is_tuple()).ok_or_else(|| wrong(wanted))?;
    for one in &tuple.items {
        if matches(text, one.as_str().ok_or_else(|| wrong(one))?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `text` in the middle, at the left or at the right of `width` characters.
pub fn justify(state: &State, text: &str, width: i64, fill: &str, method: &str) -> Result<String> {
    if fill.chars().count() != 1 {
        return Err(error("the fill character must be exactly one character long"));
    }
    let missing = usize::try_from(width).unwrap_or(0).saturating_sub(text.chars().count());
    charge_text(state, missing.saturating_mul(fill.len()))?;
    let width = usize::try_from(width).unwrap_or(0);
    let left = match method {
        "ljust" => 0,
        "rjust" => missing,
        _ => missing / 2 + (missing & width & 1),
    };
    Ok(format!("{}{text}{}", fill.repeat(left), fill.repeat(missing - left)))
}

/// `str.replace`; a negative count replaces all.
pub fn replace(state: &State, text: &str, old: &str, new: &str, count: i64) -> Result<String> {
    let most = usize::try_from(count).unwrap_or(usize::MAX);
    let found = if old.is_empty() { text.chars().count() + 1 } else { text.matches(old).count() };
    charge_text(state, text.len().saturating_add(found.min(most).saturating_mul(new.len())))?;
    Ok(text.replacen(old, new, most))
}

/// Whether there is a cased character, and none that `not` holds for.
fn cased(text: &str, is: fn(char) -> bool, not: fn(char) -> bool) -> bool {
    text.chars().any(is) && !text.chars().any(not)
}

/// A method of a string.
///
/// # Errors
/// Fails on unknown methods and wrong arguments.
pub fn method(state: &mut State, text: &str, method: &str, args: &[Value]) -> Result<Value> {
    if method == "format" {
        return str_format(state, text, args);
    }
    let args = Args::new(args.iter().cloned());
    let all = |is: fn(char) -> bool| Ok(Value::from(!text.is_empty() && text.chars().all(is)));
    match method {
        "strip" | "lstrip" | "rstrip" => {
            let [chars] = args.bind(method, ["chars"])?;
            let chars = optional_text(&chars, method)?;
            Ok(Value::from(strip(text, chars, method != "rstrip", method != "lstrip")))
        }
        "split" | "rsplit" => {
            let [separator, most] = args.bind(method, ["sep", "maxsplit"])?;
            let most = integer(most.as_ref(), -1, method)?;
            let parts = split(text, optional_text(&separator, method)?, most, method == "rsplit")?;
            list(parts.into_iter().map(Value::from).collect())
        }
        "splitlines" => {
            let [keep] = args.bind(method, ["keepends"])?;
            let keep = keep.is_some_and(|keep| keep.is_true());
            list(lines(text, keep).into_iter().map(Value::from).collect())
        }
        "partition" | "rpartition" => {
            let [separator] = args.bind(method, ["sep"])?;
            partition(state, text, text_of(&separator, method)?, method == "rpartition")
        }
        "startswith" | "endswith" => {
            let [wanted, start, stop] = args.bind(method, ["prefix", "start", "end"])?;
            let (text, _) = window(text, start.as_ref(), stop.as_ref())?;
            let matches = if method == "startswith" {
                |a: &str, b: &str| a.starts_with(b)
            } else {
                |a: &str, b: &str| a.ends_with(b)
            };
            affix(text, &wanted, matches).map(Value::from)
        }
        "removeprefix" | "removesuffix" => {
            let [affix] = args.bind(method, ["affix"])?;
            let affix = text_of(&affix, method)?;
            let rest = if method == "removeprefix" { text.strip_prefix(affix) } else { text.strip_suffix(affix) };
            Ok(Value::from(rest.unwrap_or(text)))
        }
        "find" | "rfind" | "index" | "rindex" | "count" => {
            let [wanted, start, stop] = args.bind(method, ["sub", "start", "end"])?;
            let wanted = text_of(&wanted, method)?;
            let (text, first) = window(text, start.as_ref(), stop.as_ref())?;
            if method == "count" {
                let count = if wanted.is_empty() { text.chars().count() + 1 } else { text.matches(wanted).count() };
                return Ok(Value::from(count));
            }
            let found = if method.starts_with('r') { text.rfind(wanted) } else { text.find(wanted) };
            match found {
                Some(at) => Ok(Value::from(first + text[..at].chars().count())),
                None if method.ends_with("index") => Err(error("substring not found")),
                None => Ok(Value::from(-1)),
            }
        }
        "replace" => {
            let [old, new, count] = args.bind(method, ["old", "new", "count"])?;
            let count = integer(count.as_ref(), -1, method)?;
            replace(state, text, text_of(&old, method)?, text_of(&new, method)?, count).map(Value::from)
        }
        "join" => {
            let [items] = args.bind(method, ["iterable"])?;
            let items = iterate(state, &items.ok_or_else(|| error("join expected an argument"))?)?;
            let mut parts = Vec::with_capacity(items.len());
            for (at, item) in items.iter().enumerate() {
                let wrong = || error(format!("sequence item {at}: expected str instance, {} found", type_name(item)));
                parts.push(item.as_str().ok_or_else(wrong)?);
            }
            charge_text(state, text.len().saturating_mul(parts.len()))?;
            Ok(Value::from(parts.join(text)))
        }
        "center" | "ljust" | "rjust" => {
            let [width, fill] = args.bind(method, ["width", "fillchar"])?;
            let fill = optional_text(&fill, method)?.unwrap_or(" ");
            justify(state, text, integer(width.as_ref(), 0, method)?, fill, method).map(Value::from)
        }
        "zfill" => {
            let [width] = args.bind(method, ["width"])?;
            let width = integer(width.as_ref(), 0, method)?;
            let (sign, digits) = match text.strip_prefix(['+', '-']) {
                Some(digits) => text.split_at(text.len() - digits.len()),
                None => ("", text),
            };
            let digits = justify(state, digits, width - sign.len() as i64, "0", "rjust")?;
            Ok(Value::from(format!("{sign}{digits}")))
        }
        "expandtabs" => {
            let [size] = args.bind(method, ["tabsize"])?;
            let size = usize::try_from(integer(size.as_ref(), 8, method)?).unwrap_or(0);
            charge_text(state, text.matches('\t').count().saturating_mul(size))?;
            Ok(Value::from(expand_tabs(text, size)))
        }
        _ => {
            let [] = args.bind(method, [])?;
            match method {
                "upper" => Ok(Value::from(text.to_uppercase())),
                "lower" | "casefold" => Ok(Value::from(text.to_lowercase())),
                "title" => Ok(Value::from(title(text))),
                "capitalize" => Ok(Value::from(capitalize(text))),
                "swapcase" => Ok(Value::from(swap_case(text))),
                "isspace" => all(is_space),
                "isalpha" => all(char::is_alphabetic),
                "isalnum" => all(char::is_alphanumeric),
                "isdigit" | "isdecimal" => all(|c| c.is_ascii_digit() || !c.is_ascii() && c.is_numeric()),
                "isnumeric" => all(char::is_numeric),
                "isascii" => Ok(Value::from(text.is_ascii())),
                "isprintable" => Ok(Value::from(text.chars().all(repr::printable))),
                "islower" => Ok(Value::from(cased(text, char::is_lowercase, char::is_uppercase))),
                "isupper" => Ok(Value::from(cased(text, char::is_uppercase, char::is_lowercase))),
                "istitle" => Ok(Value::from(text.chars().any(char::is_alphabetic) && title(text) == text)),
                "isidentifier" => {
                    let mut chars = text.chars();
                    let first = chars.next().is_some_and(|c| c == '_' || c.is_alphabetic());
                    Ok(Value::from(first && chars.all(|c| c == '_' || c.is_alphanumeric())))
                }
                _ => Err(Error::from(ErrorKind::UnknownMethod)),
            }
        }
    }
}

fn swap_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_uppercase() {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
    }
    out
}

fn expand_tabs(text: &str, size: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' => {
                let width = if size == 0 { 0 } else { size - column % size };
                out.extend(std::iter::repeat_n(' ', width));
                column += width;
            }
            c => {
                out.push(c);
                column = if matches!(c, '\n' | '\r') { 0 } else { column + 1 };
            }
        }
    }
    out
}

/// `str.format`; containers are printed before they are formatted, so that printing is paid for.
fn str_format(state: &State, text: &str, args: &[Value]) -> Result<Value> {
    charge_text(state, text.len() * 4)?;
    let mut plain = Vec::with_capacity(args.len());
    for arg in args {
        let container = arg.as_object().is_some() && !arg.is_kwargs() && !text.contains('[') && !text.contains('.');
        plain.push(if container { Value::from(repr::str(state, arg)?) } else { arg.clone() });
    }
    Ok(Value::from(format(FormatStyle::StrFormat, text, &plain)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitting_on_white_space() {
        for (text, most, left, right) in [
            ("  a b  c ", -1, vec!["a", "b", "c"], vec!["a", "b", "c"]),
            (" a b c ", 1, vec!["a", "b c "], vec![" a b", "c"]),
            (" a b c ", 0, vec!["a b c "], vec![" a b c"]),
            ("   ", 1, vec![], vec![]),
            ("a", 3, vec!["a"], vec!["a"]),
            (" 1 2 3 4 5 ", 3, vec!["1", "2", "3", "4 5 "], vec![" 1 2", "3", "4", "5"]),
        ] {
            assert_eq!(split(text, None, most, false).unwrap(), left, "{text:?} {most}");
            assert_eq!(split(text, None, most, true).unwrap(), right, "{text:?} {most}");
        }
        assert_eq!(split("a--b", Some("-"), -1, false).unwrap(), ["a", "", "b"]);
        assert_eq!(split("a-b-c", Some("-"), 1, true).unwrap(), ["a-b", "c"]);
        assert!(split("a", Some(""), -1, false).is_err());
    }

    #[test]
    fn lines_end_where_python_ends_them() {
        assert_eq!(lines("a\r\nb\rc\n\nd", false), ["a", "b", "c", "", "d"]);
        assert_eq!(lines("a\n", true), ["a\n"]);
        assert!(lines("", false).is_empty());
    }
}
