"""Whether the rows of a table are frames of one body, in their order. A table is [(line, cells)] without its header."""

import re
from collections import Counter
from collections.abc import Sequence

from mans_keras.skeletons.formats import ordering
from mans_keras.skeletons.formats.columns import Columns
from mans_keras.skeletons.formats.ordering import Order
from mans_keras.skeletons.formats.xyz import FEWEST_ROWS
from mans_keras.skeletons.sequence import Dropped

PEOPLE = "number the frames in a column named frame, and the people in one named track_id"
ADVICE = f"if these are people, {PEOPLE}; otherwise leave the column out"
COUNT = ("rows", "sort the rows, or leave the column out")  # what a column counts, and what to do
MAX_BODIES = 12  # different texts of a column that may say who a body is
THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}([.,]\d{3})+")


def sorting(table: list, header: Sequence[str], named: Columns) -> list[Order]:
    """The columns that say in which order the frames are, the best first; not one that holds how many there are."""
    columns = ((header[at], [row[at] for _, row in table]) for at in named.orders)
    return ordering.orders((name, values) for name, values in columns if set(values) != {str(len(table))})


def check_order(table: list, known: list[Order]) -> None:
    """Raise `Dropped` unless each row is a frame that comes after the row before, by the columns `known`."""
    order = "each row must be the next frame of one body"
    ordering.check(known, lambda row: f"line {table[row][0]}", order, f"{order}. If these are people, {PEOPLE}")


def check_others(table: list, header: Sequence[str], named: Columns, known: list[Order]) -> None:
    """Raise `Dropped` if columns show that rows without the number of a frame are of several people, or out of order.

    A column whose name may say who is in a row has a different text in each; that may be a count.
    """
    if known and known[0].kind == "frame":
        return
    for column in named.bodies if not known else ():
        texts = [row[column].strip() for _, row in table]
        name = f"the column {header[column].strip()[:40]!r}"
        ordering.check_count(name, texts, *COUNT)
        if 1 < len(set(texts)) <= MAX_BODIES and not ordering.consecutive(texts):
            raise Dropped(f"{name} has several values: {ADVICE}")
    _check_other_columns(table, header, named, known)


def _check_other_columns(table, header, named, known):
    """Raise `Dropped` if a column whose name says nothing takes turns, tells rows of the same time apart, or counts."""
    if len(table) < FEWEST_ROWS:
        return
    times = known[0].values if known else None
    are_shared = times is not None and sum(n for n in Counter(times).values() if n > 1) > len(times) / 4
    for column in named.others:
        if column in named.orders:
            continue
        values = [row[column].strip() for _, row in table]
        number = len(set(values))
        name = header[column].strip()[:40] or f"column {column + 1}"
        if number == len(values):
            ordering.check_count(f"the column {name!r}", values, *COUNT)
        elif 1 < number <= MAX_BODIES:
            takes_turns = 2 * number <= len(values) and values[number:] == values[:-number]
            tells_apart = are_shared and len(set(zip(times, values, strict=True))) == len(values)
            if takes_turns or tells_apart:
                turn = "takes turns from row to row" if takes_turns else "differs between rows of the same time"
                raise Dropped(f"the column {name!r} {turn}: {ADVICE}")


def check_thousands(table: list, places: list[int]) -> None:
    """Raise `Dropped` if all numbers with a comma or a point look like 1,234, and those below 1000 have none.

    places: the columns that hold numbers.
    """
    cells = ((line, at, row[at].strip()) for line, row in table for at in places)
    marked, plain_number = None, None
    for line, at, cell in cells:
        if "," in cell or "." in cell:
            if not THOUSANDS.fullmatch(cell):
                return
            marked = marked or (line, at, cell)
        elif cell.lstrip("+-").isdecimal():
            if len(cell.lstrip("+-")) > 3:
                return
            plain_number = plain_number or cell
    if marked and plain_number:
        line, at, cell = marked
        raise Dropped(
            f"line {line}, column {at + 1}: {cell[:40]!r}, next to numbers such as {plain_number!r}, seems to have a "
            "mark between thousands: save the numbers without it. If these are decimals, write all with as many digits"
        )
