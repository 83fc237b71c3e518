"""C3D, the binary format of motion capture -> the markers of one body as joints; read by the package c3d."""

import io
import warnings

import numpy as np

from mans_keras.skeletons.bounds import check_shape
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.sequence import Dropped

METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001}


def parse(content: bytes, joints: int | None = None) -> Parsed:
    """The `Parsed` in the bytes of a `.c3d` file: joints (frames, 1, markers, 3), metres, NaN where one was not seen.

    `joints` is not needed: all parsers take it. Raises `Dropped` for another file, one that does not name its unit, or
    if the package c3d is missing.
    """
    try:
        import c3d
    except ImportError:
        raise Dropped("reading .c3d needs a package: pip install c3d") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader = c3d.Reader(io.BytesIO(content))
            check_shape(reader.frame_count, 1, reader.point_used, 3)
            values = np.array([points[:, :4] for _, points, _ in reader.read_frames()], float)
            unit = reader.get("POINT:UNITS")
            unit = unit and unit.string_value.strip().lower()
            names = tuple(label.strip() for label in reader.point_labels)
    except Dropped:
        raise
    except Exception:  # on broken bytes, c3d raises nearly anything
        raise Dropped("not a .c3d file, or a broken one") from None
    if len(values) != reader.frame_count:
        raise Dropped(f"the file is cut short: it has {len(values)} of {reader.frame_count} frames")
    if unit not in METRES:
        raise Dropped(f"its unit is {str(unit)[:20]!r}, where m, cm or mm is expected")
    places = np.where(values[..., 3:] < 0, np.nan, values[..., :3]) * METRES[unit]
    is_named = len(set(names)) == len(names) == places.shape[1] and all(names)
    return Parsed(places[:, None], names if is_named else ())
