"""C3D, the binary format of motion capture -> the markers of a body as joints; read by the package c3d."""

import io
import warnings

import numpy as np

from mans_keras.errors import listed
from mans_keras.skeletons.bounds import check_shape
from mans_keras.skeletons.formats import markers
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.sequence import Dropped
from mans_keras.skeletons.units import METRES

# Parameters that list points which are no places, but what programs computed: Vicon's.
COMPUTED = ("ANGLES", "FORCES", "MOMENTS", "POWERS", "SCALARS", "REACTIONS")


def parse(content: bytes, joints: int | None = None, unit: float | None = None) -> Parsed:
    """The `Parsed` in the bytes of a `.c3d` file: joints (frames, bodies, markers, 3), metres, NaN where one is unseen.

    Bodies and names: as `markers.of_subjects`. Computed angles, forces and the like are left out, and points without a
    label, such as `*12`. `joints` is not needed: all parsers take it. unit: the metres of the file's unit, for a file
    that does not name it. Raises `Dropped` for another file, one without a unit, or if the package c3d is missing.
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
            units = reader.get("POINT:UNITS")
            units = units and units.string_value.strip().lower()
            labels = _labels(reader, "LABELS")
            computed = {label for name in COMPUTED for label in _labels(reader, name)}
    except Dropped:
        raise
    except Exception:  # on broken bytes, c3d raises nearly anything
        raise Dropped("not a .c3d file, or a broken one") from None
    if len(values) != reader.frame_count:
        raise Dropped(f"the file is cut short: it has {len(values)} of {reader.frame_count} frames")
    own_unit = METRES.get(units)
    metres = own_unit or unit
    if metres is None:
        raise Dropped(f"its unit is {str(units)[:20]!r}, where {', '.join(METRES)} is expected: give it by --unit")
    labels = [*labels, *[""] * values.shape[1]][: values.shape[1]]
    places = np.where(values[..., 3:] < 0, np.nan, values[..., :3]) * metres
    content = _with_labels(places, labels, computed)
    return content.with_own_unit(unit) if own_unit else content


def _with_labels(places, labels, computed):
    """The `Parsed` of points (frames, points, 3), metres, with these labels; computed: those that are no places."""
    if not any(labels):
        return Parsed(places[:, None])
    kept = [at for at, label in enumerate(labels) if label and not label.startswith("*") and label not in computed]
    others = [label or "a point without a label" for at, label in enumerate(labels) if at not in set(kept)]
    names = [labels[at] for at in kept]
    left_out = (f"{len(others)} points that are no markers: {listed(others)}",) if others else ()
    if not names:
        raise Dropped("no point is a marker with a label: all are angles, forces or the like, or without a label")
    if len(set(names)) < len(names):
        return Parsed(places[:, None, kept], (), left_out)
    return markers.of_subjects(places[:, kept], names, left_out)


def _labels(reader, name):
    """The texts of POINT:<name> and, in files of more than 255 points, of POINT:<name>2, POINT:<name>3, ..."""
    labels, number = [], 1
    while (parameter := reader.get(f"POINT:{name}{number if number > 1 else ''}")) and parameter.total_bytes:
        labels += [label.strip() for label in parameter.string_array.ravel()]
        number += 1
    return labels
