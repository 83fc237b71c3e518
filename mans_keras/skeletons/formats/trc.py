"""OpenSim's tables of markers (`.trc`) -> the markers of a body as joints."""

import numpy as np

from mans_keras.errors import counted
from mans_keras.skeletons.bounds import check_marks, check_shape
from mans_keras.skeletons.formats import markers
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.sequence import Dropped
from mans_keras.skeletons.units import METRES

MAX_MARKERS = 20_000


def parse(content: bytes, joints: int | None = None) -> Parsed:
    """The `Parsed` in the bytes of a `.trc` file: joints (frames, bodies, markers, 3), metres, NaN in an empty cell.

    Bodies and names: as `markers.of_subjects`. `joints` is not needed: all parsers take it. Raises `Dropped`, which
    names the line, for another file.
    """
    check_marks(content, b"\t", b"\n", b"\r")
    lines = content.decode("latin-1").splitlines()
    try:
        header = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=False))
        unit, number = METRES[header["Units"].strip().lower()], int(header["NumMarkers"])
        names = [name.strip() for name in lines[3].split("\t")[2:] if name.strip()]
    except (IndexError, KeyError, ValueError):
        raise Dropped(
            f"not a .trc file: NumMarkers and Units ({', '.join(METRES)}) are expected in lines 2 and 3"
        ) from None
    if len(names) != number or len(set(names)) < len(names) or not names:
        raise Dropped(f"line 4 has {len(names)} names of markers, where {number} different ones are expected")
    if number > MAX_MARKERS:
        raise Dropped(f"{number:,} markers: at most {MAX_MARKERS:,} are possible")
    claimed = header.get("NumFrames", "").strip()
    rows = [(line, text) for line, text in enumerate(lines[5:], 6) if text.strip()]
    if claimed.isdecimal() and int(claimed) != len(rows):
        raise Dropped(
            f"NumFrames in line 3 is {claimed}, but the file has {counted(len(rows), 'row')}: export it again"
        )
    check_shape(len(rows), 1, number, 3)
    values, latest = np.full((len(rows), 3 * number), np.nan), -np.inf
    for row, (line, text) in enumerate(rows):
        cells = text.split("\t")
        if len(cells) < 2 + 3 * number:
            raise Dropped(
                f"line {line} has {len(cells)} cells, where the frame, the time and x y z of {number} markers are "
                "expected: a marker that is missing must leave three empty cells"
            )
        if any(cell.strip() for cell in cells[2 + 3 * number :]):
            raise Dropped(f"line {line} has more than x y z of {number} markers")
        try:
            frame = float(cells[0])
            for at, cell in enumerate(cells[2 : 2 + 3 * number]):
                if cell.strip():
                    values[row, at] = float(cell)
        except ValueError:
            raise Dropped(f"line {line}: text where a number is expected") from None
        if not frame > latest:
            raise Dropped(f"line {line}: frame {frame:g} comes after {latest:g}")
        latest = frame
    return markers.of_subjects(values.reshape(len(rows), -1, 3) * unit, names)
