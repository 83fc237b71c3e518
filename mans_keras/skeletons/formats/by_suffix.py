"""A file of your own recordings -> its joints: its suffix says which format it is."""

import dataclasses
from pathlib import Path

import numpy as np

from mans_keras.skeletons.bounds import in_metres, not_in_image, read_bytes
from mans_keras.skeletons.formats import (
    arrays,
    bvh,
    c3d_file,
    csv_file,
    frame_files,
    json_file,
    optical,
    text_file,
    trc,
)
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.known_files import READERS
from mans_keras.skeletons.sequence import Dropped
from mans_keras.skeletons.tracks import Track, joined


def _parse_csv(content, joints):
    return (optical if optical.is_like(content) else csv_file).parse(content, joints)


# Each is (bytes, number of joints or None) -> `Parsed`.
PARSERS = {
    ".npy": arrays.parse_npy,
    ".npz": arrays.parse_npz,
    ".csv": _parse_csv,
    ".json": json_file.parse,
    ".bvh": bvh.parse,
    ".trc": trc.parse,
    ".c3d": c3d_file.parse,
}
SUFFIXES = (*PARSERS, ".txt", *READERS)
MAX_BODIES = 2


def parsed(path: Path, joints: int | None = None) -> Parsed:
    """What a file, or a folder with a file for each frame, holds, in metres, without slots that nobody fills.

    Bodies that `tracks.joined` takes for one person are one, too.

    joints: their number if it is known; it says what a row of bare numbers means. Raises `Dropped` for a file that is
    not what its suffix says, is too large, has more than two bodies, other than x y z for a joint, a
    coordinate beyond 100, or places in the image.
    """
    if path.suffix.lower() in READERS:
        return READERS[path.suffix.lower()](path)
    if path.is_dir():
        content = frame_files.read(path, joints)
    elif path.suffix.lower() == ".txt":
        content = text_file.read(path, joints)
    else:
        content = PARSERS[path.suffix.lower()](read_bytes(path), joints)
    places = in_metres(content.joints)
    is_in_image = path.is_dir() and content.names == frame_files.HOLISTIC_NAMES  # only a folder that was asked for
    people = _people(places if is_in_image else not_in_image(places))
    if people.shape[1] > MAX_BODIES:
        raise Dropped(f"{people.shape[1]} bodies: at most {MAX_BODIES} are possible")
    return dataclasses.replace(content, joints=people)


def load(path: Path, joints: int | None = None) -> np.ndarray:
    """Joints (frames, bodies, joints, 3) of a file, as `parsed` has them."""
    return parsed(path, joints).joints


def _people(joints):
    """The same joints without bodies that nobody is, and with those joined that are one person, see `tracks.joined`."""
    seen = np.nan_to_num(joints).any(axis=(2, 3))
    filled = np.flatnonzero(seen.any(axis=0))
    tracks = joined([Track(np.flatnonzero(seen[:, body]), joints[seen[:, body], body]) for body in filled])
    people = np.full((len(joints), max(len(tracks), 1), *joints.shape[2:]), np.nan)
    for body, track in enumerate(tracks):
        people[track.frames, body] = track.joints
    return people
