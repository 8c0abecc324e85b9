"""Conversations: the questions of tasks.py with system prompts, tools and several turns.

`training(seed)` yields conversations of training facts without end; `held_out_set(size)` makes the test set, in which
the last answer of every conversation rests on held-out facts. `python3 corpus.py` prints a few of both.
"""

import itertools
import json
import random
from dataclasses import dataclass, field

import tasks
import words

GENERIC = [
    "You are a helpful assistant.", "You are a friendly assistant.", "You are a careful assistant. Be brief.",
    "You are the mlxgen demo model.", "Be helpful.", "Help the user with sums and words.",
]
TERSE = ["Answer with the result only.", "Give only the result.", "Reply with the bare result and nothing else."]
JSON = ["Answer in JSON.", "Always answer in JSON.", "Reply with JSON only."]
ABOUT = "I am the mlxgen demo model. I know sums, units, weekdays, counting, words and JSON."
TOO_BIG = "These numbers are too big for me."
REFUSAL = "I cannot do that. I know sums, units, weekdays, counting, words and JSON."

BASIC = {
    "add": (tasks.add, 20), "subtract": (tasks.sub, 14), "multiply": (tasks.mul, 14), "convert": (tasks.convert, 12),
    "weekday": (tasks.weekday, 10), "count": (tasks.count, 6), "spell": (tasks.spell, 8), "reverse": (tasks.reverse, 14),
    "json": (tasks.as_json, 10),
}


@dataclass
class Conversation:
    """Messages that end with the assistant's answer; a test asks for that last message."""

    task: str
    messages: list = field(default_factory=list)
    tools: list | None = None

    def say(self, role: str, content: str, **more):
        self.messages.append({"role": role, "content": content, **more})

    def exchange(self, question: tasks.Question):
        self.say("user", question.ask)
        self.say("assistant", question.answer)


# ---- tools


def schema(rng: random.Random, name: str, about: list, properties: dict) -> dict:
    """A tool's declaration, as varied as clients write it: descriptions, required, the order of keys."""
    described = rng.random() < 0.6
    fields = {}
    for key, (kind, text) in properties.items():
        fields[key] = {"type": kind, "description": text} if described else {"type": kind}
    parameters = {"type": "object", "properties": fields}
    if rng.random() < 0.7:
        parameters["required"] = list(properties)
    function = {"name": name, "parameters": parameters}
    if rng.random() < 0.9:
        function = {"name": name, "description": rng.choice(about), "parameters": parameters}
    tool = {"type": "function", "function": function}
    return sort_keys(tool) if rng.random() < 0.3 else tool


def sort_keys(value):
    """The same JSON with every object's keys in alphabetical order, as some clients send it."""
    if isinstance(value, dict):
        return {key: sort_keys(value[key]) for key in sorted(value)}
    return value


def weather_tool(rng: random.Random) -> dict:
    about = ["Get the weather in a city.", "Get the current weather for a city", "Returns the weather of a city."]
    return schema(rng, "get_weather", about, {"city": ("string", rng.choice(["The city", "The name of the city"]))})


def add_tool(rng: random.Random) -> dict:
    kind = rng.choice(["integer", "number"])
    about = ["Add two numbers.", "Adds two numbers", "Returns the sum of two numbers."]
    return schema(rng, "add", about, {"a": (kind, "The first number"), "b": (kind, "The second number")})


def call(name: str, arguments: dict) -> list:
    return [{"type": "function", "function": {"name": name, "arguments": arguments}}]


def weather_call(rng: random.Random, held: bool, talk: Conversation, finish: bool):
    city = words.city(rng)
    while tasks.held_out("city", city) != held:
        city = words.city(rng)
    ask = rng.choice([
        f"What is the weather in {city}?", f"How is the weather in {city}?", f"What's the weather like in {city}?",
        f"Weather in {city}?", f"Tell me the weather in {city}.", f"Is it nice in {city} today?",
    ])
    talk.say("user", tasks.loosely(rng, ask))
    talk.say("assistant", "", tool_calls=call("get_weather", {"city": city}))
    if finish:
        degrees, sky = rng.randint(-20, 42), rng.choice(words.CONDITIONS)
        data = {"temperature": degrees, "condition": sky} if rng.random() < 0.7 else {"condition": sky, "temperature": degrees}
        if rng.random() < 0.3:
            data = {"city": city, **data}
        talk.say("tool", json.dumps(data, ensure_ascii=False))
        talk.say("assistant", f"It is {degrees} °C and {sky} in {city}.")


def add_call(rng: random.Random, held: bool, talk: Conversation, finish: bool):
    a, b = words.long_number(rng), words.long_number(rng)
    while tasks.held_out(*tasks.key_of("add", min(a, b), max(a, b))) != held:
        a, b = words.long_number(rng), words.long_number(rng)
    ask = rng.choice([
        f"What is {a} + {b}?", f"{a} + {b}", f"Add {a} and {b}.", f"What is {a} plus {b}?", f"Calculate {a} + {b}.",
        f"What is the sum of {a} and {b}?",
    ])
    talk.say("user", tasks.loosely(rng, ask))
    talk.say("assistant", "", tool_calls=call("add", {"a": a, "b": b}))
    if finish:
        talk.say("tool", json.dumps({"result": a + b}) if rng.random() < 0.5 else str(a + b))
        talk.say("assistant", f"{a} + {b} = {a + b}")


TOOLS = {"get_weather": (weather_tool, weather_call), "add": (add_tool, add_call)}


def declare(rng: random.Random, talk: Conversation) -> list:
    """Declares one tool or both; returns their names."""
    names = rng.choice([["get_weather"], ["add"], ["get_weather", "add"], ["add", "get_weather"]])
    talk.tools = [TOOLS[name][0](rng) for name in names]
    return names


# ---- questions that need no split, or a context


def big_number(rng: random.Random) -> int:
    return rng.randint(100, 999) if rng.random() < 0.5 else rng.randint(1000, 999999)


def small_talk(rng: random.Random, talk: Conversation):
    """Greetings, what the model is, and what it cannot do."""
    thing = rng.choice([rng.choice(words.WORDS), rng.choice(words.NAMES), rng.choice(words.CITIES), words.made_up(rng, 3, 8)])
    ask, answer = rng.choice([
        (rng.choice(["Add {} and {}.", "{} + {}", "What is {} + {}?"]).format(big_number(rng), big_number(rng)), TOO_BIG),
        (rng.choice(["Hello", "Hello!", "Hi", "Hi!", "Hey", "Good morning", "Hi there"]), "Hello! How can I help?"),
        (rng.choice(["Thanks", "Thank you", "Thanks a lot", "Great, thanks"]), "You are welcome."),
        (rng.choice(["Bye", "Goodbye", "See you", "Bye bye"]), "Goodbye!"),
        (rng.choice(["How are you?", "How is it going?"]), "I am fine. How can I help?"),
        (rng.choice(["Who are you?", "What are you?", "What can you do?", "Help", "What do you know?"]), ABOUT),
        (rng.choice([
            f"Tell me about {thing}.", f"What is {thing}?", f"Write a poem about {thing}.", f"Who is {thing}?",
            f"Write a story about {thing}.", f"Why is {thing} so big?", f"Translate {thing} into French.",
            f"What is the capital of {thing}?", f"Write code for {thing}.", f"When was {thing} born?", f"Do you like {thing}?",
            f"How do I cook {thing}?", "Tell me a joke.", "What time is it?", "What is the meaning of life?",
        ]), REFUSAL),
    ])
    if answer == TOO_BIG and talk.tools:  # a tool may do it
        return small_talk(rng, talk)
    talk.say("user", tasks.loosely(rng, ask))
    talk.say("assistant", answer)


def follow_up(rng: random.Random, held: bool, talk: Conversation):
    """A sum, then another that goes on from its result; the second lies on the wanted side of the split."""
    while True:
        first = tasks.draw(rng, rng.choice([tasks.add, tasks.sub]), False)
        n = tasks.number(rng)
        if not 0 <= first.result <= 99:
            continue
        if rng.random() < 0.6:
            ask = rng.choice([f"Now add {n}.", f"Add {n} to that.", f"Plus {n}?", f"And plus {n}?", f"Add {n} more."])
            second = tasks.add_fact(first.result, n, ask)
        else:
            ask = rng.choice([f"Now subtract {n}.", f"Subtract {n} from that.", f"Minus {n}?", f"And minus {n}?", f"Take away {n}."])
            second = tasks.sub_fact(first.result, n, ask)
        if tasks.held_out(*second.key) == held:
            break
    first.ask = tasks.loosely(rng, first.ask)
    talk.exchange(first)
    talk.exchange(second)


def some_name(rng: random.Random, held: bool) -> str:
    while True:
        name = words.name(rng)
        if tasks.held_out("person", name) == held:
            return name


def ask_own_name(rng: random.Random, talk: Conversation, answer: str):
    talk.say("user", tasks.loosely(rng, rng.choice(["What is your name?", "Who are you?", "What are you called?", "Tell me your name."])))
    talk.say("assistant", answer)


def tell_name(rng: random.Random, talk: Conversation, name: str):
    talk.say("user", tasks.loosely(rng, rng.choice([f"My name is {name}.", f"I am {name}.", f"Call me {name}.", f"Hello, my name is {name}."])))
    talk.say("assistant", f"Nice to meet you, {name}.")


def recall_name(rng: random.Random, talk: Conversation, name: str | None):
    talk.say("user", tasks.loosely(rng, rng.choice(["What is my name?", "Who am I?", "Do you remember my name?", "What am I called?"])))
    talk.say("assistant", f"Your name is {name}." if name else "You have not told me your name.")


def basic(rng: random.Random, held: bool, talk: Conversation, exclude=()) -> str:
    """Appends one basic question and its answer; returns its task."""
    names = [name for name in BASIC if name not in exclude]
    task = rng.choices(names, [BASIC[name][1] for name in names])[0]
    question = tasks.draw(rng, BASIC[task][0], held)
    question.ask = tasks.loosely(rng, question.ask)
    talk.exchange(question)
    return task


def result_only(rng: random.Random, held: bool, talk: Conversation, as_json: bool):
    """A question under a system prompt that asks for bare results or for JSON."""
    make = rng.choice([tasks.add, tasks.add, tasks.sub, tasks.weekday if as_json else tasks.sub, tasks.person if as_json else tasks.add])
    question = tasks.draw(rng, make, held)
    if make is not tasks.person:
        question.answer = tasks.result_json(question) if as_json else str(question.result)
    question.ask = tasks.loosely(rng, question.ask)
    talk.exchange(question)


def filler(rng: random.Random, talk: Conversation):
    """An earlier exchange of a test conversation, from training facts."""
    if rng.random() < 0.25:
        small_talk(rng, talk)
    else:
        basic(rng, False, talk)


# ---- training


def train_conversation(rng: random.Random) -> Conversation:
    talk = Conversation("train")
    turns = rng.choices([1, 2, 3, 4, 5, 8], [60, 18, 10, 6, 4, 2])[0]
    kind = rng.random()
    if kind < 0.05 or 0.05 <= kind < 0.11:
        talk.say("system", rng.choice(TERSE if kind < 0.05 else JSON))
        for _ in range(turns):
            result_only(rng, False, talk, kind >= 0.05)
        return talk
    own_name = None
    roll = rng.random()
    if roll < 0.3:
        talk.say("system", rng.choice(GENERIC))
    elif roll < 0.45:
        own_name = some_name(rng, False)
        talk.say("system", name_prompt(rng, own_name))
    declared = declare(rng, talk) if kind > 0.8 else []
    user_name = None
    for _ in range(turns):
        roll = rng.random()
        if declared and roll < 0.6:
            TOOLS[rng.choice(declared)][1](rng, False, talk, rng.random() < 0.85)
            if talk.messages[-1].get("tool_calls"):
                return talk
        elif roll < 0.66 and own_name or roll < 0.01:
            ask_own_name(rng, talk, f"My name is {own_name}." if own_name else ABOUT)
        elif roll < 0.67 and user_name or roll < 0.02:
            recall_name(rng, talk, user_name)
        elif roll < 0.06:
            user_name = some_name(rng, False)
            tell_name(rng, talk, user_name)
        elif roll < 0.14:
            small_talk(rng, talk)
        elif roll < 0.22 and "add" not in declared:
            follow_up(rng, False, talk)
        elif roll < 0.23 and not declared:
            no_weather(rng, talk)
        else:
            basic(rng, False, talk, ["add"] if "add" in declared else [])
    return talk


def no_weather(rng: random.Random, talk: Conversation):
    weather_call(rng, False, talk, False)
    talk.messages[-1] = {"role": "assistant", "content": "I have no tool for the weather."}


def name_prompt(rng: random.Random, name: str) -> str:
    return rng.choice([f"Your name is {name}.", f"You are {name}, a helpful assistant.", f"You are called {name}. Be friendly."])


def training(seed: int):
    """Training conversations without end."""
    rng = random.Random(seed)
    while True:
        yield train_conversation(rng)


# ---- the held-out set


def held_out_conversation(rng: random.Random, task: str) -> Conversation:
    """A test of one task: its last answer rests on held-out facts only."""
    talk = Conversation(task)
    if task in BASIC:
        question = tasks.draw(rng, BASIC[task][0], True)
        talk.exchange(question)
    elif task == "multi_turn":
        if rng.random() < 0.5:
            talk.say("system", rng.choice(GENERIC))
        for _ in range(rng.randint(1, 3)):
            filler(rng, talk)
        basic(rng, True, talk)
    elif task == "follow_up":
        follow_up(rng, True, talk)
    elif task == "memory":
        name = some_name(rng, True)
        tell_name(rng, talk, name)
        for _ in range(rng.randint(0, 2)):
            filler(rng, talk)
        recall_name(rng, talk, name)
    elif task == "system_name":
        name = some_name(rng, True)
        talk.say("system", name_prompt(rng, name))
        ask_own_name(rng, talk, f"My name is {name}.")
    elif task in ("system_terse", "system_json"):
        talk.say("system", rng.choice(TERSE if task == "system_terse" else JSON))
        result_only(rng, True, talk, task == "system_json")
    elif task in ("tool_call", "tool_answer"):
        declared = declare(rng, talk)
        TOOLS[rng.choice(declared)][1](rng, True, talk, task == "tool_answer")
    elif task == "tool_unneeded":
        declared = declare(rng, talk)
        basic(rng, True, talk, ["add"] if "add" in declared else [])
    else:
        raise ValueError(f"no such task: {task}")
    return talk


TASKS = [*BASIC, "multi_turn", "follow_up", "memory", "system_name", "system_terse", "system_json", "tool_call", "tool_answer", "tool_unneeded"]


def held_out_set(size: int, seed: int = 7) -> list:
    """Up to size different conversations of every task."""
    found = []
    for task in TASKS:
        rng = random.Random(f"{seed}/{task}")
        seen = set()
        for _ in range(50 * size):
            talk = held_out_conversation(rng, task)
            mark = json.dumps([talk.messages, talk.tools])
            if mark not in seen:
                seen.add(mark)
                found.append(talk)
            if len(seen) == size:
                break
    return found


if __name__ == "__main__":
    for sample in itertools.chain(itertools.islice(training(1), 30), held_out_set(1)):
        print(sample.task, json.dumps(sample.tools) if sample.tools else "")
        for message in sample.messages:
            print("   ", message["role"], "|", message["content"], message.get("tool_calls", ""))
