#!/usr/bin/env python3
"""Writes goldens.json: what Python's jinja2 renders for the templates below.

The environment is the one Transformers gives chat templates. Needs jinja2 3.1.6:

    python3 -m venv /tmp/jinja && /tmp/jinja/bin/pip install jinja2==3.1.6
    /tmp/jinja/bin/python generate.py

A template that Python refuses is recorded with an error: the text for raise_exception, else only that there is one.
"""

import datetime
import json
import pathlib

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from snippets import CHATS, CONVERSATIONS, DATA, SNIPPETS

NOW = datetime.datetime(2025, 7, 10, 12, 0, 0)


class Generation(jinja2.ext.Extension):
    """The generation tag, which renders its body in a scope of its own."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    def _body(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def environment():
    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
    )
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = NOW.strftime
    return env


def render(template, data):
    try:
        return {"want": environment().from_string(template).render(**data)}
    except jinja2.exceptions.TemplateError as err:
        raised = type(err) is jinja2.exceptions.TemplateError
        return {"raised": str(err)} if raised else {"error": True}
    except Exception:
        return {"error": True}


def main():
    cases = []
    for index, snippet in enumerate(SNIPPETS):
        template, data = snippet if isinstance(snippet, tuple) else (snippet, DATA)
        case = {"name": f"snippet {index}", "template": template}
        if data is not DATA:
            case["data"] = data
        cases.append(case | render(template, data))
    for name, template in CHATS.items():
        for title, data in CONVERSATIONS.items():
            cases.append({"name": f"{name}, {title}", "template": template, "data": data} | render(template, data))
    folder = pathlib.Path(__file__).parent
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    data = json.dumps(DATA, ensure_ascii=False)
    (folder / "goldens.json").write_text(f'{{"data": {data},\n"cases": [\n{lines}\n]}}\n', encoding="utf-8")
    failed = sum("want" not in case for case in cases)
    print(f"{len(cases)} cases, {failed} of them errors")


if __name__ == "__main__":
    main()
