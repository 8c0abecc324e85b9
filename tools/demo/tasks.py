"""The single questions that the demo model answers.

A question is made from a *fact* (which two numbers, which word, ...). Facts are split once, by a hash of their key:
held-out facts never appear in training, in whatever wording or conversation.
"""

import hashlib
import json
import random
from dataclasses import dataclass

import words

HELD_OUT_PERCENT = 10
VERBS = (
    "Add ", "Calculate ", "Change ", "Compute ", "Convert ", "Count ", "Give ", "List ", "Multiply ", "Reverse ", "Spell ",
    "Subtract ", "Take ", "Tell ", "Turn ", "Write ",
)


def held_out(*key) -> bool:
    """Says on which side of the split the fact with this key lies. Tables of one-digit numbers are all given."""
    if key[0] == "table":
        return False
    digest = hashlib.sha256(repr(key).encode()).digest()
    return int.from_bytes(digest[:4], "little") % 100 < HELD_OUT_PERCENT


@dataclass
class Question:
    """What a user asks, the answer, and the bare result (for terse or JSON answers)."""

    ask: str
    answer: str
    key: tuple
    result: object = None


def draw(rng: random.Random, make, held: bool) -> Question:
    """Makes questions until one lies on the wanted side of the split."""
    while True:
        question = make(rng)
        if held_out(*question.key) == held:
            return question


def loosely(rng: random.Random, text: str) -> str:
    """Varies how carefully a user writes: capital, full stop, please."""
    roll = rng.random()
    if roll < 0.15:
        text = text[0].lower() + text[1:]
    elif roll < 0.3 and text.startswith(VERBS):
        text = "Please " + text[0].lower() + text[1:]
    if rng.random() < 0.2:
        text = text.rstrip(".?")
    return text


def number(rng: random.Random) -> int:
    """A number of at most two digits."""
    return rng.randint(0, 9) if rng.random() < 0.15 else rng.randint(0, 99)


# ---- arithmetic


def key_of(operation: str, a: int, b: int) -> tuple:
    return ("table" if max(a, b) < 10 else operation, a, b)


def add_fact(a: int, b: int, ask: str) -> Question:
    return Question(ask, f"{a} + {b} = {a + b}", key_of("add", min(a, b), max(a, b)), a + b)


def sub_fact(a: int, b: int, ask: str) -> Question:
    return Question(ask, f"{a} - {b} = {a - b}", key_of("sub", a, b), a - b)


def add(rng: random.Random) -> Question:
    a, b = number(rng), number(rng)
    roll = rng.random()
    if roll < 0.12:  # the sums that the worked forms below need: 240 + 42
        a, b = 10 * rng.randint(1, 89), rng.randint(0, 99)
    elif roll < 0.25:
        a, b = rng.randint(100, 899), rng.randint(0, 99)
    ask = rng.choice([
        f"What is {a} + {b}?", f"{a} + {b}", f"{a}+{b}", f"{a} + {b} = ?", f"Add {a} and {b}.", f"What is {a} plus {b}?",
        f"Calculate {a} + {b}.", f"How much is {a} + {b}?", f"What is the sum of {a} and {b}?", f"Compute {a} plus {b}.",
    ])
    return add_fact(a, b, ask)


def sub(rng: random.Random) -> Question:
    a, b = number(rng), number(rng)
    if a < b and rng.random() < 0.6:
        a, b = b, a
    ask = rng.choice([
        f"What is {a} - {b}?", f"{a} - {b}", f"{a}-{b}", f"{a} - {b} = ?", f"Subtract {b} from {a}.",
        f"What is {a} minus {b}?", f"Calculate {a} - {b}.", f"How much is {a} - {b}?", f"Take {b} from {a}.",
    ])
    return sub_fact(a, b, ask)


def worked_product(a: int, b: int, unit: str = "") -> str:
    """The product of a two-digit a and b, by tens and ones: '240 + 42 = 282'."""
    if a < 10 or a % 10 == 0:
        return f"{a * b}{unit}"
    return f"{a // 10 * 10 * b} + {a % 10 * b}{unit} = {a * b}{unit}"


def mul(rng: random.Random) -> Question:
    a, b = number(rng), rng.randint(0, 9)
    x, y = (a, b) if rng.random() < 0.7 else (b, a)
    ask = rng.choice([
        f"What is {x} × {y}?", f"{x} × {y}", f"{x} * {y}", f"{x}*{y}", f"{x} x {y}", f"What is {x} times {y}?", f"Multiply {x} by {y}.",
        f"Calculate {x} * {y}.", f"What is the product of {x} and {y}?", f"How much is {x} times {y}?",
    ])
    return Question(ask, f"{a} × {b} = {worked_product(a, b)}", key_of("mul", a, b), a * b)


# ---- units

SCALES = [  # big, its names, small, its names, how many small make one big
    ("km", ["km", "kilometres", "kilometers"], "m", ["m", "metres", "meters"], 1000),
    ("m", ["m", "metres", "meters"], "cm", ["cm", "centimetres", "centimeters"], 100),
    ("cm", ["cm", "centimetres", "centimeters"], "mm", ["mm", "millimetres", "millimeters"], 10),
    ("kg", ["kg", "kilograms", "kilos"], "g", ["g", "grams"], 1000),
    ("l", ["l", "litres", "liters"], "ml", ["ml", "millilitres", "milliliters"], 1000),
    ("hours", ["hours"], "minutes", ["minutes"], 60),
    ("minutes", ["minutes"], "seconds", ["seconds"], 60),
    ("weeks", ["weeks"], "days", ["days"], 7),
]


def convert(rng: random.Random) -> Question:
    big, big_names, small, small_names, factor = rng.choice(SCALES)
    metric = factor % 10 == 0 and factor != 60
    n = rng.randint(2, 999) if metric and rng.random() < 0.4 else rng.randint(2, 99)
    down = not metric or rng.random() < 0.6
    if down:
        amount, source, target = n, rng.choice(big_names), rng.choice(small_names)
        result = f"{n * factor} {small}"
        answer = f"{n} {big} = {result if metric else worked_product(n, factor, ' ' + small)}"
    else:
        amount, source, target = n * factor, rng.choice(small_names), rng.choice(big_names)
        result = f"{n} {big}"
        answer = f"{amount} {small} = {result}"
    ask = rng.choice([
        f"Convert {amount} {source} to {target}.", f"How many {target} are {amount} {source}?",
        f"{amount} {source} in {target}", f"What is {amount} {source} in {target}?", f"Change {amount} {source} into {target}.",
        f"How many {target} are in {amount} {source}?",
    ])
    return Question(ask, answer, ("convert", big, small, n, down), result)


# ---- days, counting, words


def days(n: int) -> str:
    return "1 day" if n == 1 else f"{n} days"


def weekday(rng: random.Random) -> Question:
    start, n = rng.randrange(7), rng.randint(1, 60)
    day, end = words.DAYS[start], words.DAYS[(start + n) % 7]
    ask = rng.choice([
        f"What day comes {days(n)} after {day}?", f"What day is {days(n)} after {day}?", f"Which weekday is {days(n)} after {day}?",
        f"Today is {day}. What day is it in {days(n)}?", f"It is {day}. What day will it be in {days(n)}?",
        f"{days(n)} after {day}", f"Which day comes {days(n)} after {day}?",
    ])
    answer = f"{days(n % 7 if n > 6 else n)} after {day} is {end}."
    if n > 6:
        answer = f"{n} = {n // 7} × 7 + {n % 7}, and {answer}"
    return Question(ask, answer, ("weekday", start, n), end)


def count(rng: random.Random) -> Question:
    size = rng.randint(2, 12) if rng.random() < 0.75 else rng.randint(13, 40)
    low = rng.randint(0, 100 - size)
    high = low + size - 1
    if rng.random() < 0.65:
        first, last = low, high
        ask = rng.choice([
            f"Count from {low} to {high}.", f"Count up from {low} to {high}.", f"List the numbers from {low} to {high}.",
            f"Write the numbers from {low} to {high}.", f"Count to {high}.",
        ])
        if ask.startswith("Count to"):
            first, last = 1, size
            ask = f"Count to {size}."
    else:
        first, last = high, low
        ask = rng.choice([f"Count down from {high} to {low}.", f"Count from {high} to {low}.", f"Count backwards from {high} to {low}."])
    step = 1 if last >= first else -1
    return Question(ask, ", ".join(map(str, range(first, last + step, step))), ("count", first, last))


def spell(rng: random.Random) -> Question:
    word = words.word(rng)
    ask = rng.choice([f"Spell the word {word}.", f'Spell "{word}".', f"Spell {word}.", f"How do you spell {word}?"])
    return Question(ask, "-".join(word), ("word", word), "-".join(word))


def reverse(rng: random.Random) -> Question:
    word = words.word(rng)
    ask = rng.choice([
        f"Reverse the word {word}.", f'Reverse "{word}".', f"Write {word} backwards.", f"Reverse: {word}",
        f'What is "{word}" backwards?', f"Write the word {word} in reverse.", f"Reverse the word '{word}'.",
    ])
    back = word[::-1]
    return Question(ask, f"{'-'.join(word)} becomes {'-'.join(back)}: {back}", ("word", word), back)


# ---- JSON


def person(rng: random.Random) -> Question:
    name, age, city = words.name(rng), rng.randint(1, 99), words.city(rng)
    if rng.random() < 0.5:
        data = {"name": name, "age": age}
        text = rng.choice([f"{name} is {age} years old.", f"{name} is {age}.", f"My friend {name} is {age} years old."])
    else:
        data = {"name": name, "age": age, "city": city}
        text = rng.choice([
            f"{name} is {age} years old and lives in {city}.", f"{name}, {age}, lives in {city}.",
            f"{name} lives in {city} and is {age} years old.",
        ])
    keys = ", ".join(list(data)[:-1]) + f" and {list(data)[-1]}"
    ask = rng.choice([
        f"Give this as JSON: {text}", f"{text} Give me that as JSON.", f"Turn this into JSON with {keys}: {text}",
        f"Write JSON with {keys}: {text}", f"{text} Write it as JSON.",
    ])
    return Question(ask, json.dumps(data, ensure_ascii=False), ("person", name))


def as_json(rng: random.Random) -> Question:
    """A sum, a weekday or a person, as the JSON object that the user asks for."""
    roll = rng.random()
    if roll < 0.4:
        return person(rng)
    question = (add if roll < 0.65 else sub if roll < 0.8 else weekday)(rng)
    ask = question.ask.rstrip(".")
    mark = "" if ask.endswith("?") else "."
    wish = rng.choice(["Answer as JSON.", "Answer in JSON.", "Give the answer as JSON.", "Reply with JSON only.", "As JSON, please."])
    ask = f"{wish[:-1]}: {ask}" if rng.random() < 0.3 and "please" not in wish else f"{ask}{mark} {wish}"
    return Question(ask, result_json(question), question.key, question.result)


def result_json(question: Question) -> str:
    """The question's bare result as a JSON object; a weekday needs its working."""
    if question.key[0] == "weekday":
        n = question.key[2]
        return json.dumps({"weeks": n // 7, "days": n % 7, "day": question.result})
    return json.dumps({"result": question.result})
