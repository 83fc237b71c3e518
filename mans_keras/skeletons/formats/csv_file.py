"""A `.csv` table -> the joints of one body: a row a frame, x y z a joint."""

import csv
import io
import itertools
import math
from collections.abc import Iterator

import numpy as np

from mans_keras.skeletons.bounds import MAX_FRAMES, TOO_MANY, check_marks, check_shape
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.formats.xyz import check_frame
from mans_keras.skeletons.sequence import Dropped

# A first column with one of these names, or none, is not a joint's.
FIRST_COLUMNS = ("", "frame", "index", "time", "timestamp")


def decode(content: bytes) -> str:
    """The text of a file in UTF-8, with or without a byte order mark; raises `Dropped` for another encoding."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Dropped("the text is not UTF-8: save it as UTF-8") from None


def rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line number from 1, cells) of each row that is not blank; tabs, semicolons or commas separate the cells."""
    first = next((line for line in io.StringIO(text) if line.strip()), "")
    delimiter = next((mark for mark in "\t;" if mark in first), ",")
    reader = csv.reader(io.StringIO(text, newline=None), delimiter=delimiter)
    try:
        for row in reader:
            if any(map(str.strip, row)):
                yield reader.line_num, row
    except csv.Error as error:
        raise Dropped(f"line {reader.line_num}: not a row of a table ({error})") from None


def parse(content: bytes, joints: int | None = None) -> Parsed:
    """The `Parsed` in the bytes of a table: joints (frames, 1, joints, 3), NaN where a cell is empty.

    A header may name the columns `hip_x`, `hip_y`, `hip_z`, ...; then a first column of `FIRST_COLUMNS` is left out.
    joints: their number, if known; needed where a row could also be x y of more joints. Raises `Dropped`, which names
    line and column, for another table.
    """
    check_marks(content, b",", b";", b"\t", b"\n", b"\r")
    table = list(itertools.islice(rows(decode(content)), MAX_FRAMES + 2))
    if len(table) == MAX_FRAMES + 2:
        raise Dropped(TOO_MANY)
    if not table:
        raise Dropped("the file is empty")
    first_line, first_row = table[0]
    for line, row in table:
        if len(row) != len(first_row):
            raise Dropped(f"line {line} has {len(row)} cells, where line {first_line} has {len(first_row)}")
    skipped, names, is_header = _header(first_row)
    table = table[is_header:]
    if not table:
        raise Dropped("no frame below the header")
    numbers = np.array(
        [[_number(cell, line, at) for at, cell in enumerate(row[skipped:], skipped + 1)] for line, row in table]
    ).reshape(len(table), -1)
    if not names:
        check_frame(numbers.shape[1], joints)
    check_shape(len(table), numbers.shape[1])
    names = () if all(map(str.isdecimal, names)) else tuple(names)
    return Parsed(numbers.reshape(len(table), 1, -1, 3), names)


def _number(cell, line, column):
    try:
        return float(cell) if cell.strip() else math.nan
    except ValueError:
        what = f"line {line}, column {column}: {cell[:40]!r}"
        raise Dropped(f"{what} where a number such as 0.5 is expected, with a decimal point") from None


def _is_number(cell):
    try:
        _number(cell, 0, 0)
    except Dropped:
        return False
    return True


def _header(row):
    """(columns before the joints, the joints' names, whether it is a header): no names of numbers and their columns."""
    cells = [cell.strip().lower() for cell in row]
    skipped = int(cells[0] in FIRST_COLUMNS)
    counted = [str(number) for number in range(len(cells) - skipped)]
    if counted and cells[skipped:] == counted:  # as pandas writes an array
        return skipped, [], True
    if all(map(_is_number, cells)):
        return 0, [], False
    return skipped, _joint_names(cells[skipped:]), True


def _joint_names(columns):
    """Names of joints, of columns that are x, y and z of one after the other: `hip_x`, `hip.X`, `hip x`, `x1`, ..."""
    joints = []
    for at, name in enumerate(columns):
        axis, joint = name[-1:], name[:-1].rstrip(" _.:-")
        if axis.isdecimal():
            axis, joint = name[:1], name[1:]
        if at % 3 == 0:
            joints.append(joint)
        if axis != "xyz"[at % 3] or joint != joints[-1]:
            wanted = f"the {'xyz'[at % 3]} of a joint"
            raise Dropped(
                f"the header has the column {name[:40]!r} where {wanted} is expected: x, y and z of each joint, "
                "after one column of frames or times, and no others"
            )
    if not columns or len(columns) % 3:
        raise Dropped("the header ends before the last joint has its x, y and z")
    return joints
