#!/usr/bin/env python3
"""Trains the small tokenizers of this folder and writes what Transformers makes of them.

    python3 -m venv /tmp/oracle
    /tmp/oracle/bin/pip install tokenizers==0.23.3 transformers==5.23.0 jinja2==3.1.6
    /tmp/oracle/bin/python generate.py

Training is deterministic but may differ between versions: commit the tokenizers and the goldens together.
"""

import json
import pathlib
import shutil

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from texts import PROSE, texts

HERE = pathlib.Path(__file__).parent
CORPUS = PROSE * 20
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def save(name, tokenizer, config, files=None):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "tokenizer.json").write_text(tokenizer.to_str(pretty=False), encoding="utf-8")
    files = {"tokenizer_config.json": config} | (files or {})
    for file, value in files.items():
        path = folder / file
        path.parent.mkdir(exist_ok=True)
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
        path.write_text(text, encoding="utf-8")


def special(content, **properties):
    return AddedToken(content, special=True, normalized=False, **properties)


def properties(content, **changes):
    token = {"content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return token | changes


def byte_level():
    """Byte-level BPE with a split pattern, chat tokens, and tokens that only the configuration has."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(SPLIT), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=900, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_special_tokens([special("<|endoftext|>"), special("<|im_start|>"), special("<|im_end|>")])
    tokenizer.add_tokens([AddedToken("<tool_call>", normalized=False), AddedToken("</tool_call>", normalized=False)])
    # What a prompt never wants; Transformers ignores both.
    tokenizer.enable_truncation(5)
    tokenizer.enable_padding(length=64)
    size = tokenizer.get_vocab_size()
    decoder = {str(i): properties(t) for i, t in [(size - 5, "<|endoftext|>"), (size - 4, "<|im_start|>"), (size - 3, "<|im_end|>")]}
    decoder |= {str(i): properties(t, special=False) for i, t in [(size - 2, "<tool_call>"), (size - 1, "</tool_call>")]}
    decoder[str(size)] = properties("user_token_1", special=False, normalized=True)
    decoder[str(size + 1)] = properties("<mask>", lstrip=True)
    save(
        "bytelevel",
        tokenizer,
        {
            "add_bos_token": True,
            "added_tokens_decoder": decoder,
            "additional_special_tokens": ["<|im_start|>", "<|im_end|>"],
            "bos_token": None,
            "eos_token": "<|im_end|>",
            "pad_token": "<|endoftext|>",
            "image_token": "<|image|>",
            "model_max_length": 1000000000000000019884624838656,
            "tokenizer_class": "PreTrainedTokenizerFast",
            "chat_template": "{{ 'config' }}",
        },
        {
            "chat_template.jinja": "{{ 'file' }}\n",
            "additional_chat_templates/rag.jinja": "{{ 'rag' }}",
            "special_tokens_map.json": {"eos_token": "<wrong>"},
        },
    )


def spm():
    """BPE as SentencePiece writes it: Metaspace by replacement, byte fallback, BOS by the post-processor."""
    alphabet = "".join(sorted({c for line in PROSE[:6] for c in line}))
    trained = Tokenizer(models.BPE())
    trained.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)],
        limit_alphabet=len(alphabet),
        show_progress=False,
    )
    trained.train_from_iterator(CORPUS[:6] * 50, trainer)
    model = json.loads(trained.to_str())["model"]
    merges = [tuple(merge) for merge in model["merges"]]
    tokenizer = Tokenizer(models.BPE(model["vocab"], merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = trained.normalizer
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.add_special_tokens([special("<unk>"), special("<s>"), special("</s>")])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))]
    )
    save(
        "spm",
        tokenizer,
        {
            "add_bos_token": False,
            "add_eos_token": True,
            "bos_token": properties("<s>") | {"__type": "AddedToken"},
            "eos_token": {"__type": "AddedToken", "content": "</s>", "lstrip": False, "normalized": False, "rstrip": False, "single_word": False},
            "unk_token": "<unk>",
            "tokenizer_class": "PreTrainedTokenizerFast",
            "chat_template": [
                {"name": "default", "template": "{{ 'default' }}"},
                {"name": "tool_use", "template": "{{ 'tools' }}"},
            ],
        },
        {"special_tokens_map.json": {"pad_token": {"content": "</s>", "lstrip": False, "normalized": False, "rstrip": False, "single_word": False}, "bos_token": "<s>"}},
    )


def wordpiece():
    """WordPiece as BERT has it."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=700, special_tokens=names, show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    ids = {name: tokenizer.token_to_id(name) for name in names}
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
    save(
        "wordpiece",
        tokenizer,
        {
            "cls_token": "[CLS]",
            "mask_token": "[MASK]",
            "pad_token": "[PAD]",
            "sep_token": "[SEP]",
            "unk_token": "[UNK]",
            "tokenizer_class": "PreTrainedTokenizerFast",
        },
        {"added_tokens.json": {"user_token_2": 700}},
    )


def unigram():
    """Unigram as T5 has it, with Metaspace and sentinel tokens."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    names = ["<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(vocab_size=600, special_tokens=names, unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_special_tokens([special("<mask>", lstrip=True), special("<extra_0>")])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", tokenizer.token_to_id("</s>"))]
    )
    save(
        "unigram",
        tokenizer,
        {
            "eos_token": "</s>",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
            "mask_token": "<mask>",
            "extra_special_tokens": {"sentinel_token": "<extra_0>", "other_token": "<extra_1>"},
            "tokenizer_class": "PreTrainedTokenizerFast",
        },
    )


def goldens(name):
    tokenizer = PreTrainedTokenizerFast.from_pretrained(HERE / name)
    special_ids = {kind: getattr(tokenizer, f"{kind}_token_id") for kind in ("bos", "eos", "pad")}
    head = {
        "size": len(tokenizer),
        "special_tokens": tokenizer.special_tokens_map,
        "added": {token.content: id for id, token in tokenizer.added_tokens_decoder.items()},
        "added_special": sorted(t.content for t in tokenizer.added_tokens_decoder.values() if t.special),
        **special_ids,
    }
    lines = []
    for text in texts():
        ids = tokenizer.encode(text, add_special_tokens=False)
        whole = tokenizer.encode(text)
        at = next((i for i in range(len(whole) - len(ids) + 1) if whole[i : i + len(ids)] == ids), None)
        case = {"text": text, "ids": ids, "before": whole[:at], "after": whole[at + len(ids) :]}
        case["decoded"] = tokenizer.decode(whole)
        case["skipped"] = tokenizer.decode(whole, skip_special_tokens=True)
        lines.append(json.dumps(case, ensure_ascii=True, separators=(",", ":")))
    cases = ",\n".join(lines)
    path = HERE / name / "goldens.json"
    path.write_text(f'{{"tokenizer":{json.dumps(head)},"cases":[\n{cases}\n]}}\n', encoding="utf-8")
    print(f"{name}: {len(tokenizer)} tokens, {len(lines)} texts, {path.stat().st_size} bytes")


if __name__ == "__main__":
    for kind in (byte_level, spm, wordpiece, unigram):
        kind()
    for kind in ("bytelevel", "spm", "wordpiece", "unigram"):
        goldens(kind)
