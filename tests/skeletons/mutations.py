"""Broken copies of a valid file: of each, a reader must make a sequence, a reason or an `InputError`."""

import random

import numpy as np
from limits import limited

from mans_keras.skeletons.sequence import Dropped

FACTOR = 1  # `pytest --fuzz N` sets it: N times as many copies

WORDS = (b"nan", b"inf", b"-inf", b"1e999", b"word", b"99999999999999999999", b"-1", b"0", b"1.5", b"\xff\xfe", b"")


def mutants(original, number, seed=0):
    """Yield `number * FACTOR` copies of a file's bytes, each broken once or twice, the same copies for the same seed.

    What the caller does with a copy may take no more memory and time than `limits.limited` has.
    """
    for mutant in broken(original, number * FACTOR, random.Random(seed)):
        with limited():
            yield mutant


def check_reader(original, number, place, read):
    """`read()` makes a finite sequence of some broken copies of a file, and drops others with a reason.

    place: where each copy is written.
    """
    outcomes = {"sequence": 0, "dropped": 0}
    for mutant in mutants(original, number):
        place.write_bytes(mutant)
        try:
            assert np.isfinite(read().joints).all()
            outcomes["sequence"] += 1
        except Dropped as dropped:
            assert str(dropped)
            outcomes["dropped"] += 1
    assert min(outcomes.values()) > 10


def broken(original, number, rng):
    """Yield `number` copies of a file's bytes, each broken once or twice by the random numbers of `rng`."""
    fixed = [b"", b"\0" * 64, bytes(range(256)) * 8, original.decode("latin-1").encode("utf-16"), original + original]
    yield from fixed[:number]
    for _ in range(number - len(fixed)):
        mutant = original
        for _ in range(rng.randint(1, 2)):
            mutant = rng.choice((_cut, _byte, _line, _word, _crlf))(mutant, rng)
        yield mutant


def _cut(text, rng):
    first, last = sorted(rng.randrange(len(text) + 1) for _ in range(2))
    return rng.choice((text[:first], text[last:], text[:first] + text[last:]))


def _byte(text, rng):
    at = rng.randrange(len(text) + 1)
    return text[:at] + bytes([rng.randrange(256)]) + text[at + 1 :]


def _line(text, rng):
    lines = text.splitlines(keepends=True) or [b""]
    a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
    change = rng.randrange(3)
    if change == 0:
        lines[a], lines[b] = lines[b], lines[a]
    elif change == 1:
        lines.insert(a, lines[b])
    else:
        del lines[a]
    return b"".join(lines)


def _word(text, rng):
    lines = text.split(b"\n")
    at = rng.randrange(len(lines))
    words = lines[at].split(b" ")
    words[rng.randrange(len(words))] = rng.choice(WORDS)
    lines[at] = b" ".join(words)
    return b"\n".join(lines)


def _crlf(text, rng):
    return text.replace(b"\n", b"\r\n") if rng.random() < 0.5 else text.replace(b"\n", b"\r")
