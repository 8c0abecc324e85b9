"""Writes internal/recipe/testdata/kinds: an inventory with every fill and dtype, and the hash of every tensor's bytes.

    python3 vectors.py
"""

import hashlib
import json
from pathlib import Path

import oracle
import rule

OUT = Path(__file__).resolve().parents[2] / "internal" / "recipe" / "testdata" / "kinds"


def tensor(name: str, dtype: str, shape: list, **fill) -> dict:
    return {"name": name, "dtype": dtype, "shape": shape, "fill": fill}


TENSORS = [
    tensor("uniform.f32", "F32", [3, 50], kind="uniform", base=0.0, scale=0.28),
    tensor("uniform.f32.base", "F32", [64], kind="uniform", base=1.0, scale=0.3),
    tensor("uniform.bf16", "BF16", [5, 7, 11], kind="uniform", base=-0.25, scale=0.4330126941204071),
    tensor("uniform.f16", "F16", [4, 33], kind="uniform", base=0.0, scale=1.5),
    tensor("uniform.f16.small", "F16", [300], kind="uniform", base=0.0, scale=1e-5),
    tensor("uniform.f16.tiny", "F16", [300], kind="uniform", base=0.0, scale=5e-8),
    tensor("uniform.f16.large", "F16", [300], kind="uniform", base=0.0, scale=70000.0),
    tensor("uniform.scalar", "F32", [], kind="uniform", base=2.0, scale=1.0),
    tensor("log_iota.f32", "F32", [6, 16], kind="log_iota", scale=0.1),
    tensor("log_iota.bf16", "BF16", [6, 16], kind="log_iota", scale=0.1),
    tensor("u32", "U32", [9, 8], kind="u32"),
    tensor("u8", "U8", [40], kind="u8", lo=120, n=9),
    tensor("u8.full", "U8", [40], kind="u8", lo=0, n=256),
    tensor("i64", "I64", [21], kind="i64", lo=-3, n=7),
    tensor("e4m3", "F8_E4M3", [30, 40], kind="e4m3"),
    tensor("e4m3x4", "U32", [12, 5], kind="e4m3x4"),
    tensor("ternary4", "U8", [16, 16], kind="ternary4"),
    tensor("empty", "F32", [0, 4], kind="uniform", base=0.0, scale=1.0),
    tensor("größe.weight", "F32", [4, 4], kind="uniform", base=0.0, scale=1.0),
]


def main():
    plan = {"seed": 12345678901234567890, "tensors": TENSORS}
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "inventory.json").write_text(oracle.dump_inventory(plan), encoding="utf-8")
    (OUT / "config.json").write_text('{"model_type": "kinds"}\n')
    hashes = {name: hashlib.sha256(data.tobytes()).hexdigest() for name, _, data in rule.materialise(plan)}
    (OUT / "hashes.json").write_text(json.dumps(hashes, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
