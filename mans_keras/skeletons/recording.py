"""One recording in any format that the readers know -> its joints, whatever the file's name."""

import dataclasses
from pathlib import Path

import numpy as np

from mans_keras.errors import InputError
from mans_keras.skeletons import joint_names, ntu, own, ut_kinect
from mans_keras.skeletons.formats import by_suffix, layouts, text_file
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.own_gaps import closed
from mans_keras.skeletons.sequence import Dropped

FORMATS = by_suffix.SUFFIXES


def read(
    path: Path | str,
    joints: int | None = None,
    slots: bool = False,
    names: tuple[str, ...] = (),
    unit: float | None = None,
    everybody: bool = False,
) -> Parsed:
    """What a recording holds: joints (frames, bodies, joints, 3), metres, zeros where a body is absent from a frame.

    The formats are those of `formats.by_suffix`.
    joints: their number if it is known; it says what bare numbers mean. names: the joints that are expected, in their
    order; see `joint_names.arranged`. unit: the metres of the file's unit, where its format does not say it. Of a
    `.skeleton` file: slots, as in `ntu.parsed`; everybody: all people, not only the two who move most. Raises
    `InputError`, which names the file, for another format, other joints, or a file without a recording.
    """
    path = Path(path)
    try:
        path.stat()
        suffix = path.suffix.lower()
        if suffix not in FORMATS and not path.is_dir():
            raise Dropped(f"not a format of recordings, which are {', '.join(FORMATS)}")
        if suffix == ".skeleton":
            content = ntu.parsed(path, slots=slots, most=None if everybody else ntu.BODIES)
            return joint_names.arranged(content.with_own_unit(unit), names)
        return own.parsed(path, joints, names, unit=unit)
    except Dropped as dropped:
        raise InputError(f"{path}: {dropped}") from None
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror or error}") from None


def part(source: Path | str | np.ndarray, content: Parsed, first: int, last: int) -> Parsed:
    """The frames from `first` to `last` of what a source holds, both included, counted from 0.

    Of UT-Kinect's `.txt` files, frames have the numbers that stand in the file, as in actionLabel.txt. Raises
    `InputError` if there are no such frames, or no body in them.
    """
    numbers, name = np.arange(len(content.joints)), "the array"
    if isinstance(source, (str, Path)):
        name = str(source)
        if Path(source).suffix.lower() == ".txt" and text_file.is_ut_kinect(Path(source)):
            numbers, _ = ut_kinect.read_recording(Path(source))
    inside = (numbers >= first) & (numbers <= last)
    if not inside.any():
        raise InputError(f"{name}: its frames are {numbers.min()} to {numbers.max()}, and not {first} to {last}")
    joints = content.joints[inside]
    if not joints.any():
        raise InputError(f"{name}: no body in the frames {first} to {last}")
    places = np.cumsum(inside) - 1

    def of_part(frames):
        return places[frames[inside[frames]]]

    others = tuple(body for body in map(of_part, content.other_bodies) if len(body))
    remarks = tuple((what, of_part(frames)) for what, frames in content.remarks)
    return dataclasses.replace(content, joints=joints, other_bodies=others, remarks=remarks)


def from_array(array: np.ndarray, joints: int | None = None, names: tuple[str, ...] = ()) -> Parsed:
    """What an array in metres holds, as `.npy` files of your own do: its axes may be in any order that these have.

    NaN is where a coordinate is missing. joints, names: their number and their names if the array has those, which also
    says what the axes are. Raises `InputError` for another shape or type, coordinates that are not in metres, an
    array without a body, or one body's frames that several people seem to share in turns.
    """
    try:
        array = np.asarray(array)
    except (ValueError, OverflowError):
        raise InputError("lists of different lengths are not a recording") from None
    if array.ndim not in (2, 3, 4) or not array.size or array.dtype.kind not in "fiu":
        raise InputError(
            f"an array of shape {array.shape} and type {array.dtype} is not a recording: "
            "numbers (frames, joints, 3) or (frames, bodies, joints, 3) are expected"
        )
    try:
        content = layouts.parsed(array.astype(float), layouts.order(array.shape, joints), joints)
    except Dropped as dropped:
        raise InputError(f"the array is not a recording: {dropped}") from None
    return of_bodies(content, names)


def of_bodies(content: Parsed, names: tuple[str, ...] = ()) -> Parsed:
    """The people of an array's joints (frames, bodies, joints, 3), in metres; names, errors: as in `from_array`."""
    try:
        content = by_suffix.in_room(content)
        content = closed(content, names if len(names) == content.joints.shape[2] else ())
    except Dropped as dropped:
        raise InputError(f"the array is not a recording: {dropped}") from None
    if not content.joints.any():
        raise InputError("the array holds no body in any frame: all its coordinates are NaN or zero")
    return content
