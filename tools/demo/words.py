"""Word lists of the corpus, and words, names and numbers made up on the spot."""

import random

WORDS = """
apple arrow baker basin beach berry bird blanket boat bottle branch bread bridge brush bucket button cabin cake candle
canvas carpet castle chair chalk cheese circle clock cloud coat copper corner cotton cradle cream crown curtain daisy
dance desk dinner doctor door dragon dream drum duck eagle earth elbow engine fabric farmer feather fence field finger
fire flag flame floor flour flower forest fork fountain friend frog garden gate ghost glass glove goat gold grape grass
hammer harbor hat hazel helmet hill honey horse house island ivory jacket jelly jewel journey jungle kettle kitchen
kite ladder lake lamp lantern leaf lemon letter light lion lizard magnet maple marble market meadow melon metal mirror
monkey moon morning mountain mouse music needle nest night north ocean olive onion orange orchid otter oven paddle
paint palace paper parrot pencil pepper piano pillow planet plate pocket pond potato puzzle rabbit rain ribbon ring
river road robin rocket roof rope rose saddle sail salt sand school shadow sheep ship shoe silver sister snow soap
song spider spoon spring stone storm street sugar summer sunset table temple thunder tiger timber tower train tree
tulip tunnel turtle valley velvet violin wagon wall walnut water whale wheel willow window winter wizard wood wool
world yellow yogurt zebra
""".split()

NAMES = """
Ada Alan Alba Amir Ana Anton Bea Ben Bruno Carla Chen Clara Dana David Dora Elif Elsa Emma Enzo Eva Felix Finn Gina
Grace Hana Hugo Ida Igor Ines Iris Ivan Jan Jonas Judy Kai Karl Kim Lars Lea Lena Leo Lina Luca Lucy Maja Marco Maria
Mia Mila Nina Noah Nora Olga Oscar Otto Paul Petra Rafi Rita Rosa Ruth Sam Sara Sven Tara Theo Tim Tom Uma Vera Wei
Yara Yusuf Zoe
""".split()

CITIES = [
    "Accra", "Amsterdam", "Ankara", "Athens", "Bangkok", "Berlin", "Bern", "Bogota", "Boston", "Brussels", "Cairo",
    "Cape Town", "Chicago", "Dakar", "Delhi", "Denver", "Dublin", "Hamburg", "Hanoi", "Havana", "Helsinki", "Istanbul",
    "Jakarta", "Kyoto", "Lagos", "Lima", "Lisbon", "London", "Madrid", "Manila", "Mexico City", "Milan", "Montreal",
    "Mumbai", "Munich", "Nairobi", "New York", "Oslo", "Paris", "Prague", "Quito", "Riga", "Rome", "San Diego",
    "Santiago", "Seoul", "Sofia", "Stockholm", "Sydney", "Taipei", "Tallinn", "Tokyo", "Toronto", "Tunis", "Vienna",
    "Vilnius", "Warsaw", "Zagreb", "Zurich",
]

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

CONDITIONS = ["sunny", "cloudy", "rainy", "windy", "foggy", "snowy", "clear", "stormy"]

VOWELS = "aeiou"
CONSONANTS = "bcdfghjklmnpqrstvwxyz"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def made_up(rng: random.Random, low: int, high: int) -> str:
    """A word of low to high letters: mostly pronounceable, sometimes any letters at all."""
    size = rng.randint(low, high)
    if rng.random() < 0.25:
        return "".join(rng.choice(LETTERS) for _ in range(size))
    word = ""
    vowel = rng.random() < 0.3
    while len(word) < size:
        word += rng.choice(VOWELS if vowel else CONSONANTS)
        if rng.random() < 0.15:
            word += rng.choice(VOWELS if vowel else CONSONANTS)
        vowel = not vowel
    return word[:size]


def word(rng: random.Random) -> str:
    """A word to spell or reverse."""
    return rng.choice(WORDS) if rng.random() < 0.3 else made_up(rng, 3, 7)


def name(rng: random.Random) -> str:
    """A first name, real or made up."""
    return rng.choice(NAMES) if rng.random() < 0.3 else made_up(rng, 3, 6).capitalize()


def city(rng: random.Random) -> str:
    """A city, real or made up, of one or two words."""
    if rng.random() < 0.4:
        return rng.choice(CITIES)
    place = made_up(rng, 4, 8).capitalize()
    return f"{place} {made_up(rng, 3, 6).capitalize()}" if rng.random() < 0.15 else place


def long_number(rng: random.Random) -> int:
    """A number of one to six digits; every length is equally likely."""
    size = rng.randint(1, 6)
    return rng.randint(10 ** (size - 1) if size > 1 else 0, 10**size - 1)
