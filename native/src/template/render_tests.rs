//! Renders whole templates: what the parts' own tests cannot show, and templates that mean harm.

use std::time::{Duration, Instant};

use super::{MAX_SOURCE, Template, Time};
use crate::ffi::{Failure, Kind, guard};

fn render(source: &str, vars: &str) -> Result<String, Failure> {
    guard(|| {
        Template::compile(source)?.render(vars.as_bytes(), Time { year: 2025, month: 7, day: 10, ..Time::default() })
    })
}

fn check(source: &str, vars: &str, want: &str) {
    match render(source, vars) {
        Ok(got) => assert_eq!(got, want, "{source}"),
        Err(failure) => panic!("{source}: {}", failure.message),
    }
}

#[test]
fn data_keeps_its_order_and_types() {
    check("{{ d | tojson }}", r#"{"d":{"z":1,"a":[1.0,2,true,null],"z":3}}"#, r#"{"z": 3, "a": [1.0, 2, true, null]}"#);
    check("{{ d }}", r#"{"d":{"b":"x'y"}}"#, "{'b': \"x'y\"}");
}

#[test]
fn python_methods_win_over_keys() {
    check("{{ d.items is defined }}{{ d['items'] }}{{ d.items()|length }}", r#"{"d":{"items":5}}"#, "True51");
}

#[test]
fn raised_texts_and_lines_are_kept() {
    let failure =
        render("a\n{% if true %}\n{{ raise_exception('no ' ~ x) }}{% endif %}", r#"{"x":"way"}"#).unwrap_err();
    assert_eq!((failure.kind, failure.line, failure.message.as_str()), (Kind::Raised, 3, "no way"));
    let failure = render("a\n\n{{ x.y }}", "{}").unwrap_err();
    assert_eq!((failure.kind, failure.line), (Kind::Invalid, 3));
    let failure = render("a\n{% if %}", "{}").unwrap_err();
    assert_eq!((failure.kind, failure.line), (Kind::Syntax, 2));
}

#[test]
fn time_is_the_callers() {
    check("{{ strftime_now('%Y-%m-%d') }}", "{}", "2025-07-10");
}

#[test]
fn variables_must_be_an_object() {
    for vars in ["", "[]", "1", "{", "{\"a\":}", "\u{1}"] {
        assert!(render("x", vars).is_err(), "{vars}");
    }
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(render("x", &deep).is_err());
}

#[test]
fn long_templates_are_refused() {
    let failure = render(&"x".repeat(MAX_SOURCE + 1), "{}").unwrap_err();
    assert_eq!(failure.kind, Kind::Limit);
}

/// Templates that want more than they may have: each must fail, soon, and without a panic.
#[test]
fn greedy_templates_run_into_a_limit() {
    let vars = r#"{"x":"abcdefgh","xs":[1,2,3],"d":{"a":1}}"#;
    let nested = |open: &str, close: &str| format!("{{{{ {}x{} }}}}", open.repeat(20_000), close.repeat(20_000));
    let sources = [
        // Time.
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}".to_string(),
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}".to_string(),
        "{% macro f(n) %}{{ f(n + 1) }}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}".to_string(),
        "{% for a in xs recursive %}{{ loop(xs) }}{% endfor %}".to_string(),
        "{% set ns = namespace(s='x' * 100000) %}{% for a in range(9999) %}{% if 'y' in ns.s %}{% endif %}{% endfor %}".to_string(),
        // Memory.
        "{{ 'x' * 99999999999 }}".to_string(),
        "{{ 'x' * 999999999 }}".to_string(),
        "{{ [1] * 999999999 }}".to_string(),
        "{{ xs * 99999999999999999999 }}".to_string(),
        "{{ '%99999999999d' % 1 }}{{ '%999999999d' % 1 }}".to_string(),
        "{{ '%.999999999f' % 1.5 }}".to_string(),
        "{{ '{:999999999}'.format(1) }}".to_string(),
        "{{ x.center(999999999) }}".to_string(),
        "{{ x.ljust(999999999) }}".to_string(),
        "{{ x|center(999999999) }}".to_string(),
        "{{ x|indent(999999999, true) }}".to_string(),
        "{{ d|tojson(indent=999999999) }}".to_string(),
        "{{ [1]|batch(999999999, 0)|list }}".to_string(),
        "{{ [1]|slice(999999999)|list }}".to_string(),
        "{{ ('a\t' * 1000).expandtabs(99999999) }}".to_string(),
        "{% set ns = namespace(s=x) %}{% for a in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}".to_string(),
        "{% set ns = namespace(s=x) %}{% for a in range(60) %}{% set ns.s = ns.s.replace('a', ns.s) %}{% endfor %}".to_string(),
        "{% set ns = namespace(s=[x]) %}{% for a in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}".to_string(),
        "{% set ns = namespace(s=[x]) %}{% for a in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s|tojson }}".to_string(),
        "{% set ns = namespace(s=[x], t=[x]) %}{% for a in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% set ns.t = [ns.t, ns.t] %}{% endfor %}{{ ns.s == ns.t }}".to_string(),
        "{% set ns = namespace(s=[x]) %}{% for a in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}".to_string(),
        // Depth.
        "{% set ns = namespace(s=[]) %}{% for a in range(9999) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s }}".to_string(),
        "{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}".to_string(),
        "{% set ns = namespace() %}{% set ns.a = [{'b': (ns,)}] %}{{ ns }}".to_string(),
        "{% set a = namespace() %}{% set b = namespace(a=a) %}{% set a.b = b %}{{ a }}".to_string(),
        "{% set a = namespace() %}{% set b = namespace() %}{% set a.b = [b] %}{% set b.a = [a] %}{{ a }}".to_string(),
        "{% set a = namespace(x=0) %}{% for i in range(9999) %}{% set a.x = namespace(x=a.x) %}{% endfor %}{{ a }}".to_string(),
        "{% set a = namespace(x=0) %}{% for i in range(40) %}{% set a.x = namespace(x=a.x, y=a.x) %}{% endfor %}{{ a }}".to_string(),
        nested("(", ")"),
        nested("[", "]"),
        nested("not ", ""),
        nested("-", ""),
        nested("{'a': ", "}"),
        nested("x[", "]"),
        nested("x if x else ", ""),
        format!("{{{{ x{} }}}}", "|upper".repeat(40_000)),
        format!("{{{{ x{} }}}}", ".a".repeat(100_000)),
        format!("{}{}", "{% if x %}".repeat(5_000), "{% endif %}".repeat(5_000)),
        format!("{{% if x %}}{}{{% endif %}}", "{% elif x %}".repeat(15_000)),
        format!("{}{}", "{% for a in xs %}".repeat(100), "{% endfor %}".repeat(100)),
    ];
    for source in &sources {
        let start = Instant::now();
        let failure = render(source, vars).err();
        let shown: String = source.chars().take(120).collect();
        let failure = failure.unwrap_or_else(|| panic!("no error: {shown}"));
        assert_ne!(failure.kind, Kind::Panic, "{shown}: {}", failure.message);
        assert!(start.elapsed() < Duration::from_secs(30), "{shown} took {:?}", start.elapsed());
    }
}

/// Long inputs that are no attack must render.
#[test]
fn long_conversations_render() {
    let message = r#"{"role":"user","content":"Some words of an ordinary length that somebody typed."}"#;
    let vars = format!(r#"{{"messages":[{}]}}"#, vec![message; 5_000].join(","));
    let source = "{% set ns = namespace(out=[]) %}{% for m in messages %}{% set ns.out = ns.out + [m.content] %}{% endfor %}\
        {% for m in messages %}{{ m.role ~ ': ' ~ m.content|trim }}\n{% if loop.last %}{{ ns.out|length }}{% endif %}{% endfor %}";
    assert!(render(source, &vars).unwrap().ends_with("5000"));
    let operands = format!("{{{{ {} }}}}", vec!["1"; 900].join(" + "));
    assert_eq!(render(&operands, "{}").unwrap(), "900");
}

/// Templates made of pieces at random: none may panic.
#[test]
fn random_templates_do_not_panic() {
    let pieces = [
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "-",
        "+",
        " if ",
        " else ",
        " for ",
        " in ",
        " set ",
        " endfor ",
        " endif ",
        "x",
        "xs",
        "d",
        "|",
        "upper",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ":",
        ",",
        "'",
        "\"",
        "\\",
        "\n",
        "1",
        "1.5",
        "0x",
        "~",
        "%",
        "**",
        "//",
        ".",
        "items",
        " is ",
        " not ",
        "defined",
        "é",
        "\0",
        " macro ",
        " endmacro ",
        "=",
        "==",
        "<",
        "raw",
        "endraw",
        "\u{1F600}",
        "%s",
        "range",
        "loop",
        "ns",
        " ",
    ];
    let mut seed = 88172645463325252u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below as u64) as usize
    };
    for _ in 0..20_000 {
        let mut source = String::from(["{{ ", "{% ", "", "{% if x %}"][random(4)]);
        for _ in 0..random(24) {
            source.push_str(pieces[random(pieces.len())]);
        }
        source.push_str([" }}", " %}", "", "{% endif %}"][random(4)]);
        if let Err(failure) = render(&source, r#"{"x":"é{}","xs":[1,"a"],"d":{"items":[2]}}"#) {
            assert_ne!(failure.kind, Kind::Panic, "{source:?}: {}", failure.message);
        }
    }
}
