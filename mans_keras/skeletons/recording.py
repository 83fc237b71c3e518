"""One recording in any format that the readers know -> its joints, whatever the file's name."""

from pathlib import Path

import numpy as np

from mans_keras.errors import InputError
from mans_keras.skeletons import hdm05, ntu, nw_ucla, own, sysu_3d, ut_kinect, utd_mhad
from mans_keras.skeletons.bounds import in_metres
from mans_keras.skeletons.formats import by_suffix, matlab
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.missing import completed
from mans_keras.skeletons.sequence import Dropped

FORMATS = (".skeleton", ".amc", ".mat", ".txt", *by_suffix.PARSERS)


def read(path: Path | str, joints: int | None = None, slots: bool = False) -> Parsed:
    """What a recording holds: joints (frames, bodies, joints, 3), metres, zeros where a body is absent from a frame.

    `.skeleton` (NTU RGB+D), `.amc` next to its `.asf` (HDM05), `.mat` (SYSU-3D's SW or UTD-MHAD's d_skel), `.txt`
    (UT-Kinect's joints files, whole), `.json` with `skeletons` (NW-UCLA), and `.npy`, `.npz`, `.csv` and other `.json`
    (see `formats.by_suffix`).
    joints: their number if it is known; it says what bare numbers mean. slots: of a `.skeleton` file, as in
    `ntu.parsed`. Raises `InputError`, which names the file, for another format or a file without a recording.
    """
    path = Path(path)
    try:
        path.stat()
        return _read(path, joints, slots)
    except Dropped as dropped:
        raise InputError(f"{path}: {dropped}") from None
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror or error}") from None


def _read(path, joints, slots):
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise Dropped(f"not a format of recordings, which are {', '.join(FORMATS)}")
    if suffix == ".skeleton":
        return ntu.parsed(path, slots=slots)
    if suffix == ".mat":
        return Parsed(_read_matlab(path))
    if suffix == ".json" and nw_ucla.is_like(path):
        return Parsed(nw_ucla.read_joints(path))
    if suffix == ".txt":
        _, body = ut_kinect.read_recording(path)
        return Parsed(body[:, None])
    if suffix == ".amc":
        skeletons = sorted(asf for asf in path.parent.iterdir() if asf.suffix.lower() == ".asf")
        skeletons = [asf for asf in skeletons if path.stem.startswith(f"{asf.stem}_")] or skeletons
        if len(skeletons) != 1:
            raise Dropped(
                f"{len(skeletons)} .asf files in its folder: the one of its actor is expected, named as the .amc begins"
            )
        return Parsed(hdm05.read_joints(path, skeletons[0]))
    return own.parsed(path, joints)


def _read_matlab(path):
    """The two data sets differ in the order of joints: the array's name says which one it is."""
    for dataset in (sysu_3d, utd_mhad):
        try:
            return dataset.read_joints(path)
        except matlab.NoArray:
            continue
    raise Dropped("the file holds neither an array SW (SYSU-3D) nor d_skel (UTD-MHAD)")


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
        joints = completed(in_metres(joints))
    except Dropped as dropped:
        raise InputError(f"the array is not a recording: {dropped}") from None
    if not joints.any():
        raise InputError("the array holds no body in any frame: all its coordinates are NaN or zero")
    return joints
