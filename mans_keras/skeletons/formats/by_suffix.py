"""A file of your own recordings -> its joints: its suffix says which format it is."""

import dataclasses
import functools
import re
from pathlib import Path

import numpy as np

from mans_keras.skeletons import hdm05, ntu, nw_ucla, sysu_3d, units, utd_mhad
from mans_keras.skeletons.bounds import check_shape, in_metres, is_flat, not_in_image, read_bytes
from mans_keras.skeletons.formats import (
    acclaim,
    arrays,
    bvh,
    c3d_file,
    columns,
    csv_file,
    frame_files,
    json_file,
    json_keys,
    matlab,
    optical,
    text_file,
    trc,
)
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.joint_names import UNSTORABLE
from mans_keras.skeletons.sequence import KINECT_1_NAMES, Dropped
from mans_keras.skeletons.tracks import people, slot_ids


def _parse_json(content, joints=None, unit=None):
    """The `Parsed` of the bytes of a JSON file, in the unit that it names, if it names one."""
    document = json_file.parsed(content)
    own = units.of_json(document, unit)
    parsed = json_file.of_document(document, joints, own or unit)
    return parsed.with_own_unit(unit) if own else parsed


# Each is (bytes, number of joints or None) -> `Parsed`. The numbers of the first kind are metres unless --unit says
# another unit. Parsers of the second kind know the unit or find it out, and take the metres of --unit as `unit`; the
# others' files name it.
NUMBERS = {".npy": arrays.parse_npy, ".npz": arrays.parse_npz, ".csv": csv_file.parse}
WITH_UNIT = {".json": _parse_json, ".bvh": bvh.parse, ".c3d": c3d_file.parse}
PARSERS = {**NUMBERS, **WITH_UNIT, ".trc": trc.parse}
MOTION_CAPTURE = (".bvh", ".c3d", ".trc")
MAX_BODIES = 2
NW_UCLA_KEY = f'"{json_keys.NW_UCLA}"'.encode()


def parsed(path: Path, joints: int | None = None, unit: float | None = None) -> Parsed:
    """What a file, or a folder with a file for each frame, holds, in metres: a body for each person.

    Who is one person: see `tracks.people`.

    joints: their number if it is known; it says what a row of bare numbers means. unit: the metres of the file's unit,
    if the format does not say it; otherwise `left_out` says that it was not used. Raises `Dropped` for a file that is
    not what its suffix says, is too large, has other than x y z for a joint, a coordinate beyond 100, or places in the
    image.
    """
    suffix = path.suffix.lower()
    if suffix in READERS:
        return READERS[suffix](path).with_own_unit(unit)
    return in_room(*_content(path, suffix, joints, unit))


def in_room(content: Parsed, may_be_in_image: bool = True) -> Parsed:
    """The same with a body for each person; `Dropped` for joints that are not in metres, or are places in the image."""
    content = _without_directions(content)
    xyz = in_metres(content.joints)
    ids = content.ids
    if may_be_in_image:
        xyz = not_in_image(xyz)
        ids = slot_ids(xyz) if ids is None else ids
    persons, others = people(xyz, ids)
    names = tuple(map(_storable, content.names))
    left_out = (*content.left_out, "the depth, which is the same for all joints") if is_flat(xyz) else content.left_out
    return dataclasses.replace(content, joints=persons, names=names, left_out=left_out, other_bodies=others, ids=None)


def _without_directions(content):
    """The same without what is no joint by its name, such as a gaze; it is in `left_out`."""
    others = [name for name in content.names if columns.is_no_joint(name)]
    if not others or len(others) == len(content.names):
        return content
    kept = [place for place, name in enumerate(content.names) if name not in others]
    names, left_out = tuple(content.names[place] for place in kept), (*content.left_out, *others)
    return dataclasses.replace(content, joints=content.joints[:, :, kept], names=names, left_out=left_out)


def has_assumed_order(path: Path) -> bool:
    """Whether only the form of a file says that its joints are Kinect v1's, in its order.

    These are rows of 61 numbers, as in UT-Kinect, and 20 joints under `skeletons`, as in NW-UCLA, in files with other
    names than those data sets have.
    """
    try:
        if path.suffix.lower() == ".txt":
            return not text_file.UT_KINECT_NAME.fullmatch(path.name) and text_file.is_ut_kinect(path)
        if path.suffix.lower() != ".json" or nw_ucla.NAME.fullmatch(path.stem):
            return False
        content = read_bytes(path)
        return NW_UCLA_KEY in content and json_file.parse(content).names == KINECT_1_NAMES
    except Dropped:
        return False


def _storable(name):
    """A joint's name without what HDF5 can't hold, NUL and halves of UTF-16's pairs: they are written like `\\x00`."""
    return re.sub(f"[{UNSTORABLE}]", lambda letter: ascii(letter[0])[1:-1], name)


def _content(path, suffix, joints, unit):
    """(what a file or folder holds, whether it may hold places in the image without saying so)."""
    if path.is_dir():
        content = frame_files.read(path, joints, unit)
        return content, content.names != frame_files.HOLISTIC_NAMES  # only a folder that was asked for has them
    if suffix == ".txt":
        return text_file.read(path, joints, unit), True
    content = read_bytes(path)
    if not content.strip():
        raise Dropped("the file is empty")
    if suffix == ".csv" and optical.is_like(content):
        return optical.parse(content).with_own_unit(unit), False
    if suffix in NUMBERS:
        content = NUMBERS[suffix](content, joints)
        return dataclasses.replace(content, joints=content.joints * (unit or 1)), True
    if suffix in WITH_UNIT:
        return WITH_UNIT[suffix](content, joints, unit=unit), suffix not in MOTION_CAPTURE
    return PARSERS[suffix](content, joints).with_own_unit(unit), suffix not in MOTION_CAPTURE


def _read_matlab(path):
    """The `Parsed` of SYSU-3D's array SW or UTD-MHAD's d_skel, which differ in the order of joints."""
    for dataset in (sysu_3d, utd_mhad):
        try:
            return Parsed(dataset.read_joints(path), KINECT_1_NAMES)
        except matlab.NoArray:
            continue
    raise Dropped("the file holds neither an array SW (SYSU-3D) nor d_skel (UTD-MHAD)")


def _read_acclaim(path):
    """The `Parsed` of an `.amc` file and its `.asf` file, metres: the ends of all bones, and the root.

    HDM05's joints are in the order of `hdm05.JOINTS`, others in that of the hierarchy.
    """
    skeleton = _skeleton(_find_skeleton(path))
    motion = acclaim.parse_motion(read_bytes(path), skeleton)
    names = hdm05.JOINTS if set(skeleton.bones) == set(hdm05.JOINTS) else tuple(skeleton.bones)
    check_shape(len(motion["root"]), 1, len(names), 3)
    ends = acclaim.positions(skeleton, motion)
    ends = [np.broadcast_to(ends[name], (len(motion["root"]), 3)) for name in names]
    return Parsed(np.stack(ends, axis=1)[:, None], tuple(names), is_computed=True)


def _find_skeleton(path):
    """The `.asf` file of an `.amc` file: the only one in its folder, or the one whose name the `.amc` begins with.

    Without such a file, that one is looked for in the two folders above and in the folders there: HDM05 has `asf` next
    to `cut_amc`, in which each class has a folder.
    """
    folder = path.absolute().parent
    inside = _skeletons(folder)
    own = [asf for asf in inside if path.stem.startswith(f"{asf.stem}_")]
    if not own and len(inside) == 1:
        return inside[0]
    for above in list(folder.parents)[:2] if not own else ():
        folders = [above, *(other for other in _inside(above) if other.is_dir())]
        own += [asf for other in folders for asf in _skeletons(other) if path.stem.startswith(f"{asf.stem}_")]
    if not own:
        raise Dropped(
            f"no .asf file fits: its folder has {len(inside)}. Put one there alone, or give that of its actor the name "
            "with which the .amc begins, such as HDM_bd.asf for HDM_bd_walk_001.amc"
        )
    return max(own, key=lambda asf: len(asf.stem))


def _inside(folder):
    try:
        return sorted(folder.iterdir())
    except OSError:  # a folder that others may not read
        return []


def _skeletons(folder):
    return [asf for asf in _inside(folder) if asf.suffix.lower() == ".asf"]


@functools.lru_cache(maxsize=16)
def _skeleton(path):
    return acclaim.read_skeleton(path)


# Each is path -> `Parsed`.
READERS = {".skeleton": ntu.parsed, ".amc": _read_acclaim, ".mat": _read_matlab}
SUFFIXES = (*PARSERS, ".txt", *READERS)
