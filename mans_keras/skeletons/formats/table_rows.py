"""Whether the rows of a table are frames of one body, in their order. A table is [(line, cells)] without its header."""

import math
import re
from collections import Counter

from mans_keras.skeletons.formats.columns import Columns
from mans_keras.skeletons.formats.xyz import FEWEST_ROWS
from mans_keras.skeletons.sequence import Dropped

ADVICE = "a table must hold one body, so save each person in a table of its own"
MAX_BODIES = 12  # different texts of a column that may say who a body is
THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}([.,]\d{3})+")


def check_order(table: list, header: tuple[str, ...], named: Columns) -> None:
    """Raise `Dropped` unless each row is one frame of one body, later than the row before."""
    for column, is_strict in ((named.frame, True), (named.time, False)):
        if column is None:
            continue
        latest = -math.inf
        for line, row in table:
            try:
                moment = float(row[column].replace(",", "."))
            except ValueError:
                break  # such as a time of day
            if moment < latest or (is_strict and moment == latest):
                what = f"line {line}: {header[column][:40]} {moment:g} comes after {latest:g}"
                raise Dropped(f"{what}: each row must be the next frame of one body")
            latest = moment
    if named.frame is None:
        check_one_body(table, header, named)
        _check_who_comes_back(table, header, named)
        _check_other_columns(table, header, named)


def check_one_body(table: list, header: tuple[str, ...], named: Columns) -> None:
    """Raise `Dropped` if a column of bodies has several values."""
    if named.body is not None and len({row[named.body].strip() for _, row in table}) > 1:
        raise Dropped(f"the column {header[named.body][:40]!r} has several values: {ADVICE}")


def _check_who_comes_back(table, header, named):
    """Raise `Dropped` if a column such as `id` has a value, then another, and then the first again.

    Without times, another value is enough: then nothing says whether a person got a new ID, or another person follows.
    """
    for column in named.bodies:
        if named.time is None and 1 < len({row[column].strip() for _, row in table}) <= MAX_BODIES:
            raise Dropped(f"the column {header[column][:40]!r} has several values: {ADVICE}, or leave the column out")
        seen, latest = set(), None
        for line, row in table:
            value = row[column].strip()
            if value != latest and value in seen:
                raise Dropped(f"line {line}: {header[column][:40]} {value[:40]} is there again after another: {ADVICE}")
            seen.add(value)
            latest = value


def _check_other_columns(table, header, named):
    """Raise `Dropped` if a column whose name says nothing takes turns, tells rows of the same time apart, or counts."""
    if len(table) < FEWEST_ROWS:
        return
    times = [row[named.time].strip() for _, row in table] if named.time is not None else None
    are_shared = times is not None and sum(n for n in Counter(times).values() if n > 1) > len(times) / 4
    for column in named.others:
        if column == named.time:
            continue
        values = [row[column].strip() for _, row in table]
        number = len(set(values))
        name = header[column].strip()[:40] or f"column {column + 1}"
        if number == len(values):
            _check_count(values, name)
        elif 1 < number <= MAX_BODIES:
            takes_turns = 2 * number <= len(values) and values[number:] == values[:-number]
            tells_apart = are_shared and len(set(zip(times, values, strict=True))) == len(values)
            if takes_turns or tells_apart:
                turn = "takes turns from row to row" if takes_turns else "differs between rows of the same time"
                raise Dropped(f"the column {name!r} {turn}: {ADVICE}, or leave the column out")


def _check_count(values, name):
    """Raise `Dropped` if different values are whole numbers without a gap, but not in their order."""
    if not all(value.isdecimal() and len(value) < 10 for value in values):
        return
    numbers = list(map(int, values))
    if max(numbers) - min(numbers) == len(numbers) - 1 and numbers != sorted(numbers):
        raise Dropped(f"the column {name!r} counts the rows, but not in their order: sort the rows, or leave it out")


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
