"""What a file of known answers is compared with. Each family gives parts of its file with what checks them."""

import functools
import hashlib

import numpy as np

import digits
import functions
import generator
import sums
import training
from functions import F32, I32, U32, U64, canonical

PATTERN_STEP, DRAWN, NEAR = 9973, 65_536, 262_144


class Difference(Exception):
    """The first answer that differs: of what, of which operands, what was found and what was expected."""

    def __init__(self, what, operands, found, expected):
        super().__init__(f"{what}: {operands}: found {found}, expected {expected}")


def words(text):
    return np.array([int(word, 16) for word in text.split()], U32)


def text_of(array):
    return " ".join(f"{word:08x}" for word in np.atleast_1d(array).tolist())


def parse(row):
    """`what : operands = results`; without a colon, the left side is either."""
    left, results = row.split("=")
    what, _, operands = left.rpartition(":")
    return what.strip(), operands.strip(), words(results)


def expect(what, operands, found, expected):
    """Compares words, or anything else. Gives the number of answers, which is one."""
    if isinstance(expected, np.ndarray):
        found = np.atleast_1d(found)
        if found.shape != expected.shape or (found != expected).any():
            raise Difference(what, operands, text_of(found), text_of(expected))
    elif found != expected:
        raise Difference(what, operands, found, expected)
    return 1


def expect_digests(what, found, known, place=lambda first, last: f"results {first} to {last}"):
    """Compares words with digests of blocks of them. Gives how many words there were."""
    size = known["block"]
    starts = range(0, len(found), size)
    expect(what, "number of digests", len(known["sha256"]), len(starts))
    for start, expected in zip(starts, known["sha256"], strict=True):
        part = found[start : start + size]
        sha = hashlib.sha256(part.astype("<u4").tobytes()).hexdigest()
        expect(what, place(start, start + len(part) - 1), sha, expected)
    return len(found)


# Functions.


def listed_function(name, rows):
    parsed = [parse(row) for row in rows]
    operands = np.array([words(operands) for _, operands, _ in parsed], U32)
    found = functions.evaluate(name, list(operands.T))
    for result, (_, operands, expected) in zip(found, parsed, strict=True):
        expect(name, operands, result, expected)
    return len(rows), 0


def drawn_function(name, known):
    stream = generator.Stream(0, f"contract/{name}")
    arity = len(functions.INSTRUCTIONS[name][0])
    operands = [stream.words(run, np.arange(DRAWN)) for run in range(arity)]
    place = lambda a, b: f"drawn operands {a} to {b}"
    return 0, expect_digests(name, functions.evaluate(name, operands), known, place)


def near_function(name, known):
    stream = generator.Stream(0, f"contract/{name}")
    arity = len(functions.INSTRUCTIONS[name][0])
    i = np.arange(NEAR if arity == 1 else DRAWN)
    operands = [F32(8) * stream.uniforms(10 + run, i) - F32(4) for run in range(arity)]
    place = lambda a, b: f"operands {a} to {b} between -4 and 4"
    return 0, expect_digests(name, functions.evaluate(name, operands), known, place)


@functools.cache
def patterns():
    return np.arange(0, 1 << 32, PATTERN_STEP, dtype=U64).astype(U32)


def patterns_function(name, known):
    place = lambda a, b: f"every {PATTERN_STEP}rd pattern from {patterns()[a]:08x} to {patterns()[b]:08x}"
    return 0, expect_digests(name, functions.evaluate(name, [patterns()]), known, place)


FUNCTION_PARTS = {
    "listed": listed_function,
    "drawn": drawn_function,
    "near": near_function,
    "patterns": patterns_function,
}


def functions_parts(known):
    names = set(functions.INSTRUCTIONS)
    expect("the file", "functions", sorted(known["functions"]), sorted(names))
    for name in functions.INSTRUCTIONS:
        types, _ = functions.INSTRUCTIONS[name]
        for part, check in FUNCTION_PARTS.items():
            if part not in ("near", "patterns") or set(types) == {"f"} and (part == "near" or len(types) == 1):
                yield f"{name} {part}", known["functions"][name], part, functools.partial(check, name)


# The generator.

STREAM = (7, "contract/numbers")
KINDS = {"word": "words", "uniform": "uniforms", "normal": "normals", "truncated": "truncated"}


def as_words(array):
    return canonical(array) if array.dtype == F32 else array.astype(U32)


def keys(known):
    for entry in known:
        seed, key = (int(entry[field].replace(" ", ""), 16) for field in ("seed", "key"))
        found = generator.key(seed, entry["name"])
        expect("key", f"seed {seed:016x}, name {entry['name']!r}", f"{found:016x}", f"{key:016x}")
    return len(known), 0


def blocks(known):
    for key, counter, expected in map(parse, known):
        found = generator.block(int(key.replace(" ", ""), 16), words(counter))
        expect("block", f"key {key}, counter {counter}", np.array(found, U32), expected)
    return len(known), 0


def numbers(known):
    stream = generator.Stream(*STREAM)
    for _, place, expected in map(parse, known):
        run, high, low = (int(word) for word in words(place))
        position = high << 32 | low
        found = [getattr(stream, method)(run, position) for method in KINDS.values()]
        found = np.concatenate([as_words(x) for x in found])
        expect("word, uniform, normal and truncated", f"run {run}, position {position}", found, expected)
    return 4 * len(known), 0


def many(known):
    stream, total = generator.Stream(*STREAM), 0
    expect("many", "kinds", sorted(known), sorted(KINDS))
    for kind, method in KINDS.items():
        found = as_words(getattr(stream, method)(3, np.arange(100_000)))
        total += expect_digests(f"{kind} numbers of run 3", found, known[kind])
    return 0, total


def below(known):
    for _, n, expected in map(parse, known):
        drawn = generator.Generator(7, "contract/below")
        found = [drawn.below(int(n, 16)) for _ in range(12)]
        expect("below, twelve times, and the position", n, np.array([*found, drawn.position], U32), expected)
    return len(known), 0


def draws(known):
    drawn = generator.Generator(7, "contract/draws")
    draw = {
        "next": lambda: U32(drawn.next()),
        "uniform": lambda: canonical(np.atleast_1d(drawn.uniform())),
        "normal": lambda: canonical(np.atleast_1d(drawn.normal())),
        "below": lambda: U32(drawn.below(10)),
    }
    for number, (_, kind, expected) in enumerate(map(parse, known)):
        expect("generator", f"draw {number}, {kind}", draw[kind](), expected)
    return len(known), 0


def shuffled(n):
    items = list(range(n))
    generator.Generator(7, "contract/shuffle", ahead=4096).shuffle(items)
    return np.array(items, U32)


def shuffles(known):
    for _, n, expected in map(parse, known["listed"]):
        expect("shuffle", n, shuffled(int(n, 16)), expected)
    long = known["digests"].items()
    return len(known["listed"]), sum(expect_digests(f"shuffle of {n}", shuffled(int(n)), d) for n, d in long)


def by_key(**checks):
    """A family whose file has a part under each of some keys."""

    def parts(known):
        expect("the file", "keys", sorted(known), sorted(checks))
        for key, check in checks.items():
            yield key, known, key, check

    return parts


# Reductions and orders.

TYPES = {"f": F32, "i": I32}


def typed(kind, text):
    return words(text).view(TYPES[kind])


def elements(operation, kind, run, count):
    """The elements that a reduction of a run has."""
    stream, i = generator.Stream(0, "contract/reductions"), np.arange(count)
    if kind == "i":
        return stream.words(run, i).view(I32)
    return stream.uniforms(run, i) + F32(0.5) if operation == "prod" else stream.normals(run, i)


def lengths(known):
    total = 0
    for _, what, expected in map(parse, known):
        operation, kind, length = what.split()
        total += int(length)
        x = elements(operation, kind, int(length), int(length))
        expect("reduction", what, canonical(np.atleast_1d(sums.reduce(operation, x))), expected)
    return len(known), 0


def listed_reductions(known):
    for what, operands, expected in map(parse, known):
        operation, kind = what.split()
        found = canonical(np.atleast_1d(sums.reduce(operation, typed(kind, operands))))
        expect(f"{what} of", operands, found, expected)
    return len(known), 0


def axes(known):
    for _, what, expected in map(parse, known):
        operation, kind, dims, over = what.split()
        dims, over = ([int(n) for n in list_.split(",")] for list_ in (dims, over))
        x = elements(operation, kind, 5, int(np.prod(dims))).reshape(dims)
        found = canonical(sums.reduce_axes(operation, x, over)).reshape(-1)
        expect("reduction, dims and axes", what, found, expected)
    return len(known), 0


def along_lines(compute):
    def check(known):
        for what, operands, expected in map(parse, known):
            *way, kind = what.split()
            found = np.asarray(compute(typed(kind, operands), *way))
            expect(f"{what} of", operands, as_words(np.atleast_1d(found)), expected)
        return len(known), 0

    return check


def rows_by_index(known):
    for rows, indices, expected in map(parse, known):
        rows, indices = (rows, indices) if rows else (indices, "")
        where = words(indices).astype(int)
        updates = elements("sum", "f", 6, 3 * len(where)).reshape(-1, 3)
        found = canonical(sums.rows_by_index(updates, where, int(rows))).reshape(-1)
        expect(f"sums by index, {rows} rows", indices, found, expected)
    return len(known), 0


# Products.


def drawn_matrix(run, shape):
    i = np.arange(np.prod(shape))
    x = generator.Stream(0, "contract/products").normals(run, i) if len(i) else np.zeros(0, F32)
    return np.where((i % 5 == 4) & (run == 0), F32(0), x).reshape(shape)


def chains(known):
    for _, operands, expected in map(parse, known):
        a, b = np.split(words(operands).view(F32), 2)
        found = canonical(sums.product(a[None, :], b[:, None])).reshape(-1)
        expect("chain of products", operands, found, expected)
    return len(known), 0


def extents(text):
    return [int(n) for n in text.split("x")]


def matrices(known):
    total = 0
    for what, digests_ in known.items():
        m, k, n = extents(what)
        found = sums.product(drawn_matrix(0, (m, k)), drawn_matrix(1, (k, n)))
        total += expect_digests(f"product {what}", canonical(found).reshape(-1), digests_)
    return 0, total


def convolutions(known):
    total = 0
    for what, digests_ in known.items():
        images, filters = map(extents, what.split(" by "))
        found = sums.convolution(drawn_matrix(0, images), drawn_matrix(1, filters))
        total += expect_digests(f"convolution {what}", canonical(found).reshape(-1), digests_)
    return 0, total


# Digits and batches.


def sha_of(array):
    return hashlib.sha256(array.tobytes()).hexdigest()


def half(name):
    def check(known):
        labels, pixels = digits.images(name, known["count"])
        for number, row in enumerate(known["listed"]):
            label, expected = row.split(" = ")
            expect(f"label of {name}", number, str(labels[number]), label)
            expect(f"pixels of {name}", number, sha_of(pixels[number]), expected)
        expect(f"images of {name}", known["count"], sha_of(pixels), known["images"])
        expect(f"labels of {name}", known["count"], sha_of(labels.astype("<i4")), known["labels"])
        return 2 * len(known["listed"]), pixels.size + labels.size

    return check


def batches(known):
    total = 0
    for entry in known:
        rows, batch, seed, count = (entry[key] for key in ("rows", "batch", "seed", "count"))
        drawn = training.batches(rows, batch, seed)
        found = np.concatenate([next(drawn) for _ in range(count)]).astype(U32)
        what = f"batches of {batch} among {rows} rows, seed {seed}"
        expect(what, "first rows", found[:40], words(entry["first"]))
        expect(what, "all rows", sha_of(found.astype("<u4")), entry["sha256"])
        total += len(found)
    return len(known), total


# Training.


def weights_digests(weights):
    each = {name: training.digest(w) for name, w in weights.items()}
    return {**each, "all": training.digest(*weights.values())}


def expect_weights(what, weights, known):
    expect(what, "variables", sorted(known), sorted([*weights, "all"]))
    for name, found in weights_digests(weights).items():
        expect(what, name, found, known[name])


def classifier(known):
    trained = training.classifier(len(known["steps"]))
    _, _, weights = next(trained)
    initial = known["initial"]
    for name, w in weights.items():
        first = words(initial[f"first of {name}"])
        expect("initial weights, the first of", name, canonical(w.reshape(-1)[: len(first)]), first)
    expect_weights("initial weights", weights, {k: v for k, v in initial.items() if not k.startswith("first")})
    for number, (entry, (rows, loss, weights)) in enumerate(zip(known["steps"], trained, strict=True), 1):
        first = words(entry["first_rows"])
        expect(f"step {number}", "first rows", rows[: len(first)].astype(U32), first)
        expect(f"step {number}", "loss", canonical(np.atleast_1d(loss)), words(entry["loss"]))
        expect_weights(f"after step {number}", weights, entry["sha256"])
    steps = len(known["steps"])
    return 4 + 2 * steps, (1 + steps) * sum(w.size for w in weights.values())


def inverse(known):
    last, numbers_ = max(map(int, known)), 0
    for number, (loss, x, slots) in enumerate(training.inverse(last), 1):
        if str(number) in known:
            entry = known[str(number)]
            expect(f"inverse, step {number}", "loss", canonical(np.atleast_1d(loss)), words(entry["loss"]))
            expect_weights(f"inverse after step {number}", {"x": x, "x/Adagrad": slots}, entry["sha256"])
            numbers_ += x.size + slots.size
    return len(known), numbers_


FAMILIES = {
    "functions.json": functions_parts,
    "generator.json": by_key(
        keys=keys, blocks=blocks, numbers=numbers, many=many, below=below, draws=draws, shuffles=shuffles
    ),
    "reductions.json": by_key(
        lengths=lengths,
        listed=listed_reductions,
        axes=axes,
        positions=along_lines(lambda x, way: np.array([sums.position(x, way == "largest")])),
        orders=along_lines(lambda x, way: np.array(sums.order(x, way == "descending"))),
        running=along_lines(lambda x, way, kind: sums.running(x, way == "backwards", kind == "exclusive")),
        rows_by_index=rows_by_index,
    ),
    "products.json": by_key(chains=chains, matrices=matrices, convolutions=convolutions),
    "digits.json": by_key(train=half("train"), test=half("test"), batches=batches),
    "training.json": by_key(classifier=classifier, inverse=inverse),
}
