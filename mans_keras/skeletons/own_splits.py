"""Splits of your own recordings into training and test, which travel in the tensor file."""

from collections.abc import Iterable
from pathlib import Path

from mans_keras.errors import InputError, listed
from mans_keras.skeletons.own import Source
from mans_keras.skeletons.own_tables import composed, listed_as, read_table

SIDES = {"train": 1, "training": 1, "test": 0, "testing": 0}


def from_table(sources: Iterable[Source], path: Path | str) -> dict[str, int]:
    """{name of a source: 1 if it trains, 0 if it tests} of a table with the columns file and split (train or test).

    file is as in `own_tables.with_table`; of two rows for one file, that with the name of its class counts. A file that
    the table does not name does neither. Raises `InputError` for a table that can't be understood, that names a file
    twice or one that is not there, or that leaves a side empty.
    """
    header, rows = read_table(path)
    if not {"file", "split"} <= set(header):
        raise InputError(f"{path}: the first row must name the columns file and split")
    named = {}
    for line, row in rows:
        cells = dict(zip(header, map(str.strip, row), strict=False))
        side = SIDES.get(cells.get("split", "").lower())
        if not cells.get("file") or side is None:
            raise InputError(
                f"{path}, line {line}: {', '.join(row)[:100]!r} where a file and train or test are expected"
            )
        if composed(cells["file"]) in named:
            raise InputError(f"{path}, line {line}: {cells['file']} is listed twice")
        named[composed(cells["file"])] = side
    split, used = {}, set()
    for source in sources:
        if keys := listed_as(source, named):
            split[source.name] = named[keys[0]]
            used.update(keys)
    if unknown := sorted(set(named) - used):
        raise InputError(f"{path} names files that are not there: {listed(unknown)}")
    return _checked(split, f"{path}")


def by_number(sources: Iterable[Source], column: str, numbers: Iterable[int]) -> dict[str, int]:
    """{name of a source: 1 if its number is one of these, else 0}; column: "subject" or "camera".

    A source without a number does neither. Raises `InputError` if no source has one of the numbers, or a side is empty.
    """
    numbers = set(numbers)
    known = {source.name: getattr(source, column) for source in sources if getattr(source, column) >= 0}
    if not known:
        raise InputError(f"--train-{column}s: no file has a {column}: give --pattern or --table")
    if missing := sorted(numbers - set(known.values())):
        raise InputError(f"--train-{column}s: no file has the {column} {listed(list(map(str, missing)))}")
    return _checked({name: int(number in numbers) for name, number in known.items()}, f"--train-{column}s")


def _checked(split, what):
    for side, word in ((1, "train"), (0, "test")):
        if side not in split.values():
            raise InputError(f"{what}: no file is left to {word}")
    return split
