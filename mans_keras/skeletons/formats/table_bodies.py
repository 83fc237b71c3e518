"""Which rows of a table are of which frame and which person. A table is [(line, cells)] without its header."""

import itertools
from collections.abc import Sequence

import numpy as np

from mans_keras.skeletons.bounds import MAX_FRAMES, TOO_MANY, check_shape
from mans_keras.skeletons.formats import ordering
from mans_keras.skeletons.formats.columns import Columns
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.formats.table_rows import ADVICE, check_order, check_others, sorting
from mans_keras.skeletons.sequence import Dropped


def of_rows(table: list, header: Sequence[str], named: Columns, values: np.ndarray) -> tuple[Parsed, int | None]:
    """(the `Parsed` of a table with a row for each body in a frame, the column that says whose body it is, or None).

    values: (rows, joints, 3). Raises `Dropped` for rows out of order, and for people if frames have no number or time.
    """
    known = sorting(table, header, named)
    column = _who(table, header, named, ~np.isnan(values).all(axis=(1, 2)))
    people = None if column is None else [row[column].strip() for _, row in table]
    if people and not known:
        raise Dropped(f"the column {header[column].strip()[:40]!r} has several values: {ADVICE}")
    frames = ordering.together(known[0], people) if people and None not in known[0].moments else None
    if frames is None:
        check_order(table, known)
    if people is None:
        check_others(table, header, named, known)
    return _arranged(values, tuple(named.joints), people, frames, known), column


def of_joints(table: list, header: Sequence[str], named: Columns, values: np.ndarray) -> tuple[Parsed, int | None]:
    """As `of_rows`, of a table with a row for each joint; values: (rows, 3).

    Raises `Dropped` for rows out of order, for a joint that is there twice, and for a row without a frame.
    """
    known = sorting(table, header, named)[:1]
    if not known or None in known[0].moments:
        name = header[named.orders[0]].strip()[:40]
        raise Dropped(f"the column {name!r} does not say to which frame each row belongs: write a number in each")
    moments, joints = known[0].moments, [row[named.joint].strip() for _, row in table]
    column = _whose(table, named, moments, joints)
    texts = itertools.repeat("") if column is None else (row[column].strip() for _, row in table)
    bodies, of_body = _numbered(zip(moments, texts, strict=False))
    people = None if column is None else [person for _, person in bodies]
    first = known[0]._replace(moments=[moment for moment, _ in bodies])
    frames = ordering.together(first, people) if people else None
    if frames is None:
        ordering.check(  # as of a time, which several rows may share
            [known[0]._replace(kind="time")], lambda row: f"line {table[row][0]}", "sort the rows by it", ""
        )
    names, of_joint = _numbered(joints)
    if len(bodies) > MAX_FRAMES:
        raise Dropped(TOO_MANY)
    check_shape(len(bodies), 1, len(names), 3)
    places = of_body * len(names) + of_joint
    is_first = np.zeros(len(table), bool)
    is_first[np.unique(places, return_index=True)[1]] = True
    if not is_first.all():
        row = int(np.argmin(is_first))
        where = f"{known[0].name} {known[0].values[row].strip()[:40]}"
        raise Dropped(f"line {table[row][0]}: the joint {joints[row][:40]!r} is there twice in {where}")
    result = np.full((len(bodies) * len(names), 3), np.nan)
    result[places] = values
    return _arranged(result.reshape(len(bodies), -1, 3), tuple(names), people, frames, known), column


def _numbered(values):
    """(the different values in their order, the number of each value among them)."""
    numbers = {}
    places = np.array([numbers.setdefault(value, len(numbers)) for value in values])
    return list(numbers), places


def _who(table, header, named, has_body):
    """The column that says who is in a row; None if nobody changes. A different text in each row says nothing.

    Cells may be empty where it names one person only, as if it were filled in the first row, or a tracker is late.
    """
    for column in named.bodies:
        lines = [(line, row[column].strip()) for (line, row), known in zip(table, has_body, strict=True) if known]
        texts = {text for _, text in lines}
        if len(texts - {""}) > 1 and len(texts) < len(lines):
            if empty := next((line for line, text in lines if not text), None):
                raise Dropped(f"line {empty}: the column {header[column][:40]!r} is empty: say who is in each row")
            return column
    return None


def _whose(table, named, moments, joints):
    """As `_who`, of a table with a row for each joint; a column that only numbers or groups the joints says nothing."""
    for column in named.bodies:
        texts = [row[column].strip() for _, row in table]
        bodies, of_joints = set(zip(moments, texts, strict=True)), set(zip(joints, texts, strict=True))
        is_of_joints = len(set(joints)) > 1 and len(of_joints) in (len(set(joints)), len(set(texts)))
        if 1 < len(set(texts)) < len(bodies) and not is_of_joints:
            return column
    return None


def _arranged(bodies, names, people, frames, known):
    """The `Parsed` of bodies (bodies, joints, 3), by the frames that hold them, each a list of bodies.

    people: who they are, None if all are one. frames: None if each body has a frame of its own.
    """
    frames = frames or [[body] for body in range(len(bodies))]
    shape = len(frames), max(map(len, frames))
    if len(frames) > MAX_FRAMES:
        raise Dropped(TOO_MANY)
    check_shape(*shape, *bodies.shape[1:])
    joints, ids, numbers = np.full((*shape, *bodies.shape[1:]), np.nan), np.full(shape, -1), {}
    for frame, inside in enumerate(frames):
        joints[frame, : len(inside)] = bodies[inside]
        if people:
            ids[frame, : len(inside)] = [numbers.setdefault(people[body], len(numbers)) for body in inside]
    return Parsed(joints, names, ordering.gaps(known), ids=ids if people else None)
