"""One recording in any format that the readers know -> its joints, whatever the file's name."""

from pathlib import Path

import numpy as np

from mans_keras.errors import InputError
from mans_keras.skeletons import joint_names, ntu, nw_ucla, own, ut_kinect
from mans_keras.skeletons.bounds import in_metres, not_in_image
from mans_keras.skeletons.formats import by_suffix, text_file
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.known_files import READERS
from mans_keras.skeletons.missing import completed
from mans_keras.skeletons.sequence import KINECT_1_NAMES, Dropped

FORMATS = by_suffix.SUFFIXES


def read(path: Path | str, joints: int | None = None, slots: bool = False, names: tuple[str, ...] = ()) -> Parsed:
    """What a recording holds: joints (frames, bodies, joints, 3), metres, zeros where a body is absent from a frame.

    `.skeleton` (NTU RGB+D), `.amc` next to its `.asf`, `.mat` (SYSU-3D's SW or UTD-MHAD's d_skel), `.txt` (UT-Kinect's
    joints files, whole, and what `formats.text_file` reads), `.json` with `skeletons` (NW-UCLA), and `.npy`, `.npz`,
    `.csv`, `.bvh`, `.trc` and other `.json` (see `formats.by_suffix`); or a folder with a file for each frame.
    joints: their number if it is known; it says what bare numbers mean. slots: of a `.skeleton` file, as in
    `ntu.parsed`. names: the joints that are expected, in their order; see `joint_names.arranged`. Raises `InputError`,
    which names the file, for another format, other joints, or a file without a recording.
    """
    path = Path(path)
    try:
        path.stat()
        return joint_names.arranged(_read(path, joints, slots, names), names)
    except Dropped as dropped:
        raise InputError(f"{path}: {dropped}") from None
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror or error}") from None


def _read(path, joints, slots, names):
    if path.is_dir():
        return own.parsed(path, joints, names)
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise Dropped(f"not a format of recordings, which are {', '.join(FORMATS)}")
    if suffix == ".skeleton":
        return ntu.parsed(path, slots=slots)
    if suffix == ".json" and nw_ucla.is_like(path):
        return Parsed(nw_ucla.read_joints(path), KINECT_1_NAMES)
    if suffix == ".txt" and text_file.is_ut_kinect(path):
        _, body = ut_kinect.read_recording(path)
        return Parsed(body[:, None], KINECT_1_NAMES)
    if suffix in READERS:
        return READERS[suffix](path)
    return own.parsed(path, joints, names)


def part(source: Path | str | np.ndarray, joints: np.ndarray, first: int, last: int) -> np.ndarray:
    """The frames from `first` to `last` of a recording's joints, both included, counted from 0.

    Of UT-Kinect's `.txt` files, frames have the numbers that stand in the file, as in actionLabel.txt. Raises
    `InputError` if there are no such frames, or no body in them.
    """
    numbers, name = np.arange(len(joints)), "the array"
    if isinstance(source, (str, Path)):
        name = str(source)
        if Path(source).suffix.lower() == ".txt" and text_file.is_ut_kinect(Path(source)):
            numbers, _ = ut_kinect.read_recording(Path(source))
    inside = (numbers >= first) & (numbers <= last)
    if not inside.any():
        raise InputError(f"{name}: its frames are {numbers.min()} to {numbers.max()}, and not {first} to {last}")
    if not joints[inside].any():
        raise InputError(f"{name}: no body in the frames {first} to {last}")
    return joints[inside]


def from_array(array: np.ndarray) -> np.ndarray:
    """Joints (frames, bodies, joints, 3) of an array (frames, joints, 3) or (frames, bodies, joints, 3), in metres.

    NaN is where a coordinate is missing; it is completed as in files of your own. Raises `InputError` for another shape
    or type, coordinates that are not in metres, or an array without a body.
    """
    try:
        array = np.asarray(array)
    except (ValueError, OverflowError):
        raise InputError("lists of different lengths are not a recording") from None
    if array.ndim not in (3, 4) or array.shape[-1] != 3 or not array.size or array.dtype.kind not in "fiu":
        raise InputError(
            f"an array of shape {array.shape} and type {array.dtype} is not a recording: "
            "numbers (frames, joints, 3) or (frames, bodies, joints, 3) are expected"
        )
    joints = array.astype(float).reshape(len(array), -1, *array.shape[-2:])
    try:
        joints = completed(not_in_image(in_metres(joints)))
    except Dropped as dropped:
        raise InputError(f"the array is not a recording: {dropped}") from None
    if not joints.any():
        raise InputError("the array holds no body in any frame: all its coordinates are NaN or zero")
    return joints
