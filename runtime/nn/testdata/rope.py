"""Writes rope.json: inverse frequencies and attention factors of rope plans as Transformers computes them (pip install transformers torch)."""

import json
import sys

from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

HEAD_DIM = 16
ORIGINAL = 64

PLANS = [
    # name, rope parameters, max positions, sequence length, contract.Rope
    ("linear", {"rope_type": "linear", "factor": 4.0}, 256, None, {"Factor": 4}),
    ("dynamic, short", {"rope_type": "dynamic", "factor": 2.0}, 64, 40, {"Factor": 2}),
    ("dynamic, long", {"rope_type": "dynamic", "factor": 2.0}, 64, 200, {"Factor": 2}),
    (
        "llama3",
        {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": ORIGINAL},
        512, None, {"Factor": 8, "LowFreq": 1, "HighFreq": 4, "OriginalMax": ORIGINAL},
    ),
    (
        "yarn",
        {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": ORIGINAL},
        256, None, {"Factor": 4, "OriginalMax": ORIGINAL, "BetaFast": 32, "BetaSlow": 1, "Truncate": True},
    ),
    (
        "yarn, not truncated, own betas",
        {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": ORIGINAL, "beta_fast": 16, "beta_slow": 2, "truncate": False},
        256, None, {"Factor": 4, "OriginalMax": ORIGINAL, "BetaFast": 16, "BetaSlow": 2, "Truncate": False},
    ),
    (
        "yarn, mscales",
        {"rope_type": "yarn", "factor": 40.0, "original_max_position_embeddings": ORIGINAL, "mscale": 1.0, "mscale_all_dim": 0.5},
        2560, None, {"Factor": 40, "OriginalMax": ORIGINAL, "BetaFast": 32, "BetaSlow": 1, "Truncate": True, "MScale": 1, "MScaleAllDim": 0.5},
    ),
    (
        "yarn, attention factor",
        {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": ORIGINAL, "attention_factor": 1.25},
        256, None, {"Factor": 4, "OriginalMax": ORIGINAL, "BetaFast": 32, "BetaSlow": 1, "Truncate": True, "AttentionFactor": 1.25},
    ),
]
SHORT = [1.0 + 0.1 * i for i in range(HEAD_DIM // 2)]
LONG = [1.0 + 0.5 * i for i in range(HEAD_DIM // 2)]
for name, length in (("longrope, short", ORIGINAL), ("longrope, long", ORIGINAL + 1)):
    PLANS.append((
        name,
        {"rope_type": "longrope", "short_factor": SHORT, "long_factor": LONG, "factor": 4.0, "original_max_position_embeddings": ORIGINAL},
        256, length, {"Factor": 4, "OriginalMax": ORIGINAL, "ShortFactor": SHORT, "LongFactor": LONG},
    ))


def main() -> None:
    cases = []
    for name, parameters, max_positions, length, plan in PLANS:
        kind = parameters["rope_type"]
        config = LlamaConfig(
            hidden_size=2 * HEAD_DIM, num_attention_heads=2, head_dim=HEAD_DIM, max_position_embeddings=max_positions,
            rope_parameters={"rope_theta": 10000.0, **parameters},
        )
        inverse, factor = ROPE_INIT_FUNCTIONS[kind](config, "cpu", seq_len=length)
        plan = {"Kind": kind, "Theta": 10000, "Dims": HEAD_DIM, "MaxPositions": max_positions, **plan}
        cases.append({"name": name, "plan": plan, "length": length or 0, "inverse": inverse.tolist(), "factor": float(factor)})
    json.dump(cases, sys.stdout, indent=1)
    print()


main()
