"""Makes a recipe folder from a config: a small random checkpoint by rule, and the references' logits for it.

    python3 oracle.py --config config.json --out ../../test/recipes/llama__mine --about "what it tests"

writes config.json, inventory.json, expected.json and case.json. README.md describes them.
"""

import argparse
import base64
import contextlib
import hashlib
import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import inventory
import references
import rule

TOLERANCE = 1e-4
# Without what it tests, a recipe's logits must move by this many tolerances, or the recipe tests nothing.
EFFECT = 20


@dataclass
class Sequence:
    """How many tokens, how many of them are prefilled before decoding, and which rows are kept (every so many)."""

    length: int
    prefill: int
    every: int = 1


@dataclass
class Case:
    config: dict
    about: str
    sequences: list = field(default_factory=lambda: [Sequence(7, 3), Sequence(33, 16)])
    dtype: str = "F32"
    seed: int = 1
    control: dict | None = None  # config changes that switch off what the recipe tests
    note: str = ""


def tokens_of(case: Case, index: int) -> list:
    """The tokens of a sequence, by the weight rule's stream."""
    values = rule.stream(f"tokens.{index}", case.seed, case.sequences[index].length)
    return [int(value) for value in (values >> np.uint64(32)) % np.uint64(case.config["vocab_size"])]


def changed(config: dict, control: dict) -> dict:
    """The config with the control's keys set, or removed where they are None."""
    merged = config | control
    return {key: value for key, value in merged.items() if value is not None or key not in control}


def dump_inventory(content: dict) -> str:
    lines = ",\n".join(json.dumps(tensor, ensure_ascii=False) for tensor in content["tensors"])
    return f'{{"seed": {content["seed"]}, "tensors": [\n{lines}\n]}}\n'


def worst(pairs: list) -> float:
    return float(f"{max(references.difference(a, b) for a, b in pairs):.3g}")


def refer(case: Case, tensors: list, stack) -> tuple:
    """The authority's logits of every sequence, and what is known about them."""
    quantised = "quantization" in case.config or "quantization_config" in case.config
    plain = references.folder_for(stack, case.config, tensors, quantised)
    own = references.folder_for(stack, case.config, tensors, False)
    tokens = [tokens_of(case, i) for i in range(len(case.sequences))]
    splits = [sequence.prefill for sequence in case.sequences]
    full = [references.transformers_logits(plain, row) for row in tokens]
    stepwise = [references.transformers_logits(plain, row, split) for row, split in zip(tokens, splits)]
    facts = {"transformers_decode_difference": worst(list(zip(stepwise, full)))}
    try:
        other = [references.mlx_lm_logits(own, row) for row in tokens]
        facts["mlx_lm_difference"] = worst(list(zip(other, full)))
        stepwise = [references.mlx_lm_logits(own, row, split) for row, split in zip(tokens, splits)]
        facts["mlx_lm_decode_difference"] = worst(list(zip(stepwise, full)))
    except Exception as error:  # mlx-lm refuses many a config; that is a fact of the case
        facts["mlx_lm_error"] = f"{type(error).__name__}: {error}".splitlines()[0].replace(own, "MODEL")[:200]
    if case.control is not None:
        bare = references.folder_for(stack, changed(case.config, case.control), tensors, quantised)
        facts["control"] = case.control
        moved = [references.transformers_logits(bare, row, lenient=True) for row in tokens]
        facts["control_difference"] = worst(list(zip(moved, full)))
        if facts["control_difference"] < EFFECT * TOLERANCE:
            raise ValueError(f"what the recipe tests moves its logits by {facts['control_difference']} only")
    return tokens, full, facts


def expected_of(case: Case, tokens: list, full: list, decode: bool) -> dict:
    sequences = []
    for plan, row, logits in zip(case.sequences, tokens, full):
        entry = {"tokens": row, "prefill": plan.prefill}
        if plan.every > 1:
            kept = sorted({*range(0, len(row), plan.every), len(row) - 1})
            entry["rows"], logits = kept, logits[kept]
        entry["shape"] = list(logits.shape)
        entry["logits_f32le_b64"] = base64.b64encode(np.ascontiguousarray(logits, "<f4").tobytes()).decode()
        sequences.append(entry)
    vocab = case.config["vocab_size"]
    return {"vocab": vocab, "tol_rel": TOLERANCE, "bad_rows_ok": 0.0, "decode_check": decode, "sequences": sequences}


def make(case: Case, out: Path) -> dict:
    """Writes the recipe folder; returns the content of case.json."""
    plan = inventory.make(case.config, case.seed, case.dtype)
    tensors = rule.materialise(plan)
    with contextlib.ExitStack() as stack:
        tokens, full, facts = refer(case, tensors, stack)
        model = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "model.safetensors"
        rule.write_safetensors(model, tensors)
        digest = hashlib.sha256(model.read_bytes()).hexdigest()
    decode = facts["transformers_decode_difference"] <= TOLERANCE / 10
    about = {"about": case.about, "authority": "transformers"}
    if case.note:
        about["note"] = case.note
    about |= {"versions": references.versions(), "model_sha256": digest, "decode_check": decode, **facts}
    about["largest_logit"] = round(float(max(np.abs(logits).max() for logits in full)), 3)
    about["different_answers"] = len({int(token) for logits in full for token in logits.argmax(-1)})
    out.mkdir(parents=True, exist_ok=True)
    (out / "config.json").write_text(json.dumps(case.config, indent=2) + "\n")
    (out / "inventory.json").write_text(dump_inventory(plan), encoding="utf-8")
    (out / "expected.json").write_text(json.dumps(expected_of(case, tokens, full, decode)) + "\n")
    (out / "case.json").write_text(json.dumps(about, indent=2) + "\n")
    return about


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--about", default="")
    parser.add_argument("--dtype", choices=["F32", "F16", "BF16"], default="F32", help="of the tensors that are not packed")
    parser.add_argument("--quantise", metavar="BITS:GROUP", help="MLX affine, for example 4:64 (adds `quantization` to the config)")
    parser.add_argument("--lengths", default="7:3,33:16", help="LENGTH:PREFILL[:EVERY],… of the token sequences")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--control", type=json.loads, help="config changes that switch off what the recipe tests, as JSON")
    args = parser.parse_args()
    config = json.loads(args.config.read_text(encoding="utf-8"))
    if args.quantise:
        bits, group = map(int, args.quantise.split(":"))
        config |= {"quantization": {"group_size": group, "bits": bits}, "quantization_config": {"group_size": group, "bits": bits}}
    sequences = [Sequence(*map(int, part.split(":"))) for part in args.lengths.split(",")]
    case = Case(config, args.about, sequences, args.dtype, args.seed, args.control)
    print(json.dumps(make(case, args.out), indent=2))


if __name__ == "__main__":
    main()
