"""One file of any format that the readers know -> its joints, whatever its name."""

from pathlib import Path

import numpy as np

from mans_keras.errors import InputError
from mans_keras.skeletons import hdm05, ntu, nw_ucla, own, sysu_3d, ut_kinect, utd_mhad
from mans_keras.skeletons.formats import matlab, own_formats
from mans_keras.skeletons.sequence import Dropped

FORMATS = (".skeleton", ".amc", ".mat", ".txt", *own_formats.LOADERS)


def read_joints(path, joints=None, slots=False):
    """Joints (frames, bodies, joints, 3) of a recording, metres; a body that is absent from a frame is zeros there.

    `.skeleton` (NTU RGB+D), `.amc` beside its `.asf` (HDM05), `.mat` (SYSU-3D's SW or UTD-MHAD's d_skel), `.txt`
    (UT-Kinect's joints files, whole), `.json` with `skeletons` (NW-UCLA), and `.npy`, `.npz`, `.csv` and other `.json`
    (see `own_formats`; `joints`, their number, helps with bare numbers).
    slots: of a `.skeleton` file, as in `ntu.read_joints`. Raises `InputError`, which names the file, for any other, or
    one that holds no recording.
    """
    path = Path(path)
    try:
        path.open("rb").close()
        return _read(path, joints, slots)
    except Dropped as dropped:
        raise InputError(f"{path}: {dropped}") from None
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror or error}") from None


def _read(path, joints, slots):
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise Dropped(f"no format of recordings: {', '.join(FORMATS)}")
    if suffix == ".skeleton":
        return ntu.read_joints(path, slots=slots)
    if suffix == ".mat":
        return _read_matlab(path)
    if suffix == ".json" and nw_ucla.is_like(path):
        return nw_ucla.read_joints(path)
    if suffix == ".txt":
        _, found = ut_kinect.read_recording(path)
        return found[:, None]
    if suffix == ".amc":
        skeletons = sorted(one for one in path.parent.iterdir() if one.suffix.lower() == ".asf")
        actor = [one for one in skeletons if path.stem.startswith(f"{one.stem}_")] or skeletons
        if len(actor) != 1:
            raise Dropped("its actor's .asf must lie beside it")
        return hdm05.read_joints(path, actor[0])
    return own.read_joints(path, joints)


def _read_matlab(path):
    """The two sets differ in the order of joints: the array's name tells which it is."""
    for dataset in (sysu_3d, utd_mhad):
        try:
            return dataset.read_joints(path)
        except matlab.NoArray:
            continue
    raise Dropped("the file holds neither an array SW (SYSU-3D) nor d_skel (UTD-MHAD)")


def from_array(array):
    """Joints (frames, bodies, joints, 3) of an array (frames, joints, 3) or (frames, bodies, joints, 3).

    NaN is where a coordinate is missing, as in files of one's own. Raises `InputError` if it is no recording, or not in
    metres.
    """
    array = np.asarray(array)
    if array.ndim not in (3, 4) or array.shape[-1] != 3 or not array.size or array.dtype.kind not in "fiu":
        raise InputError(f"an array of shape {array.shape} is no recording: (frames, joints, 3) was expected")
    joints = array.astype(float).reshape(len(array), -1, *array.shape[-2:])
    try:
        joints = own.completed(own_formats.in_metres(joints))
    except Dropped as dropped:
        raise InputError(f"the array is no recording: {dropped}") from None
    if not joints.any():
        raise InputError("the array holds no body in any frame: all its coordinates are NaN or zero")
    return joints
