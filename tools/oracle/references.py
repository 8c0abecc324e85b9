"""Logits by Transformers and by mlx-lm, in float32 on the CPU."""

import json
import os
import tempfile
from pathlib import Path

import numpy as np

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import inventory
import rule


def versions() -> dict:
    from importlib.metadata import version

    return {name: version(name) for name in ("transformers", "torch", "mlx", "mlx-lm")}


def folder_for(stack, config: dict, tensors: list, plain: bool) -> str:
    """A checkpoint folder; plain: dequantised, and the config says nothing of quantisation."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    if plain:
        tensors = inventory.dequantised(config, tensors)
        config = {key: value for key, value in config.items() if key not in ("quantization", "quantization_config")}
    (folder / "config.json").write_text(json.dumps(config))
    rule.write_safetensors(folder / "model.safetensors", tensors)
    return str(folder)


def transformers_logits(folder: str, tokens: list, prefill: int | None = None, lenient: bool = False) -> np.ndarray:
    """One row a token. With prefill, that many tokens at once and the others one by one; lenient: surplus tensors are ignored.

    The model is loaded anew every time: some rope types remember the longest sequence that they have seen.
    """
    import torch
    from transformers import AutoModelForCausalLM, DynamicCache

    torch.set_num_threads(1)
    model, report = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    bad = {key: report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys") if report[key]}
    if lenient:
        bad.pop("unexpected_keys", None)
    if bad:
        raise ValueError(f"Transformers does not find every tensor: {bad}")
    model.eval()
    with torch.no_grad():
        if prefill is None:
            return model(torch.tensor([tokens]), use_cache=False).logits[0].numpy()
        cache = DynamicCache(config=model.config)
        pieces = [tokens[:prefill]] + [[token] for token in tokens[prefill:]]
        rows = [model(torch.tensor([piece]), past_key_values=cache, use_cache=True).logits[0] for piece in pieces]
        return torch.cat(rows).numpy()


def mlx_lm_logits(folder: str, tokens: list, prefill: int | None = None) -> np.ndarray:
    """The same by mlx-lm, with weights that are floats made float32."""
    import mlx.core as mx
    from mlx.utils import tree_map
    from mlx_lm.models.cache import make_prompt_cache
    from mlx_lm.utils import load_model

    mx.set_default_device(mx.cpu)
    model, _ = load_model(Path(folder), lazy=False, strict=True)
    floats = (mx.bfloat16, mx.float16)
    model.update(tree_map(lambda x: x.astype(mx.float32) if x.dtype in floats else x, model.parameters()))
    cache = make_prompt_cache(model)
    pieces = [tokens] if prefill is None else [tokens[:prefill]] + [[token] for token in tokens[prefill:]]
    rows = [np.array(model(mx.array([piece]), cache=cache)[0].astype(mx.float32)) for piece in pieces]
    return np.concatenate(rows)


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference over the largest value of b."""
    return float(np.abs(a.astype(np.float64) - b).max() / np.abs(b).max())
