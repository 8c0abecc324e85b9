"""The chat format in Python (the same text as chat_template.jinja, but fast), and the tokenizer."""

import itertools
import json
import re
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

import corpus

VOCAB = 1024
END, START, STOP = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
TAGS = ["<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"]
TEMPLATE = Path(__file__).parent / "chat_template.jinja"
MAX_POSITIONS = 1024
WORD_QUESTIONS = "\nReverse the word a.\nReverse: a\nPlease reverse the word a, spell the word a backwards, in reverse, becomes b\nSpell a\n"

# One digit, letters or marks with the space before them, and runs of white space: each is cut into tokens on its own.
WORD = r"\p{N}| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+"


def dump(value) -> str:
    return json.dumps(value, ensure_ascii=False)


def segments(messages: list, tools: list | None = None):
    """Yields (text, learned): the conversation cut where the assistant's words begin and end."""
    system = messages[0]["content"] if messages[0]["role"] == "system" else ""
    if system or tools:
        text = f"{START}system\n{system}"
        if tools:
            text += "\n\n" if system else ""
            text += "You can call these tools:\n<tools>\n" + "".join(dump(tool) + "\n" for tool in tools)
            text += '</tools>\nTo call one, answer\n<tool_call>\n{"name": NAME, "arguments": OBJECT}\n</tool_call>'
        yield text + f"{STOP}\n", False
    for message in messages:
        role, content = message["role"], message["content"]
        if role == "user":
            yield f"{START}user\n{content}{STOP}\n", False
        elif role == "tool":
            yield f"{START}tool\n<tool_response>\n{content}\n</tool_response>{STOP}\n", False
        elif role == "assistant":
            yield f"{START}assistant\n", False
            yield answer_text(message) + STOP, True
            yield "\n", False


def answer_text(message: dict) -> str:
    """What the model itself writes for an assistant's message, without the stop token."""
    text = message["content"]
    for entry in message.get("tool_calls", []):
        function = entry["function"]
        text += "\n" if text else ""
        text += f'<tool_call>\n{{"name": "{function["name"]}", "arguments": {dump(function["arguments"])}}}\n</tool_call>'
    return text


def train_tokenizer(conversations: int = 20000) -> PreTrainedTokenizerFast:
    """Trains the byte-level BPE tokenizer on training conversations. Spelling is learnt best with short tokens, so of the
    questions about words it sees only the wording."""
    talks = itertools.islice(corpus.training(11), conversations)
    texts = ["".join(text for text, _ in segments(talk.messages, talk.tools)) for talk in talks]
    texts = [WORD_QUESTIONS if re.search("[Rr]everse|[Ss]pell|backwards", text) else text for text in texts]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(WORD), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    special = [AddedToken(token, special=True, normalized=False) for token in (END, START, STOP)]
    tags = [AddedToken(token, special=False, normalized=False) for token in TAGS]
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB - len(special) - len(tags),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    for token in (START, STOP, *TAGS):  # they are added tokens, so their text teaches no merges
        texts = [text.replace(token, "\n") for text in texts]
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens(special)
    tokenizer.add_tokens(tags)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=None,
        eos_token=STOP,
        pad_token=END,
        unk_token=None,
        clean_up_tokenization_spaces=False,
        model_max_length=MAX_POSITIONS,
        chat_template=TEMPLATE.read_text(),
    )


def check_template(tokenizer: PreTrainedTokenizerFast, conversations: int = 300):
    """Shows that segments() and the Jinja template render the same text."""
    for talk in itertools.islice(corpus.training(12), conversations):
        ours = "".join(text for text, _ in segments(talk.messages, talk.tools))
        theirs = tokenizer.apply_chat_template(talk.messages, tools=talk.tools, tokenize=False)
        if ours != theirs:
            raise AssertionError(f"the template renders differently:\n{ours!r}\n{theirs!r}")


def encode(tokenizer: PreTrainedTokenizerFast, talks: list, limit: int = 512) -> list:
    """Token ids and labels (-100 where nothing is learned) of every conversation of at most limit tokens."""
    parts = [list(segments(talk.messages, talk.tools)) for talk in talks]
    flat = [text for part in parts for text, _ in part]
    encoded = iter(tokenizer.backend_tokenizer.encode_batch_fast(flat, add_special_tokens=False))
    result = []
    for part in parts:
        ids, labels = [], []
        for _, learned in part:
            piece = next(encoded).ids
            ids += piece
            labels += piece if learned else [-100] * len(piece)
        if len(ids) <= limit:
            result.append((ids, labels))
    return result
