"""Tables (`.csv`) that optical motion capture exports, OptiTrack's Motive and Vicon's Nexus -> the joints of bodies.

Motive's table begins with `Format Version` and names its unit there; rows that begin with Type, Name, ... say what each
column is. Vicon's has several sections. The one named Trajectories has its rate, its markers, its axes, and its units.
"""

import itertools
import math
from collections import Counter
from typing import NamedTuple

import numpy as np

from mans_keras.errors import counted, listed
from mans_keras.skeletons.bounds import MAX_FRAMES, TOO_MANY, check_marks, check_shape
from mans_keras.skeletons.formats import csv_file, markers
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.sequence import Dropped

METRES = {"meters": 1.0, "centimeters": 0.01, "millimeters": 0.001, "m": 1.0, "cm": 0.01, "mm": 0.001}
KINDS = ("Bone", "Marker", "Rigid Body")  # the first that Motive's table has becomes the joints
SECTIONS = (b"Trajectories", b"Devices", b"Joints", b"Segments", b"Model Outputs")  # of Vicon's tables
MOST_HEADER = 10  # rows of Motive's header


class Column(NamedTuple):
    """What a column holds: such as a Bone named `Anna:Hip`, its Position, X."""

    kind: str
    name: str
    what: str
    axis: str


def is_like(content: bytes) -> bool:
    """Whether these are the bytes of Motive's or Vicon's table."""
    first = content[:400]
    if first[:2] in (b"\xff\xfe", b"\xfe\xff"):
        first = first.decode("utf-16", "ignore").encode()
    first = first.removeprefix(b"\xef\xbb\xbf").lstrip(b' \t\r\n"')
    return first.startswith(b"Format Version") or _section(first.split(b"\n")[0]) in SECTIONS


def parse(content: bytes, joints: int | None = None) -> Parsed:
    """Joints (frames, bodies, joints, 3), metres, of the bytes of a table, NaN where a cell is empty.

    Joints are the bones of Motive's skeletons; without any, its labelled markers; without these, its rigid bodies. Of
    Vicon's tables, they are the labelled markers. Bodies and names: as `markers.of_subjects`. `joints` is not needed:
    all parsers take it. Raises `Dropped`, which names the line, for a malformed table, if frames are missing,
    or if bones are relative to their parents.
    """
    check_marks(content, b",", b";", b"\t", b"\n", b"\r")
    rows = csv_file.rows(csv_file.decode(content))
    line, first = next(rows)
    is_motive = first[0].strip() == "Format Version"
    described, unit = _motive(line, first, rows) if is_motive else _vicon(first, rows)
    axes, left_out = _chosen(described)
    if not axes:
        raise Dropped(
            "the table has no labelled marker, bone or rigid body with X, Y and Z: label them, and export again"
        )
    check_shape(1, 1, len(axes), 3)
    values = _values(rows, list(itertools.chain.from_iterable(axes.values())))
    check_shape(len(values), 1, len(axes), 3)
    claimed = _properties(first).get("Total Exported Frames", "") if is_motive else ""
    if claimed.isdecimal() and int(claimed) != len(values):
        raise Dropped(
            f"Total Exported Frames is {claimed}, but the file has {counted(len(values), 'frame')}: export it again"
        )
    return markers.of_subjects(unit * values.reshape(len(values), len(axes), 3), list(axes), left_out)


def _section(line):
    return line.strip(b' ",;\t\r')


def _properties(first):
    """{name: value} of the first row of Motive's table."""
    return dict(zip([cell.strip() for cell in first[::2]], [cell.strip() for cell in first[1::2]], strict=False))


def _motive(line, first, rows):
    """(columns, metres of the unit) of Motive's table; the rows are read up to the first frame."""
    properties = _properties(first)
    unit = METRES.get(properties.get("Length Units", "").lower())
    if unit is None:
        named = properties.get("Length Units")
        problem = f"Length Units is {named[:20]!r}" if named else "no Length Units is named"
        raise Dropped(f"line {line}: {problem}: export it with its header, in Meters, Centimeters or Millimeters")
    if properties.get("Coordinate Space", "Global").lower() == "local":
        raise Dropped("its bones are relative to their parents: export it with Coordinate Space Global")
    header = {}
    latest = []
    for line, row in itertools.islice(rows, MOST_HEADER):
        cells = [cell.strip() for cell in row]
        if cells[0].lower() == "frame":
            if len(cells) > csv_file.MAX_COLUMNS:
                raise Dropped(f"line {line} has more than {csv_file.MAX_COLUMNS:,} cells")
            kinds, names = (header.get(label, []) for label in ("type", "name"))
            if not len(kinds) == len(names) == len(latest) == len(cells):
                raise Dropped(f"line {line}: the rows Type and Name above must have as many cells, {len(cells)}")
            kinds = ["" if name.startswith("Unlabeled") else kind for kind, name in zip(kinds, names, strict=True)]
            frame_and_time = [Column("", "", "", cell) for cell in cells[:2]]
            columns = [Column(*column) for column in zip(kinds, names, latest, cells, strict=True)]
            return frame_and_time + columns[2:], unit
        label = next(filter(None, cells[:2]), "").lower()
        header[label], latest = cells, cells
    raise Dropped("no row that begins with Frame is in the header: export it from Motive with its header")


def _vicon(first, rows):
    """(columns, metres of the unit) of Vicon's table; the rows are read up to the first frame of its trajectories."""
    row = first
    while [cell.strip() for cell in row if cell.strip()] != ["Trajectories"]:
        _, row = next(rows, (0, None))
        if row is None:
            raise Dropped("no section named Trajectories: export the trajectories of the markers")
    header = [[cell.strip() for cell in row] for _, row in itertools.islice(rows, 4)]
    if len(header) < 4 or header[2][:1] != ["Frame"]:
        raise Dropped(
            "below Trajectories, rows with the rate, the markers, Frame and axes, and the units are expected, "
            "with cells separated by commas"
        )
    _, names, axes, units = header
    if len(axes) > csv_file.MAX_COLUMNS:
        raise Dropped(f"more than {csv_file.MAX_COLUMNS:,} columns")
    columns, used, name = [], set(), ""
    for at, axis in enumerate(axes):
        name = names[at] if at < len(names) and names[at] else name
        unit = units[at] if at < len(units) else ""
        is_place = axis in ("X", "Y", "Z") and at > 1
        columns.append(Column("Marker" if is_place and name[:1] not in ("", "*") else "", name, "Position", axis))
        if columns[-1].kind:
            used.add(unit)
    if len(used) > 1 or not used <= set(METRES):
        raise Dropped(f"its units are {listed(sorted(used))}, where one of m, cm and mm is expected")
    return columns, METRES[used.pop()] if used else 1.0


def _chosen(columns):
    """({joint: its columns x, y, z}, what is left out) of a table."""
    kind = next((kind for kind in KINDS if any(column.kind == kind for column in columns)), None)
    joints, others = {}, Counter()
    for at, column in enumerate(columns):
        if column.kind == kind and column.what == "Position" and column.axis in ("X", "Y", "Z"):
            axes = joints.setdefault(column.name, {})
            if column.axis in axes:
                raise Dropped(f"the header has {column.axis} of {column.name[:40]!r} twice")
            axes[column.axis] = at
        else:
            others[f"{column.kind} {column.what}".strip() if column.kind else column.name or column.axis] += 1
    incomplete = [name[:40] for name, axes in joints.items() if len(axes) < 3]
    if incomplete:
        raise Dropped(f"the header lacks X, Y or Z of {listed(incomplete)}")
    joints = {name: [axes["X"], axes["Y"], axes["Z"]] for name, axes in joints.items()}
    return joints, tuple(what if count == 1 else f"{count} columns {what[:40]}" for what, count in others.items())


def _values(rows, places):
    """(frames, columns) float of the rows up to the end of the section."""
    frames, latest, width = [], -math.inf, max(places) + 1
    for line, row in rows:
        if not csv_file.is_number(row[0]):
            if len([cell for cell in row if cell.strip()]) == 1:
                break  # the name of Vicon's next section
            raise Dropped(f"line {line}: {row[0][:40]!r} where the number of a frame is expected")
        if len(row) < width:
            raise Dropped(f"line {line} has {len(row)} cells, where {width} or more are expected")
        if len(frames) == MAX_FRAMES:
            raise Dropped(TOO_MANY)
        frame = csv_file.number(row[0], line, 1)
        if not frame > latest:
            raise Dropped(f"line {line}: frame {frame:g} comes after {latest:g}")
        latest = frame
        frames.append(np.array([csv_file.number(row[at], line, at + 1) for at in places]))
    return np.array(frames).reshape(len(frames), len(places))
