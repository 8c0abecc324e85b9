"""Measures the demo model: greedy answers to held-out questions, exact match, by task.

    python3 evaluate.py ../../checkpoints/mlxgen/demo --size 200 --questions questions.jsonl

writes a table, and with --questions a selection of the correctly answered questions.
"""

import argparse
import json

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

import chat
import corpus

LONGEST = 200


@torch.no_grad()
def answers(model, tokenizer, talks: list, batch: int) -> list:
    """What the model answers, greedily, in place of the last message of every conversation."""
    device = model.device
    prompts = [
        tokenizer.apply_chat_template(
            talk.messages[:-1], tools=talk.tools, add_generation_prompt=True, tokenize=True, return_dict=False
        )
        for talk in talks
    ]
    order = sorted(range(len(talks)), key=lambda i: len(prompts[i]))
    result = [""] * len(talks)
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        width = max(len(prompts[i]) for i in rows)
        ids = torch.full((len(rows), width), tokenizer.pad_token_id)
        mask = torch.zeros((len(rows), width), dtype=torch.long)
        for row, i in enumerate(rows):
            ids[row, width - len(prompts[i]) :] = torch.tensor(prompts[i])
            mask[row, width - len(prompts[i]) :] = 1
        out = model.generate(
            input_ids=ids.to(device), attention_mask=mask.to(device), max_new_tokens=LONGEST, do_sample=False,
            eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
        )
        for row, i in enumerate(rows):
            new = out[row, width:].tolist()
            ended = tokenizer.eos_token_id in new
            text = tokenizer.decode(new[: new.index(tokenizer.eos_token_id)] if ended else new)
            result[i] = text if ended else text + " (no end)"
    return result


def measure(model, tokenizer, size: int, batch: int, show: int = 0):
    """Returns {task: [right, asked]} and the list of (conversation, answer)."""
    talks = corpus.held_out_set(size)
    given = answers(model, tokenizer, talks, batch)
    table = {task: [0, 0] for task in corpus.TASKS}
    for talk, answer in zip(talks, given):
        expected = chat.answer_text(talk.messages[-1])
        table[talk.task][0] += answer == expected
        table[talk.task][1] += 1
        if answer != expected and show > 0:
            show -= 1
            print(f"  {talk.task}: {talk.messages[-2]['content']!r}: expected {expected!r}, got {answer!r}")
    return table, list(zip(talks, given))


def print_table(table: dict):
    for task, (right, asked) in table.items():
        print(f"| {task} | {right}/{asked} | {100 * right / asked:.1f} % |")
    right, asked = (sum(row[i] for row in table.values()) for i in (0, 1))
    print(f"| all | {right}/{asked} | {100 * right / asked:.1f} % |", flush=True)


@torch.no_grad()
def margin(model, tokenizer, talk) -> tuple:
    """Prompt ids, answer ids, and the smallest lead of the best logit along the answer (negative: another token leads)."""
    prompt = tokenizer.apply_chat_template(
        talk.messages[:-1], tools=talk.tools, add_generation_prompt=True, tokenize=True, return_dict=False
    )
    answer = tokenizer.encode(chat.answer_text(talk.messages[-1]), add_special_tokens=False) + [tokenizer.eos_token_id]
    ids = torch.tensor([prompt + answer], device=model.device)
    logits = model(ids).logits[0, len(prompt) - 1 : -1].float()
    wanted = torch.tensor(answer, device=model.device)[:, None]
    lead = logits.gather(1, wanted)[:, 0] - logits.scatter(1, wanted, -torch.inf).amax(1)
    return prompt, answer, lead.min().item()


def select(model, tokenizer, pairs: list, per_task: int, path: str):
    """Writes per_task correctly answered questions of every task whose answers no rounding can turn."""
    left = {task: per_task for task in corpus.TASKS}
    with open(path, "w", encoding="utf-8") as out:
        for talk, given in pairs:
            expected = chat.answer_text(talk.messages[-1])
            if left[talk.task] == 0 or given != expected:
                continue
            prompt, answer, lead = margin(model, tokenizer, talk)
            if lead < 0.5:
                continue
            left[talk.task] -= 1
            line = {"task": talk.task, "messages": talk.messages[:-1]}
            if talk.tools:
                line["tools"] = talk.tools
            line |= {"expected": expected, "prompt_tokens": prompt, "answer_tokens": answer, "margin": round(lead, 2)}
            out.write(json.dumps(line, ensure_ascii=False) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--size", type=int, default=200, help="questions per task")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--show", type=int, default=20, help="how many wrong answers to print")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--questions", help="file for a selection of the correctly answered questions")
    parser.add_argument("--per-task", type=int, default=4)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32).eval()
    table, pairs = measure(model, tokenizer, args.size, args.batch, args.show)
    print_table(table)
    if args.questions:
        select(model, tokenizer, pairs, args.per_task, args.questions)


if __name__ == "__main__":
    main()
