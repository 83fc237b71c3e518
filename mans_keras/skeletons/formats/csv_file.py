"""A `.csv` table -> the joints of one body: a row a frame with x y z of each joint, or a row a joint."""

import csv
import dataclasses
import io
import itertools
import math
from collections.abc import Iterator

import numpy as np

from mans_keras.errors import listed
from mans_keras.skeletons.bounds import MAX_FRAMES, MAX_NUMBERS, TOO_MANY, check_marks, check_shape
from mans_keras.skeletons.formats import columns, layouts, table_bodies
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.formats.table_rows import check_order, check_others, check_thousands, sorting
from mans_keras.skeletons.formats.xyz import check_frame
from mans_keras.skeletons.sequence import Dropped
from mans_keras.skeletons.tracks import check_one_person

# The first column of a table whose other columns are numbered.
INDICES = ("index", "frame", "time", "timestamp")
MAX_COLUMNS = 20_000  # the 543 landmarks of a body with its face and hands have 2,172


def decode(content: bytes) -> str:
    """The text of a file in UTF-8, or in UTF-16 with a byte order mark; raises `Dropped` for another encoding."""
    is_utf16 = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        return content.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        raise Dropped("the file is not text, or its text is not UTF-8: save a table as UTF-8") from None


def rows(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """(line number from 1, cells) of each row that is not blank; tabs, semicolons or commas separate the cells."""
    return (row for row in _all_rows(text) if not _is_blank(row))


def _is_blank(row):
    return not any(map(str.strip, row[1]))


def _all_rows(text):
    """As `rows`, with the rows that have only empty cells."""
    first = next((line for line in io.StringIO(text) if line.strip()), "")
    delimiter = next((mark for mark in "\t;" if mark in first), ",")
    reader = csv.reader(io.StringIO(text, newline=None), delimiter=delimiter)
    try:
        for row in reader:
            if len(row) > 1 or any(map(str.strip, row)):
                yield reader.line_num, tuple(row)  # which the garbage collector, unlike a list, need not visit again
    except csv.Error as error:
        raise Dropped(f"line {reader.line_num}: not a row of a table ({error})") from None


def parse(content: bytes, joints: int | None = None) -> Parsed:
    """Joints (frames, bodies, joints, 3) of a table's bytes, NaN where a cell is empty; a row is a body in a frame.

    A header may name the columns, as `columns.understand` reads them; what is no coordinate is left out. With the
    columns frame, joint, x, y and z, a row is a joint. Without a header, a row is x y z of every joint.
    Names of joints may be numbers. Bodies go by their ID, if a column has it and another one numbers the frames.
    joints: their number, if known; needed where a row could also be x y of more joints. Numbers have a decimal point or
    a decimal comma. Raises `Dropped`, which names line and column, for another table; also if rows are out of
    order, or seem to be of several people without IDs.
    """
    check_marks(content, b",", b";", b"\t", b"\n", b"\r")
    most = MAX_NUMBERS // 3 + 1
    table = list(itertools.islice(itertools.dropwhile(_is_blank, _all_rows(decode(content))), most + 1))
    if len(table) > most:
        raise Dropped(TOO_MANY)
    if not table:
        raise Dropped("the file is empty")
    table, blank = _without_blank_end(table)
    content = _of_table(table, joints)
    if content.ids is None:
        check_one_person(content.joints[:, 0])
    return dataclasses.replace(content, left_out=(*content.left_out, *blank))


def _without_blank_end(table):
    """(rows up to the last that has a number or text, what a message says of the others), as spreadsheets add them."""
    length = max(place for place, row in enumerate(table) if not _is_blank(row)) + 1
    return table[:length], ("empty rows at the end",) if length < len(table) else ()


def _of_table(table, joints):
    """The `Parsed` of the rows of a table. A row of empty cells is a frame without a body, if frames have no number."""
    first_line, header = table[0]
    if len(header) > MAX_COLUMNS:
        raise Dropped(f"line {first_line} has more than {MAX_COLUMNS:,} cells: a row must hold one frame of one body")
    table = [(line, ("",) * len(header)) if _is_blank((line, row)) else (line, row) for line, row in table]
    for line, row in table:
        if len(row) < len(header) or any(map(str.strip, row[len(header) :])):
            raise Dropped(f"line {line} has {len(row)} cells, where line {first_line} has {len(header)}")
    first = int(header[0].strip().lower() in ("", *INDICES))
    is_numbered = [cell.strip() for cell in header[first:]] == [str(number) for number in range(len(header) - first)]
    if not is_numbered and all(map(is_number, header)):
        return _numbers(table, range(len(header)), joints)
    del table[0]
    if not table:
        raise Dropped("no frame below the header")
    if is_numbered:  # as pandas writes an array
        if first:
            named = columns.of_index(header[0])
            known = sorting(table, header, named)
            check_order(table, known)
            check_others(table, header, named, known)
        return _numbers(table, range(first, len(header)), joints)
    named = columns.understand(header)
    if named.orders or named.joint is not None:
        table = [row for row in table if not _is_blank(row)]
    if list(named.joints) == [""]:
        return _a_row_a_joint(table, header, named, joints)
    _check_size(len(table), len(named.joints))
    values = _values(table, [column for xyz in named.joints.values() for column in xyz])
    content, used = table_bodies.of_rows(table, header, named, values.reshape(len(table), -1, 3))
    return _with_left_out(content, table, header, named, (used,))


def _numbers(table, places, joints):
    """The `Parsed` of rows without names."""
    _check_size(len(table), 1)
    values = _values(table, places)
    axes = layouts.order(values.shape, joints)
    _check_size(*values.shape)
    return layouts.parsed(values, axes, joints)


def _check_size(frames, joints):
    if frames > MAX_FRAMES:
        raise Dropped(TOO_MANY)
    check_shape(frames, 1, joints, 3)


def _a_row_a_joint(table, header, named, joints):
    """Joints of a table with the columns joint, x, y and z, and one that says which frame it is."""
    (places,) = named.joints.values()
    if named.joint is None or not named.orders:
        others = [at for at in named.others if at not in named.orders]
        if joints != 1 and named.orders and others:
            others = listed([repr(header[at].strip()[:40]) for at in others])
            reason = "each row has x y z of one joint: give the name joint to the column that says which one"
            raise Dropped(f"{reason}, perhaps {others}")
        check_frame(3, joints)
        content, used = table_bodies.of_rows(table, header, named, _values(table, places)[:, None])
        return _with_left_out(dataclasses.replace(content, names=()), table, header, named, (used,))
    frames, names = (
        min(len({row[at].strip() for _, row in table}) for at in several) for several in (named.orders, (named.joint,))
    )
    _check_size(frames, names)  # before it takes memory
    content, used = table_bodies.of_joints(table, header, named, _values(table, places))
    return _with_left_out(content, table, header, named, (used, named.joint, *named.orders[:1]))


def _with_left_out(content, table, header, named, used):
    """The `Parsed` with what a message says of columns that are not used; those that each joint has count as one."""
    kinds = {}
    for column in named.others:
        if column not in used:
            kinds.setdefault(columns.kind(header[column], named.joints), []).append(column)
    left_out = tuple(
        _described(table, header, kind[0])
        if len(kind) == 1
        else f"{len(kind)} columns such as {header[kind[0]].strip()[:40]}"
        for kind in kinds.values()
    )
    return dataclasses.replace(content, left_out=content.left_out + left_out)


def _described(table, header, column):
    """A column that is left out, for a message."""
    name = header[column].strip()[:40] or f"column {column + 1}"
    texts = {row[column].strip() for _, row in table}
    is_label = not all(map(is_number, texts)) and len(texts) > 1
    return f"{name} ({len(texts)} different texts)" if is_label else name


def _values(table, places):
    """(rows, columns) float of these columns."""
    values = np.array([[number(row[at], line, at + 1) for at in places] for line, row in table])
    if (comma := _first_with(",", table, places)) and (point := _first_with(".", table, places)):
        raise Dropped(f"numbers with a comma ({comma}) and with a point ({point}): one of both is expected")
    check_thousands(table, places)
    return values.reshape(len(table), -1)


def _first_with(mark, table, places):
    return next(
        (f"line {line}, column {at + 1}: {row[at][:40]!r}" for line, row in table for at in places if mark in row[at]),
        None,
    )


def number(cell: str, line: int, column: int) -> float:
    """The number in a cell, NaN if it is empty; raises `Dropped`, which names line and column, for a text."""
    try:
        return float(cell)
    except ValueError:
        pass
    try:
        return float(cell.replace(",", ".")) if cell.strip() else math.nan
    except ValueError:
        what = f"line {line}, column {column}: {cell[:40]!r}"
        raise Dropped(f"{what} where a number such as 0.5 is expected") from None


def is_number(cell: str) -> bool:
    """Whether a cell holds a number, or nothing."""
    try:
        number(cell, 0, 0)
    except Dropped:
        return False
    return True
