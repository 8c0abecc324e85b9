"""From a model's tensor names and shapes to an inventory: which dtype and which fill every tensor gets."""

import copy
import math
import tempfile
from pathlib import Path

import numpy as np

import rule

GAIN = 1.3  # a little over the variance-preserving scale, so that logits vary
HEAD_GAIN = 2.0


def names_and_shapes(config: dict) -> dict:
    """The tensors that Transformers saves for this config: name to shape, as on the hub."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    with tempfile.TemporaryDirectory() as folder:
        plain = {key: value for key, value in config.items() if key not in ("quantization", "quantization_config")}
        known = AutoConfig.for_model(**copy.deepcopy(plain))  # Transformers writes into nested objects
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(known, dtype=torch.float32)
        model.save_pretrained(folder)
        header = rule.read_header(Path(folder) / "model.safetensors")
    return {name: header[name]["shape"] for name in sorted(header)}


def uniform(base: float, scale: float) -> dict:
    return {"kind": "uniform", "base": float(np.float32(base)), "scale": float(np.float32(scale))}


def is_norm(name: str) -> bool:
    return "norm" in name.split(".")[-2]


def amplitude(name: str, shape: list) -> float:
    """The largest weight of a matrix."""
    if "embed" in name:
        return 1.0
    gain = HEAD_GAIN if "lm_head" in name else GAIN
    return gain * math.sqrt(3.0 / shape[-1])


def plain(name: str, shape: list, dtype: str) -> list:
    """The entry of a tensor that is not quantised."""
    if is_norm(name):
        fill = uniform(1.0, 0.3)
    elif name.endswith(".bias"):
        fill = uniform(0.0, 0.3)
    else:
        fill = uniform(0.0, amplitude(name, shape))
    return [{"name": name, "dtype": dtype, "shape": shape, "fill": fill}]


def affine(name: str, shape: list, dtype: str, bits: int, group: int) -> list:
    """MLX's affine form of a matrix: packed codes, and a scale and a bias for every group of inputs."""
    top, stem = amplitude(name, shape), name.removesuffix(".weight")
    rows, columns = shape
    if columns % group or columns * bits % 32:
        raise ValueError(f"{name}: {columns} inputs do not divide into groups of {group} at {bits} bits")
    scale = 2 * top / (2**bits - 1)
    groups = [rows, columns // group]
    return [
        {"name": stem + ".biases", "dtype": dtype, "shape": groups, "fill": uniform(-top, top / 10)},
        {"name": stem + ".scales", "dtype": dtype, "shape": groups, "fill": uniform(scale, 0.3 * scale)},
        {"name": name, "dtype": "U32", "shape": [rows, columns * bits // 32], "fill": {"kind": "u32"}},
    ]


def fp8(name: str, shape: list, dtype: str, block: list) -> list:
    """A matrix in float8_e4m3fn with an inverse scale for every block, as DeepSeek's and Qwen's FP8 checkpoints have it."""
    blocks = [-(-shape[0] // block[0]), -(-shape[1] // block[1])]
    spread = float(np.sqrt(np.nanmean(np.square(rule.E4M3, dtype=np.float64))))
    scale = amplitude(name, shape) / math.sqrt(3.0) / spread
    return [
        {"name": name, "dtype": "F8_E4M3", "shape": shape, "fill": {"kind": "e4m3"}},
        {"name": name + "_scale_inv", "dtype": dtype, "shape": blocks, "fill": uniform(scale, 0.3 * scale)},
    ]


def form_of(config: dict, stem: str) -> dict | None:
    """Bits and group size of a module in MLX's affine form: the config's own entry for it, or the default."""
    default = config.get("quantization")
    own = default.get(stem, default) if default else None
    return own if isinstance(own, dict) else None


def make(config: dict, seed: int, dtype: str) -> dict:
    """The inventory of a config: quantised where the config says so, of this dtype elsewhere."""
    blocks = config.get("quantization_config", {})
    tensors = []
    for name, shape in names_and_shapes(config).items():
        matrix = name.endswith(".weight") and len(shape) == 2
        form = form_of(config, name.removesuffix(".weight")) if matrix else None
        if form:
            tensors += affine(name, shape, dtype, form["bits"], form["group_size"])
        elif blocks.get("quant_method") == "fp8" and matrix and "proj" in name:
            tensors += fp8(name, shape, dtype, blocks["weight_block_size"])
        else:
            tensors += plain(name, shape, dtype)
    return {"seed": seed, "tensors": tensors}


def dequantised(config: dict, tensors: list) -> list:
    """The same weights as float32 matrices, by the definition of the form."""
    data = {name: rule.decode(values, dtype) if dtype != "U32" else values for name, dtype, values in tensors}
    result = []
    for name, dtype, values in tensors:
        if name.endswith((".scales", ".biases", "_scale_inv")):
            continue
        stem = name.removesuffix(".weight")
        if dtype == "U32":
            form = form_of(config, stem)
            values = unpack(values, form["bits"])
            rows = len(values)
            values = values.reshape(rows, -1, form["group_size"]) * data[stem + ".scales"][..., None] + data[stem + ".biases"][..., None]
            values = values.reshape(rows, -1)
        elif dtype == "F8_E4M3":
            high, wide = config["quantization_config"]["weight_block_size"]
            scale = data[name + "_scale_inv"].repeat(high, 0).repeat(wide, 1)
            values = data[name] * scale[: values.shape[0], : values.shape[1]]
        else:
            values = data[name]
        result.append((name, "F32", values.astype(np.float32)))
    return result


def unpack(words: np.ndarray, bits: int) -> np.ndarray:
    """The codes in packed words: one stream of bits, lowest first."""
    stream = np.unpackbits(words.astype("<u4").view(np.uint8), axis=-1, bitorder="little")
    codes = stream.reshape(*words.shape[:-1], -1, bits)
    return (codes * (1 << np.arange(bits))).sum(-1).astype(np.float32)
