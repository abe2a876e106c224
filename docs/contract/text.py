"""The text of the contract: the constants of this implementation stand in it, and none beside them."""

import pathlib
import re

from digits import GLYPHS
from families import Difference, expect

FOLDER = pathlib.Path(__file__).resolve().parent
TEXT = FOLDER.parent.parent / "kernels" / "README.md"
HEADING = "## The contract in full"

# Words of eight or sixteen digits between quotation marks, and integers of as many or of eleven.
QUOTED = re.compile(r'"((?:[0-9a-f]{16}|[0-9a-f]{8}(?: [0-9a-f]{8})*))"')
INTEGERS = re.compile(r"\b0x([0-9A-F]{8}|[0-9A-F]{11}|[0-9A-F]{16})\b")
WORDS = re.compile(r"\b(?:[0-9a-f]{8}|[0-9a-f]{11}|[0-9a-f]{16})\b")


def constants():
    """The constants of the modules, as they stand in the text."""
    found = []
    for module in ("functions.py", "generator.py", "training.py"):
        source = (FOLDER / module).read_text(encoding="utf-8")
        found += QUOTED.findall(source) + [integer.lower() for integer in INTEGERS.findall(source)]
    return sorted(set(found))


def full_text():
    """The part of the text that says everything, with single blanks."""
    whole = TEXT.read_text(encoding="utf-8")
    _, heading, rest = whole.partition(HEADING)
    if not heading:
        raise Difference("kernels/README.md", "headings", "none of that name", HEADING)
    return " ".join(rest.split("\n## ")[0].split())


def check_text(text):
    """How many constants and glyphs stand in the text."""
    own, glyphs = constants(), GLYPHS.strip().splitlines()
    for constant in [*own, *(" ".join(glyph.split()) for glyph in glyphs)]:
        if not re.search(rf"(?<![0-9a-f]){re.escape(constant)}(?![0-9a-f])", text):
            raise Difference("kernels/README.md", "constants of docs/contract/*.py", "a text without it", constant)
    of_text = {word for word in WORDS.findall(text) if not word.isdecimal() or word in own}
    unused = sorted(of_text - set(" ".join(own).split()))
    expect("kernels/README.md", "constants that docs/contract/*.py does not have", unused, [])
    return len(own), len(glyphs)


def alterations():
    """Alterations of the text: names, and whether each is found."""
    text = full_text()
    for constant in [*constants(), *(" ".join(glyph.split()) for glyph in GLYPHS.strip().splitlines())]:
        changed = constant[:-1] + ("0" if constant[-1] != "0" else "1")
        try:
            check_text(text.replace(constant, changed))
            yield constant, False
        except Difference:
            yield constant, True
