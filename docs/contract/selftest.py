"""Alterations that must be found: of every kind of answer in the files, and of every part of the arithmetic."""

import contextlib
import copy
import itertools

import digits
import text
from alterations import ARITHMETIC
from answers import check_part, load
from families import FAMILIES, Difference

# What takes long is checked in short: one step of training finds what the first step tells.
STEPS = 1


def shortened(name):
    """The answers of a file, with few steps of training."""
    known = load(name)
    if name == "training.json":
        del known["classifier"]["steps"][STEPS:]
        known["inverse"] = {number: entry for number, entry in known["inverse"].items() if int(number) <= STEPS}
    return known


def outcome(part):
    """Counts of a part, or the difference that was found."""
    _, holder, key, check = part
    try:
        return check_part(holder, key, check)
    except Difference as difference:
        return str(difference)


# Alterations of files.


def changed_digit(text):
    """A text with another last digit."""
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def leaves(value, path=()):
    """The leaves of a part, of lists the one in the middle alone, and where they lie."""
    if isinstance(value, dict):
        for key in value:
            yield from leaves(value[key], (*path, key))
    elif isinstance(value, list):
        yield from leaves(value[len(value) // 2], (*path, len(value) // 2))
    else:
        yield path, value


def at(value, path):
    for key in path:
        value = value[key]
    return value


def altered(part):
    """Names of alterations, each with a copy of a part of a file that has it."""
    whole = part[1][part[2]]

    def change(path, alter):
        copied = copy.deepcopy(part[1] if not path else whole)
        if path:
            alter(at(copied, path[:-1]), path[-1])
            return {part[2]: copied}
        alter(copied, part[2])
        return copied

    def set_to(new):
        return lambda holder, key: holder.__setitem__(key, new)

    for path, leaf in leaves(whole):
        place = "/".join(map(str, path))
        if isinstance(leaf, str):
            yield f"{place}, another digit", change(path, set_to(changed_digit(leaf)))
        elif path[-1] != "block" or len(at(whole, path[:-1])["sha256"]) > 1:
            yield f"{place}, another number", change(path, set_to(leaf + 1))
    for path in lists(whole):
        place = "/".join(map(str, path)) or part[2]
        yield f"{place}, the last one left out", change(path, lambda holder, key: holder[key].pop())
        if exchanged := exchange(at(whole, path)):
            yield f"{place}, two results exchanged", change(path, set_to(exchanged))


def lists(value, path=()):
    """Where the lists of a part lie."""
    if isinstance(value, list):
        yield path
    for key in value if isinstance(value, dict) else ():
        yield from lists(value[key], (*path, key))


def exchange(rows):
    """Rows of which two neighbours have each other's results, if they differ."""
    if not all(isinstance(row, str) and " = " in row for row in rows):
        return None
    split = [row.rsplit(" = ", 1) for row in rows]
    for i, (one, other) in enumerate(itertools.pairwise(split)):
        if one[1] != other[1] and one[0] != other[0] and len(one[1]) == len(other[1]):
            return [*rows[:i], f"{one[0]} = {other[1]}", f"{other[0]} = {one[1]}", *rows[i + 2 :]]
    return None


def files(name):
    """Alterations of a file: names, and whether each is found."""
    for part in FAMILIES[name](shortened(name)):
        label, _, key, check = part
        before = outcome(part)
        if isinstance(before, str):
            yield f"nothing in {label}: {before}", False
            continue
        for what, holder in altered(part):
            yield f"{label}: {what}", outcome((label, holder, key, check)) != before


# Alterations of the arithmetic.


@contextlib.contextmanager
def replaced(owner, name, value):
    """Something of a module in place of its own."""
    missing = object()
    own = vars(owner).get(name, missing)
    setattr(owner, name, value)
    digits.draw.cache_clear()
    try:
        yield
    finally:
        if own is missing:
            delattr(owner, name)
        else:
            setattr(owner, name, own)
        digits.draw.cache_clear()


def arithmetic(name):
    """Alterations of the arithmetic behind a file: names, and whether each is found."""
    parts = list(FAMILIES[name](shortened(name)))
    for what, start, replacement in itertools.chain.from_iterable(make() for make in ARITHMETIC[name]):
        of = [part for part in parts if part[0] == start or part[0].startswith(f"{start} ")]
        with replaced(*replacement):
            yield f"{what} in {start}", any(isinstance(outcome(part), str) for part in of)


def run(names):
    """Plants all alterations of some files, prints how many are found, and gives whether all are."""
    fine = planted("kernels/README.md", "the text", text.alterations())
    for name in names:
        fine &= planted(name, "the answers", files(name))
        fine &= planted(name, "the arithmetic", arithmetic(name))
    return fine


def planted(name, kind, alterations):
    """Plants alterations, and says which are not found; whether there are none."""
    results = list(alterations)
    missed = [what for what, found in results if not found]
    print(f"{name}: {len(results) - len(missed)} of {len(results)} alterations of {kind} are found", flush=True)
    for what in missed:
        print(f"{name}: not found: {what}", flush=True)
    return bool(results) and not missed
