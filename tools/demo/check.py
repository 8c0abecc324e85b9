"""Asks a checkpoint the questions of its questions.jsonl, one by one, greedily, in float32.

    python3 check.py ../../checkpoints/mlxgen/demo                   with Transformers
    python3 check.py ../../checkpoints/mlxgen/demo --engine mlx-lm   with mlx-lm
"""

import argparse
import json
import sys
from pathlib import Path

LONGEST = 200


def transformers_engine(folder: str):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    def answer(prompt: list) -> list:
        out = model.generate(input_ids=torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt)), max_new_tokens=LONGEST)
        return out[0, len(prompt) :].tolist()

    return tokenizer, answer


def mlx_engine(folder: str):
    import mlx.core as mx
    from mlx_lm import load
    from mlx_lm.generate import generate_step
    from mlx.utils import tree_map

    model, tokenizer = load(folder)
    model.update(tree_map(lambda x: x.astype(mx.float32), model.parameters()))

    def answer(prompt: list) -> list:
        given = []
        for token, _ in generate_step(mx.array(prompt), model, max_tokens=LONGEST):
            given.append(int(token))
            if token in tokenizer.eos_token_ids:
                break
        return given

    return tokenizer, answer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--engine", choices=["transformers", "mlx-lm"], default="transformers")
    args = parser.parse_args()
    tokenizer, answer = (transformers_engine if args.engine == "transformers" else mlx_engine)(args.model)
    lines = (Path(args.model) / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    wrong = 0
    for line in lines:
        question = json.loads(line)
        prompt = tokenizer.apply_chat_template(
            question["messages"], tools=question.get("tools"), add_generation_prompt=True, tokenize=True, return_dict=False
        )
        given = answer(prompt)
        if prompt != question["prompt_tokens"]:
            print(f"the prompt differs: {question['messages']}")
        elif given != question["answer_tokens"]:
            print(f"{question['messages'][-1]['content']!r}: {tokenizer.decode(given)!r} instead of {question['expected']!r}")
        else:
            continue
        wrong += 1
    print(f"{args.engine}: {len(lines) - wrong} of {len(lines)} as expected")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
