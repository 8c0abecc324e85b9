"""The recipes of this repository, test/recipes.

    python3 recipes.py                      makes all of them (minutes on one core)
    python3 recipes.py -k 'llama__yarn'     those whose name matches
    python3 recipes.py --table              prints what the case.json files say, as a table
"""

import argparse
import json
import re
from pathlib import Path

from oracle import Case, Sequence, make

ROOT = Path(__file__).resolve().parents[2] / "test" / "recipes"

LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "bos_token_id": 1,
    "eos_token_id": 2,
    "hidden_act": "silu",
    "hidden_size": 64,
    "intermediate_size": 128,
    "max_position_embeddings": 256,
    "model_type": "llama",
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "num_key_value_heads": 2,
    "rms_norm_eps": 1e-05,
    "rope_theta": 10000.0,
    "tie_word_embeddings": False,
    "vocab_size": 96,
}

QWEN3 = LLAMA | {
    "architectures": ["Qwen3ForCausalLM"],
    "attention_bias": False,
    "head_dim": 32,
    "model_type": "qwen3",
    "rms_norm_eps": 1e-06,
    "rope_theta": 1000000.0,
}

MISTRAL = LLAMA | {
    "architectures": ["MistralForCausalLM"],
    "model_type": "mistral",
    "sliding_window": None,
}

QWEN2 = LLAMA | {
    "architectures": ["Qwen2ForCausalLM"],
    "max_window_layers": 1,
    "model_type": "qwen2",
    "rms_norm_eps": 1e-06,
    "sliding_window": 8,
    "use_sliding_window": False,
}

PAST = [Sequence(7, 3), Sequence(48, 24)]  # past an original length of 16 or 32
FAR = [Sequence(7, 3), Sequence(80, 40)]  # past 64
NO_SCALING = {"rope_scaling": None}

# factor times the original length is max_position_embeddings, as Transformers wants it
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16}
SHORT = [1.0, 1.02, 1.05, 1.1, 1.2, 1.35, 1.5, 1.7]
LONG = [1.0, 1.1, 1.4, 2.0, 3.0, 4.5, 6.0, 8.0]
LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}


def affine(bits: int, group: int, **overrides) -> dict:
    """The two blocks that mlx-lm writes into a quantised checkpoint's config."""
    form = {"group_size": group, "bits": bits}
    return {"quantization": form | overrides, "quantization_config": form | overrides}


def llama(about: str, sequences=None, dtype="F32", control=None, note="", **config) -> Case:
    return Case(LLAMA | config, about, sequences or Case([], "").sequences, dtype, 1, control, note)


def qwen3(about: str, sequences=None, dtype="F32", control=None, note="", **config) -> Case:
    return Case(QWEN3 | config, about, sequences or Case([], "").sequences, dtype, 1, control, note)


def mistral(about: str, sequences=None, dtype="F32", control=None, note="", **config) -> Case:
    return Case(MISTRAL | config, about, sequences or Case([], "").sequences, dtype, 1, control, note)


def qwen2(about: str, sequences=None, dtype="F32", control=None, note="", **config) -> Case:
    return Case(QWEN2 | config, about, sequences or Case([], "").sequences, dtype, 1, control, note)


def scaled(about: str, scaling: dict, sequences=None, note="", control=None, **config) -> Case:
    return llama(about, sequences or PAST, control={"rope_scaling": control}, note=note, rope_scaling=scaling, **config)


def without(key: str, case: Case) -> Case:
    """The case with a key left out of its config."""
    case.config.pop(key)
    return case


def without_theta(case: Case) -> Case:
    """The config as Transformers 5 writes it: theta within rope_parameters only."""
    return without("rope_theta", case)


def llama_cases() -> dict:
    return {
        "gqa": llama("grouped-query attention, untied"),
        "mha": without("num_key_value_heads", llama("as many key-value heads as heads: num_key_value_heads left out")),
        "mqa": llama("one key-value head", num_key_value_heads=1),
        "tied": llama("tied embeddings", tie_word_embeddings=True),
        "bias": llama(
            "attention_bias and mlp_bias, all biases non-zero", control={"attention_bias": False, "mlp_bias": False},
            attention_bias=True, mlp_bias=True,
        ),
        "head_dim": llama("head_dim 24 is not hidden_size / heads", head_dim=24),
        "llama3": scaled("llama3 rope scaling, tokens past the original length", LLAMA3, head_dim=32),
        "linear": scaled("linear rope scaling", {"rope_type": "linear", "factor": 4.0}),
        "linear_type": scaled("linear rope scaling, written with the old key type", {"type": "linear", "factor": 2.5}),
        "yarn": scaled("yarn with its default betas", YARN | {"original_max_position_embeddings": 64}, FAR, head_dim=32),
        "yarn_betas": scaled(
            "yarn with betas for a short original length", YARN | {"beta_fast": 4.0, "beta_slow": 0.5}, control=YARN,
            head_dim=32, max_position_embeddings=64,
        ),
        "yarn_attention_factor": scaled("yarn with attention_factor", YARN | {"attention_factor": 1.4}, control=YARN, max_position_embeddings=64),
        "yarn_mscale": scaled("yarn with mscale and mscale_all_dim", YARN | {"mscale": 1.0, "mscale_all_dim": 0.6}, control=YARN, max_position_embeddings=64),
        "yarn_truncate": scaled(
            "yarn with truncate false", YARN | {"original_max_position_embeddings": 64, "truncate": False}, FAR,
            control=YARN | {"original_max_position_embeddings": 64}, head_dim=32,
        ),
        "dynamic": scaled(
            "dynamic NTK rope scaling past max_position_embeddings", {"rope_type": "dynamic", "factor": 2.0},
            max_position_embeddings=16,
            note="Transformers computes the frequencies anew whenever the sequence grows, for the new tokens only: keys in "
            "the cache keep the older rotation. So its decoding differs from its prefill, and only the prefill is checked. "
            "The frequencies depend on the length of the whole prefill.",
        ),
        "longrope": scaled(
            "longrope: short factors to the original length, long ones past it",
            {"rope_type": "longrope", "factor": 4.0, "short_factor": SHORT, "long_factor": LONG, "original_max_position_embeddings": 16},
            max_position_embeddings=64,
            note="The whole sequence uses one set of factors, chosen by its length; both parts of the longer sequence are past "
            "the original length, so decoding agrees.",
        ),
        "rope_parameters": without_theta(llama(
            "rope_parameters as Transformers 5 writes them, theta within", PAST, control={"rope_parameters": None},
            rope_parameters={"rope_type": "default", "rope_theta": 500.0},
        )),
        "rope_parameters_llama3": without_theta(llama(
            "llama3 scaling within rope_parameters", PAST, control={"rope_parameters": None}, head_dim=32,
            rope_parameters=LLAMA3 | {"rope_theta": 500000.0},
        )),
        "bf16": llama("bfloat16 weights", dtype="BF16", torch_dtype="bfloat16"),
        "f16": llama("float16 weights", dtype="F16", torch_dtype="float16"),
        "q4_g64": llama("MLX affine, 4 bits, groups of 64", **affine(4, 64)),
        "q8_g32": llama("MLX affine, 8 bits, groups of 32", **affine(8, 32)),
        "q2_g64": llama("MLX affine, 2 bits, groups of 64", **affine(2, 64)),
        "q3_g64": llama("MLX affine, 3 bits, groups of 64", **affine(3, 64)),
        "q5_g32": llama("MLX affine, 5 bits, groups of 32", **affine(5, 32)),
        "q6_g64": llama("MLX affine, 6 bits, groups of 64", **affine(6, 64)),
        "q4_tied": llama("MLX affine, 4 bits, tied: the head multiplies by the quantised embedding", tie_word_embeddings=True, **affine(4, 64)),
        "q4_bias": llama("MLX affine, 4 bits, and biases of the linears", attention_bias=True, mlp_bias=True, **affine(4, 64)),
        "q_mixed": llama(
            "MLX affine, 4 bits, with 8 bits for one linear and none for the head and one more",
            **affine(4, 64, **{"model.layers.0.mlp.down_proj": {"group_size": 32, "bits": 8}, "model.layers.1.self_attn.v_proj": False, "lm_head": False}),
        ),
        "long": llama("600 tokens; the logits of every 37th", [Sequence(600, 300, 37)], max_position_embeddings=1024),
    }


def qwen3_cases() -> dict:
    windows = {"use_sliding_window": True, "sliding_window": 8, "max_window_layers": 1, "num_hidden_layers": 3}
    no_window = {"use_sliding_window": False, "layer_types": None}
    long = [Sequence(7, 3), Sequence(33, 16), Sequence(48, 5)]
    return {
        "base": qwen3("head_dim 32 is not hidden_size / heads, untied"),
        "tied": qwen3("tied embeddings", tie_word_embeddings=True),
        "bias": qwen3("attention_bias, all biases non-zero", control={"attention_bias": False}, attention_bias=True),
        "head_dim": qwen3("head_dim 16", head_dim=16),
        "window": qwen3(
            "sliding windows of 8 in the layers from max_window_layers on", long, control=no_window, **windows,
        ),
        "window_layer_types": qwen3(
            "sliding windows of 8 where layer_types says so, against max_window_layers", long, control=no_window, **windows,
            layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        ),
        "window_off": qwen3(
            "a sliding_window that use_sliding_window switches off, as public configs have it", long,
            control={"use_sliding_window": True}, **windows | {"use_sliding_window": False},
        ),
        "yarn": qwen3("yarn", PAST, control=NO_SCALING, rope_scaling=YARN, max_position_embeddings=64),
        "rope_parameters": without_theta(qwen3(
            "rope_parameters as Transformers 5 writes them, theta within", PAST, control={"rope_parameters": None},
            rope_parameters={"rope_type": "default", "rope_theta": 500.0},
        )),
        "rope_parameters_yarn": without_theta(qwen3(
            "yarn within rope_parameters", PAST, control={"rope_parameters": {"rope_type": "default", "rope_theta": 1000000.0}},
            rope_parameters=YARN | {"rope_theta": 1000000.0}, max_position_embeddings=64,
        )),
        "bf16": qwen3("bfloat16 weights", dtype="BF16", torch_dtype="bfloat16"),
        "q4_g64": qwen3("MLX affine, 4 bits, groups of 64, bfloat16 scales and biases", dtype="BF16", torch_dtype="bfloat16", **affine(4, 64)),
        "q8_g32": qwen3("MLX affine, 8 bits, groups of 32, bfloat16 scales and biases", dtype="BF16", torch_dtype="bfloat16", **affine(8, 32)),
        "fp8": qwen3(
            "FP8 (e4m3) weights with inverse scales for blocks of 128 × 128, the last blocks partial", dtype="BF16",
            note="The reference is float32 arithmetic on the dequantised weights; activations are not quantised.",
            torch_dtype="bfloat16", hidden_size=192, intermediate_size=320, head_dim=64,
            quantization_config={"activation_scheme": "dynamic", "fmt": "e4m3", "quant_method": "fp8", "weight_block_size": [128, 128]},
        ),
    }


def mistral_cases() -> dict:
    long = [Sequence(7, 3), Sequence(33, 16), Sequence(48, 5)]
    return {
        "full": mistral("no window, as later releases have it"),
        "window": mistral("a sliding window of 8 in every layer", long, control={"sliding_window": None}, sliding_window=8),
        "head_dim": mistral("head_dim 24 is not hidden_size / heads, tied", head_dim=24, tie_word_embeddings=True),
        "bf16": mistral("bfloat16 weights and a window", long, dtype="BF16", torch_dtype="bfloat16", sliding_window=8),
    }


def qwen2_cases() -> dict:
    long = [Sequence(7, 3), Sequence(33, 16), Sequence(48, 5)]
    return {
        "base": qwen2("biases of query, key and value; a window that is switched off, as public configs have it"),
        "tied": qwen2("tied embeddings", tie_word_embeddings=True),
        "window": qwen2("sliding windows of 8 from layer 1 on", long, control={"use_sliding_window": False}, use_sliding_window=True, num_hidden_layers=3),
        "yarn": qwen2("yarn", PAST, control=NO_SCALING, rope_scaling=YARN, max_position_embeddings=64),
        "q4_g64": qwen2("MLX affine, 4 bits, groups of 64, bfloat16 scales and biases", dtype="BF16", torch_dtype="bfloat16", **affine(4, 64)),
    }


def cases() -> dict:
    families = {"llama": llama_cases(), "mistral": mistral_cases(), "qwen2": qwen2_cases(), "qwen3": qwen3_cases()}
    return {f"{family}__{name}": case for family, found in families.items() for name, case in found.items()}


def table():
    print("| recipe | what it tests | largest logit | mlx-lm differs by | decode differs by | without it |")
    print("|---|---|---|---|---|---|")
    keys = ("about", "largest_logit", "mlx_lm_difference", "transformers_decode_difference", "control_difference")
    for name in cases():
        about = {"mlx_lm_difference": "refuses"} | json.loads((ROOT / name / "case.json").read_text())
        print("|", name, "|", " | ".join(str(about.get(key, "")) for key in keys), "|")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-k", default="", help="a regular expression")
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    if args.table:
        return table()
    for name, case in cases().items():
        if re.search(args.k, name):
            about = make(case, ROOT / name)
            keys = ("mlx_lm_difference", "mlx_lm_error", "transformers_decode_difference", "control_difference", "different_answers")
            print(name, {key: about[key] for key in keys if key in about}, flush=True)


if __name__ == "__main__":
    main()
