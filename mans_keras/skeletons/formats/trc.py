"""OpenSim's tables of markers (`.trc`) -> the markers of one body as joints."""

import numpy as np

from mans_keras.skeletons.bounds import check_marks, check_shape
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.sequence import Dropped

METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001}


def parse(content: bytes, joints: int | None = None) -> Parsed:
    """The `Parsed` in the bytes of a `.trc` file: joints (frames, 1, markers, 3), metres, NaN where a cell is empty.

    `joints` is not needed: all parsers take it. Raises `Dropped`, which names the line, for another file.
    """
    check_marks(content, b"\t", b"\n", b"\r")
    lines = content.decode("latin-1").splitlines()
    try:
        header = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=False))
        unit, markers = METRES[header["Units"].strip()], int(header["NumMarkers"])
        names = [name.strip() for name in lines[3].split("\t")[2:] if name.strip()]
    except (IndexError, KeyError, ValueError):
        raise Dropped("not a .trc file: NumMarkers and Units (m, cm or mm) are expected in lines 2 and 3") from None
    if len(names) != markers or len(set(names)) < len(names) or not names:
        raise Dropped(f"line 4 has {len(names)} names of markers, where {markers} different ones are expected")
    rows = [(number, line) for number, line in enumerate(lines[5:], 6) if line.strip()]
    check_shape(len(rows), 1, markers, 3)
    values, latest = np.full((len(rows), 3 * markers), np.nan), -np.inf
    for row, (number, line) in enumerate(rows):
        cells = line.split("\t")
        if any(cell.strip() for cell in cells[2 + 3 * markers :]):
            raise Dropped(f"line {number} has more than x y z of {markers} markers")
        try:
            frame = float(cells[0])
            for at, cell in enumerate(cells[2 : 2 + 3 * markers]):
                if cell.strip():
                    values[row, at] = float(cell)
        except ValueError:
            raise Dropped(f"line {number}: text where a number is expected") from None
        if not frame > latest:
            raise Dropped(f"line {number}: frame {frame:g} comes after {latest:g}")
        latest = frame
    return Parsed(values.reshape(len(rows), 1, -1, 3) * unit, tuple(names))
