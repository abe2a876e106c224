"""The files of known answers, and what it takes to pass."""

import json
import pathlib

from families import FAMILIES, Difference

FOLDER = pathlib.Path(__file__).resolve().parent

# Answers of each file, and numbers behind its digests: a file that has lost some does not pass.
COUNTS = {
    "functions.json": (5_528, 15_971_972),
    "generator.json": (217, 456_000),
    "reductions.json": (416, 0),
    "products.json": (9, 4_309),
    "digits.json": (164, 802_801),
    "training.json": (50, 5_009_910),
}


def load(name):
    """The answers of a file."""
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def check_part(holder, key, check):
    """Answers and numbers that are equal, of a part of a file. Raises Difference at the first that is not."""
    try:
        return check(holder[key])
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise Difference(key, "form", repr(error), "what docs/contract/README.md says") from error


def check_file(name):
    """The same of a whole file."""
    parts = FAMILIES[name](load(name))
    counts = [check_part(holder, key, check) for _, holder, key, check in parts]
    found = tuple(map(sum, zip(*counts, strict=True)))
    if found != COUNTS[name]:
        raise Difference("all parts", "answers, and numbers behind digests", found, COUNTS[name])
    return found
