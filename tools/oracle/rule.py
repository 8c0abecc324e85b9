"""The weight rule: a tensor's bytes follow from its name, dtype, shape, fill and the inventory's seed (numpy only).

README.md states the rule; internal/recipe is the same rule in Go, and its tests compare the bytes.
"""

import json
import struct
from pathlib import Path

import numpy as np

MASK = (1 << 64) - 1
STEP = 0x9E3779B97F4A7C15
FIRST, SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def fnv1a(name: str) -> int:
    """FNV-1a of the name's UTF-8 bytes, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in name.encode("utf-8"):
        value = (value ^ byte) * 0x100000001B3 & MASK
    return value


def mix(z: np.ndarray) -> np.ndarray:
    """The finaliser of splitmix64."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(FIRST)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(SECOND)
    return z ^ (z >> np.uint64(31))


def stream(name: str, seed: int, count: int) -> np.ndarray:
    """The first count values of the tensor's stream."""
    with np.errstate(over="ignore"):
        start = mix(np.array([fnv1a(name) ^ (seed * STEP & MASK)], np.uint64))
        return mix(start + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(STEP))


def bfloat16_bits(values: np.ndarray) -> np.ndarray:
    """float32 to bfloat16, to nearest, ties to even."""
    bits = values.astype(np.float32).view(np.uint32)
    return ((bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)).astype(np.uint16)


def store(values: np.ndarray, dtype: str) -> np.ndarray:
    """float32 values as the dtype keeps them; bfloat16 as 16-bit words."""
    if dtype == "BF16":
        return bfloat16_bits(values)
    return values.astype({"F32": np.float32, "F16": np.float16}[dtype])


def e4m3(values: np.ndarray) -> np.ndarray:
    """The top byte of every value, as a float8_e4m3fn that is not NaN."""
    byte = (values >> np.uint64(56)).astype(np.uint8)
    return np.where(byte & 0x7F == 0x7F, byte ^ 1, byte).astype(np.uint8)


def fill(tensor: dict, seed: int) -> np.ndarray:
    """The tensor's content as the file stores it."""
    name, dtype, shape, rule = tensor["name"], tensor["dtype"], tensor["shape"], tensor["fill"]
    count = int(np.prod(shape, dtype=np.int64))
    kind = rule["kind"]
    if kind == "e4m3x4":
        return e4m3(stream(name, seed, 4 * count)).view("<u4").reshape(shape)
    values = stream(name, seed, count)
    unit = (values >> np.uint64(40)).astype(np.float64) * 2.0**-23 - 1.0
    word = values >> np.uint64(32)
    if kind == "uniform":
        data = store((rule["base"] + rule["scale"] * unit).astype(np.float32), dtype)
    elif kind == "log_iota":
        steps = np.log(1.0 + np.arange(count) % shape[-1])
        data = store((steps + rule["scale"] * unit).astype(np.float32), dtype)
    elif kind == "u32":
        data = word.astype(np.uint32)
    elif kind in ("u8", "i64"):
        data = (rule["lo"] + (word % np.uint64(rule["n"])).astype(np.int64)).astype(np.uint8 if kind == "u8" else np.int64)
    elif kind == "e4m3":
        data = e4m3(values)
    elif kind == "ternary4":
        digits = (word % np.uint64(81)).astype(np.int64)
        data = sum((digits // 3**j % 3) << (2 * j) for j in range(4)).astype(np.uint8)
    else:
        raise ValueError(f"{name}: no such fill: {kind}")
    return data.reshape(shape)


def decode(data: np.ndarray, dtype: str) -> np.ndarray:
    """Stored numbers as float32."""
    if dtype == "BF16":
        return (data.astype(np.uint32) << np.uint32(16)).view(np.float32)
    if dtype == "F8_E4M3":
        return E4M3[data]
    return data.astype(np.float32)


def e4m3_values() -> np.ndarray:
    """The 256 values of float8_e4m3fn."""
    byte = np.arange(256)
    exponent, fraction = byte >> 3 & 15, (byte & 7) / 8.0
    size = np.where(exponent == 0, fraction * 2.0**-6, (1 + fraction) * 2.0 ** (exponent - 7.0))
    size[byte & 0x7F == 0x7F] = np.nan
    return np.where(byte & 0x80, -size, size).astype(np.float32)


E4M3 = e4m3_values()


def write_safetensors(path: Path, tensors: list):
    """Writes (name, dtype, data) triples in this order."""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, dtype, data in tensors:
        header[name] = {"dtype": dtype, "shape": list(data.shape), "data_offsets": [offset, offset + data.nbytes]}
        offset += data.nbytes
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for _, _, data in tensors:
            out.write(np.ascontiguousarray(data).tobytes())


def read_header(path: Path) -> dict:
    """The tensors of a safetensors file: name to dtype and shape, in the order of the file."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    header.pop("__metadata__", None)
    return dict(sorted(header.items(), key=lambda item: item[1]["data_offsets"]))


def materialise(inventory: dict) -> list:
    """All tensors of an inventory as (name, dtype, data)."""
    return [(t["name"], t["dtype"], fill(t, inventory["seed"])) for t in inventory["tensors"]]
