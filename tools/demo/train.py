"""Trains the demo model and writes its checkpoint folder.

    python3 train.py OUT --steps 22000 --max-minutes 8 --workers 12      (one data-centre GPU: under ten minutes)
    python3 train.py OUT --steps 20 --tokens 2048 --workers 0            (CPU, to try the script)

The corpus, the tokenizer and the order of batches depend on seeds alone. If --max-minutes would be exceeded, the
learning rate falls faster and training stops in time.
"""

import argparse
import json
import math
import multiprocessing
import os
import random
import time
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import AutoTokenizer, Qwen3Config, Qwen3ForCausalLM

import chat
import corpus
import evaluate

CHUNK = 16000  # conversations that one worker makes at a time
WARMUP = 300

# As public Qwen3 checkpoints write it.
CONFIG = {
    "architectures": ["Qwen3ForCausalLM"],
    "attention_bias": False,
    "attention_dropout": 0.0,
    "eos_token_id": None,
    "head_dim": 64,
    "hidden_act": "silu",
    "hidden_size": 192,
    "initializer_range": 0.02,
    "intermediate_size": 512,
    "max_position_embeddings": chat.MAX_POSITIONS,
    "max_window_layers": 6,
    "model_type": "qwen3",
    "num_attention_heads": 4,
    "num_hidden_layers": 6,
    "num_key_value_heads": 2,
    "pad_token_id": None,
    "rms_norm_eps": 1e-06,
    "rope_scaling": None,
    "rope_theta": 10000.0,
    "sliding_window": None,
    "tie_word_embeddings": True,
    "torch_dtype": "bfloat16",
    "use_cache": True,
    "use_sliding_window": False,
    "vocab_size": chat.VOCAB,
}


def new_model(seed: int) -> Qwen3ForCausalLM:
    torch.manual_seed(seed)
    known = {key: value for key, value in CONFIG.items() if value is not None and key not in ("architectures", "torch_dtype")}
    return Qwen3ForCausalLM(Qwen3Config(**known))


# ---- data

_tokenizer = None


def start_worker(tokenizer):
    global _tokenizer
    _tokenizer = tokenizer


def chunk(seed: int, tokens: int) -> list:
    """Batches of one chunk of conversations: (ids [rows, width], where answers are predicted, the answers' tokens).

    Conversations of like length share a batch; padding is at the right, so causal attention needs no mask.
    """
    stream = corpus.training(seed)
    rows = chat.encode(_tokenizer, [next(stream) for _ in range(CHUNK)])
    rng = random.Random(seed)
    rng.shuffle(rows)
    rows.sort(key=lambda row: (len(row[0]) + 15) // 16)
    batches, start = [], 0
    while start < len(rows):
        count = 1
        while start + count < len(rows) and (count + 1) * len(rows[start + count][0]) <= tokens:
            count += 1
        part = rows[start : start + count]
        width = max(len(ids) for ids, _ in part)
        ids = np.full((count, width), _tokenizer.pad_token_id, np.int16)
        labels = np.full((count, width), -100, np.int16)
        for row, (tokens_of, labels_of) in enumerate(part):
            ids[row, : len(tokens_of)] = tokens_of
            labels[row, : len(labels_of)] = labels_of
        following = np.roll(labels, -1, axis=1)
        following[:, -1] = -100
        where = np.flatnonzero(following != -100)
        batches.append((ids, where.astype(np.int32), following.reshape(-1)[where]))
        start += count
    rng.shuffle(batches)
    return batches


def batches(seed: int, args, tokenizer):
    """Training batches without end."""
    seeds = ((seed * 1_000_000 + i, args.tokens) for i in range(10**9))
    if args.workers == 0:
        start_worker(tokenizer)
        for item in seeds:
            yield from chunk(*item)
    with multiprocessing.get_context("fork").Pool(args.workers, start_worker, (tokenizer,)) as pool:
        ahead = [pool.apply_async(chunk, next(seeds)) for _ in range(2 * args.workers)]
        while True:
            ready = ahead.pop(0).get()
            ahead.append(pool.apply_async(chunk, next(seeds)))
            yield from ready


# ---- training


def train(model, tokenizer, args, device):
    decayed = [p for p in model.parameters() if p.dim() > 1]
    kept = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": decayed, "weight_decay": 0.1}, {"params": kept, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.98), fused=device.type == "cuda")
    start, total, step = time.time(), torch.zeros((), device=device), 0
    for ids, where, wanted in batches(args.seed, args, tokenizer):
        elapsed = (time.time() - start) / 60
        progress = max(step / args.steps, elapsed / args.max_minutes)
        if progress >= 1:
            break
        rate = args.rate * min(1.0, (step + 1) / WARMUP) * (0.5 + 0.5 * math.cos(math.pi * progress))
        for group in optimizer.param_groups:
            group["lr"] = rate
        ids, where, wanted = (torch.from_numpy(x).to(device, non_blocking=True).long() for x in (ids, where, wanted))
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state
            logits = model.lm_head(hidden.reshape(-1, hidden.shape[-1])[where])
        loss = torch.nn.functional.cross_entropy(logits.float(), wanted)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        total += loss.detach()
        step += 1
        if step % args.report == 0:
            print(f"step {step}  loss {total.item() / args.report:.4f}  rate {rate:.2e}  {time.time() - start:.0f} s", flush=True)
            total.zero_()
    print(f"{step} steps in {time.time() - start:.0f} s")


# ---- the folder


def write_json(path: Path, value):
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def save(model, tokenizer, out: Path):
    """Writes weights in bfloat16, and config, tokenizer and chat template as public checkpoints lay them out."""
    out.mkdir(parents=True, exist_ok=True)
    weights = {name: value.to("cpu", torch.bfloat16).contiguous() for name, value in model.state_dict().items()}
    weights.pop("lm_head.weight", None)  # tied
    save_file(weights, out / "model.safetensors", metadata={"format": "pt"})
    stop, end = tokenizer.eos_token_id, tokenizer.pad_token_id
    write_json(out / "config.json", CONFIG | {"eos_token_id": stop, "pad_token_id": end})
    write_json(out / "generation_config.json", {"do_sample": False, "eos_token_id": [stop, end], "pad_token_id": end})
    tokenizer.backend_tokenizer.save(str(out / "tokenizer.json"))
    added = {
        str(i): {"content": t.content, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": t.special}
        for i, t in sorted(tokenizer.added_tokens_decoder.items())
    }
    write_json(out / "tokenizer_config.json", {
        "add_bos_token": False, "add_prefix_space": False, "added_tokens_decoder": added, "bos_token": None,
        "clean_up_tokenization_spaces": False, "eos_token": chat.STOP, "errors": "replace",
        "model_max_length": chat.MAX_POSITIONS, "pad_token": chat.END, "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": None,
    })
    write_json(out / "special_tokens_map.json", {"eos_token": chat.STOP, "pad_token": chat.END})
    (out / "chat_template.jinja").write_text(chat.TEMPLATE.read_text())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=22000)
    parser.add_argument("--max-minutes", type=float, default=8.0)
    parser.add_argument("--rate", type=float, default=2e-3, help="peak learning rate")
    parser.add_argument("--init", type=Path, help="go on from this checkpoint folder and its tokenizer")
    parser.add_argument("--tokens", type=int, default=49152, help="tokens per batch")
    parser.add_argument("--workers", type=int, default=12, help="processes that make batches; 0: none")
    parser.add_argument("--report", type=int, default=500)
    parser.add_argument("--size", type=int, default=200, help="held-out questions per task")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.type == "cpu":
        torch.set_num_threads(1)
    if args.init:
        tokenizer = AutoTokenizer.from_pretrained(args.init)
        model = Qwen3ForCausalLM.from_pretrained(args.init, dtype=torch.float32).to(device)
    else:
        tokenizer = chat.train_tokenizer()
        model = new_model(args.seed).to(device)
    chat.check_template(tokenizer)
    print(f"{sum(p.numel() for p in model.parameters())} parameters on {device}", flush=True)
    train(model, tokenizer, args, device)
    save(model, tokenizer, args.out)
    model = model.to(torch.bfloat16).float().eval()  # measure what was saved
    table, _ = evaluate.measure(model, tokenizer, args.size, 512, show=60)
    evaluate.print_table(table)


if __name__ == "__main__":
    main()
