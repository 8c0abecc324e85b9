#!/usr/bin/env python3
"""Writes apply.json: what Transformers' apply_chat_template returns for conversations.

    python3 -m venv /tmp/oracle && /tmp/oracle/bin/pip install transformers==5.23.0 jinja2==3.1.6
    /tmp/oracle/bin/python generate_apply.py
"""

import json
import pathlib

from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

from snippets import CHATS, TOOL

DUMP = "{{ messages | tojson }}|{{ tools | tojson }}|{{ documents | tojson }}|{{ add_generation_prompt }}|{{ bos_token }}|{{ extra }}|{{ eos_token is defined }}"
SIMPLE = "{% for m in messages %}[{{ m.role }}]{{ m.content }}<end>{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
TRIMS = "{% for m in messages %}[{{ m.role }}]{{ m.content | trim }}<end>{% endfor %}"
THINKS = "{% for m in messages %}[{{ m.role }}]{% if m.reasoning_content %}<t>{{ m.reasoning_content }}</t>{% endif %}{{ m.content }}<end>{% endfor %}"
PARTS = "{% for m in messages %}[{{ m.role }}]{% for p in m.content %}{{ p.text }}{{ p.type if p.type != 'text' }}{% endfor %}<end>{% endfor %}"
DROPS = "{% for m in messages[:-1] %}{{ m.content }}{% endfor %}"
UPPER = "{% for m in messages %}{{ m.content | upper }}{% endfor %}"

USER = {"role": "user", "content": "Hi <there> é"}
HALF = {"role": "assistant", "content": "Once upon "}
NULLS = {"role": "assistant", "content": None, "tool_calls": None, "z": 1, "a": {"b": None}}

CASES = [
    {"template": DUMP, "messages": [USER]},
    {"template": DUMP, "messages": [USER], "tools": [], "documents": [{"title": "t", "text": "x"}]},
    {"template": DUMP, "messages": [USER, NULLS], "tools": [TOOL], "add_generation_prompt": True, "vars": {"extra": [1.0, None]}},
    {"template": DUMP, "messages": [USER, {"role": "assistant", "content": "a", "reasoning": "r"}]},
    {"template": DUMP, "messages": [{"role": "assistant", "reasoning_content": "rc", "thinking": "t", "content": "a"}]},
    {"template": DUMP, "messages": [{"role": "assistant", "content": "a", "thinking": "t"}]},
    {"template": DUMP, "messages": [{"role": "assistant", "content": "a", "reasoning_content": "r", "x": 1}]},
    {"template": DUMP, "messages": [{"role": "assistant", "content": "a", "reasoning_content": None, "reasoning": ""}]},
    {"template": DUMP, "messages": []},
    {"template": SIMPLE, "messages": [USER], "add_generation_prompt": True},
    {"template": SIMPLE, "messages": [USER, HALF], "continue_final_message": True},
    {"template": SIMPLE, "messages": [USER, HALF], "continue_final_message": True, "add_generation_prompt": True},
    {"template": SIMPLE, "messages": [USER, {"role": "assistant", "content": ""}], "continue_final_message": True},
    {"template": SIMPLE, "messages": [USER, {"role": "assistant", "content": " \n\x1c"}], "continue_final_message": True},
    {"template": SIMPLE, "messages": [USER, {"role": "assistant", "content": "a CONTINUE_FINAL_MESSAGE_TAG b"}], "continue_final_message": True},
    {"template": SIMPLE, "messages": [USER, {"role": "assistant"}], "continue_final_message": True},
    {"template": SIMPLE, "messages": [USER, {"role": "assistant", "content": 5}], "continue_final_message": True},
    {"template": TRIMS, "messages": [USER, HALF], "continue_final_message": True},
    {"template": TRIMS, "messages": [USER, {"role": "assistant", "content": "  Once"}], "continue_final_message": True},
    {"template": THINKS, "messages": [USER, {"role": "assistant", "content": "", "reasoning_content": "Let me "}], "continue_final_message": "reasoning_content"},
    {"template": THINKS, "messages": [USER, {"role": "assistant", "content": "", "reasoning": "Let me "}], "continue_final_message": "reasoning"},
    {"template": THINKS, "messages": [USER, {"role": "assistant", "content": "c", "reasoning": "Let me "}], "continue_final_message": True},
    {"template": SIMPLE, "messages": [USER, {"role": "assistant", "content": "", "reasoning": "Let me "}], "continue_final_message": "reasoning"},
    {"template": PARTS, "messages": [{"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b "}, {"type": "image"}]}], "continue_final_message": True},
    {"template": PARTS, "messages": [{"role": "assistant", "content": [{"type": "image"}]}], "continue_final_message": True},
    {"template": DROPS, "messages": [USER, HALF], "continue_final_message": True},
    {"template": UPPER, "messages": [USER, HALF], "continue_final_message": True},
] + [
    {"template": template, "messages": [USER, HALF, USER], "tools": tools, "add_generation_prompt": True}
    for name, template in CHATS.items()
    if name != "thinking"  # shows the time
    for tools in (None, [TOOL])
]


def main():
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()), bos_token="<s>")
    for case in CASES:
        tokenizer.chat_template = case["template"]
        options = {k: v for k, v in case.items() if k not in ("template", "messages", "vars")} | case.get("vars", {})
        try:
            case["want"] = tokenizer.apply_chat_template(case["messages"], tokenize=False, **options)
        except Exception as err:
            case["error"] = type(err).__name__
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in CASES)
    (pathlib.Path(__file__).parent / "apply.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"{len(CASES)} cases, {sum('error' in case for case in CASES)} of them errors")


if __name__ == "__main__":
    main()
