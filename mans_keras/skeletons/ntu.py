"""NTU RGB+D (Shahroudy et al., CVPR 2016): 60 actions, 40 subjects, three cameras; a Kinect v2 `.skeleton` file each.

The format, white space between all tokens: number of frames; per frame a number of bodies; per body 10 tokens that
begin with its ID, the number of joints (25), and 12 tokens a joint: x y z in metres (camera space: y up, z depth), its
pixel in the depth and in the colour image, a quaternion, and the tracking state.
"""

import functools
import itertools
import re
from collections import defaultdict
from importlib import resources
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from mans_keras.errors import InputError
from mans_keras.skeletons.formats.decimals import Tokens
from mans_keras.skeletons.sequence import KINECT_2, MAX_FRAMES, MAX_METRES, Dropped, Reader, Sequence, read_bytes

CLASS_NAMES = (
    "drink water",
    "eat meal",
    "brush teeth",
    "brush hair",
    "drop",
    "pick up",
    "throw",
    "sit down",
    "stand up",
    "clapping",
    "reading",
    "writing",
    "tear up paper",
    "put on jacket",
    "take off jacket",
    "put on a shoe",
    "take off a shoe",
    "put on glasses",
    "take off glasses",
    "put on a hat or cap",
    "take off a hat or cap",
    "cheer up",
    "hand waving",
    "kicking something",
    "reach into pocket",
    "hopping",
    "jump up",
    "phone call",
    "play with phone or tablet",
    "type on a keyboard",
    "point to something",
    "taking a selfie",
    "check time (from watch)",
    "rub two hands",
    "nod head or bow",
    "shake head",
    "wipe face",
    "salute",
    "put palms together",
    "cross hands in front",
    "sneeze or cough",
    "staggering",
    "falling down",
    "headache",
    "chest pain",
    "back pain",
    "neck pain",
    "nausea or vomiting",
    "fan self",
    "punch or slap",
    "kicking",
    "pushing",
    "pat on back",
    "point finger",
    "hugging",
    "giving object",
    "touch pocket",
    "shaking hands",
    "walking towards",
    "walking apart",
)
WHERE = (
    "https://rose1.ntu.edu.sg/dataset/actionRecognition (its owners ask for a signed agreement): "
    "unpack nturgbd_skeletons_s001_to_s017.zip"
)
COUNTS = ("official", "released")

# The joint that each joint hangs from, in the order of Kinect v2; the spine's base hangs from itself.
PARENTS = (0, 0, 20, 2, 20, 4, 5, 6, 20, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17, 18, 1, 7, 7, 11, 11)

# Kinect also tracks furniture and reflections. As is usual for NTU, a track this short (a third of a second), or wider
# than WIDE of its height in more than WIDE_SHARE of its frames, is taken for one of them; people who lie down for part
# of a recording stay.
SHORT_LIVED = 11
WIDE = 0.8
WIDE_SHARE = 0.7

JOINT_TOKENS = 12
COORDINATES = JOINT_TOKENS * np.arange(KINECT_2.joints)[:, None] + np.arange(3)
# Focal length and centre, in pixels, of the depth and the colour image: Kinect v2's, fitted to the owners' files.
DEPTH_CAMERA = (365.5, 256.4, 208.5)
COLOR_CAMERA = (1063.0, 975.0, 567.6)


def sources(folder):
    """The `.skeleton` files of a folder and of the folders in it, sorted by name.

    Raises `InputError` if there are none, or two of one name.
    """
    folder = Path(folder)
    paths = sorted([*folder.glob("*.skeleton"), *folder.glob("*/*.skeleton")], key=source_name)
    if not paths:
        raise InputError(f"{folder} holds no .skeleton file: NTU RGB+D is published at {WHERE} into {folder}")
    for path, other in itertools.pairwise(paths):
        if source_name(path) == source_name(other):
            raise InputError(f"{path} and {other} have one name: leave one of them in {folder}")
    return paths


@functools.cache
def missing_skeletons():
    """The names of the 302 recordings that the owners list as having missing or incomplete skeletons."""
    return frozenset((resources.files("mans_keras.skeletons") / "data/ntu_missing_skeletons.txt").read_text().split())


def source_name(path):
    """The name a file goes by in a tensor file, e.g. `S001C001P001R001A001`."""
    return Path(path).stem


def parse_name(name, classes=60):
    """(label from 0, subject, camera) of a name `SsssCcccPpppRrrrAaaa`; `Dropped` for another name or action."""
    match = re.fullmatch(r"S\d{3}C(\d{3})P(\d{3})R\d{3}A(\d{3})", name)
    if not match:
        raise Dropped("the name is not SsssCcccPpppRrrrAaaa")
    camera, subject, action = map(int, match.groups())
    if not 1 <= action <= classes:
        raise Dropped(f"action A{action:03} is none of the {classes} classes")
    return action - 1, subject, camera


def _frames(tokens):
    """For each frame, [(body ID, number of its first joint's first token)] in the order of the file.

    Raises `Dropped` where the tokens don't fit the format.
    """
    try:
        frames = int(tokens[0])
        if not 0 < frames <= MAX_FRAMES:
            raise Dropped(f"{frames} frames: 1 to {MAX_FRAMES} were expected")
        listed, at = [], 1
        for _ in range(frames):
            count = int(tokens[at])
            at += 1
            bodies = []
            for _ in range(count):
                if int(tokens[at + 10]) != KINECT_2.joints:
                    raise Dropped(f"a body has not {KINECT_2.joints} joints, or a line lacks a token")
                bodies.append((tokens[at], at + 11))
                at += 11 + JOINT_TOKENS * KINECT_2.joints
            listed.append(bodies)
    except IndexError:
        raise Dropped("the file is cut short") from None
    except ValueError:
        raise Dropped("a number was expected, not text") from None
    if at != len(tokens):
        raise Dropped("the file is cut short" if at > len(tokens) else "the file goes on after its last frame")
    return listed


def _coordinates(tokens, firsts):
    """(frames, 25, 3) of bodies; `firsts`: the number of the first token of each."""
    try:
        xyz = tokens.floats(np.array(firsts)[:, None, None] + COORDINATES)
    except ValueError:
        raise Dropped("a coordinate is no number") from None
    if not (np.abs(xyz) < MAX_METRES).all():
        raise Dropped(f"a coordinate is not finite or beyond {MAX_METRES} m")
    return xyz


def _is_short_lived(xyz):
    return len(xyz) <= SHORT_LIVED


def _is_wide(xyz):
    width, height = np.ptp(xyz[..., :2], axis=1).T
    return (width > WIDE * height).mean() > WIDE_SHARE


def read_joints(path, counts=None, slots=False):
    """Joints (frames, 2, 25, 3) of a file.

    Bodies are followed by ID. False bodies, those short-lived and then those wide, are left out, unless nobody would
    be left: a sequence is never dropped for them, and one body alone is never false. Of the others, the two that move
    most (summed variance of their coordinates) stay, the one that moves more first; where a body is absent its joints
    are zeros.

    counts: as in `read`. slots: as the released code has it instead, the first and the second body of each frame in the
    order of the file, whoever they are, and nobody where a frame lists more than two. Raises `Dropped` for a malformed
    file, or one without a body.
    """
    tokens = Tokens(read_bytes(path))
    frames = _frames(tokens)
    if counts == "released" and len(frames[-1]) > 2:
        raise Dropped("more than two bodies in the last frame")
    joints = _slots(tokens, frames) if slots else _tracks(tokens, frames)
    if not joints.any():
        raise Dropped("every frame lists more than two bodies" if any(frames) and slots else "no body in any frame")
    return joints


def _slots(tokens, frames):
    joints = np.zeros((len(frames), 2, KINECT_2.joints, 3))
    filled = [
        (frame, slot, first)
        for frame, bodies in enumerate(frames)
        if len(bodies) <= 2
        for slot, (_, first) in enumerate(bodies)
    ]
    if filled:
        frame, slot, firsts = np.array(filled).T
        joints[frame, slot] = _coordinates(tokens, firsts)
    return joints


def _tracks(tokens, frames):
    joints = np.zeros((len(frames), 2, KINECT_2.joints, 3))
    bodies = defaultdict(dict)
    for frame, listed in enumerate(frames):
        for body, first in listed:
            bodies[body][frame] = first
    tracks = [(list(track), _coordinates(tokens, list(track.values()))) for track in bodies.values()]
    tracks = [track for track in tracks if track[1].any()]
    for is_false in (_is_short_lived, _is_wide) if len(tracks) > 1 else ():
        tracks = [track for track in tracks if not is_false(track[1])] or tracks
    tracks.sort(key=lambda track: -track[1].var(axis=0).sum())
    for body, (present, xyz) in enumerate(tracks[:2]):
        joints[present, body] = xyz
    return joints


def read(path, classes=60, counts=None, slots=False):
    """The `Sequence` of a file, its joints those of `read_joints`; label, subject and camera by its name.

    counts: whose counts of NTU RGB+D to arrive at: "official" drops the 302 `missing_skeletons`, "released" also what
    the released script drops, a recording whose last frame shows more than two bodies; None drops neither, for other
    recordings of this format. slots: as in `read_joints`. Raises `Dropped` for these, as `read_joints`, or for a name
    whose action is none of `classes`.
    """
    path = Path(path)
    name = source_name(path)
    label, subject, camera = parse_name(name, classes)
    if counts and name in missing_skeletons():
        raise Dropped("listed by the owners: missing or incomplete skeletons")
    return Sequence(name, read_joints(path, counts, slots), label, subject, camera)


READER = Reader("ntu_rgbd", CLASS_NAMES, KINECT_2, read, source_name)


def _project(joints, camera):
    focal, x, y = camera
    depth = np.maximum(joints[..., 2:], 0.1)
    return np.array([x, y]) + focal * np.array([1, -1]) * joints[..., :2] / depth


def _orientations(joints):
    """Quaternions w x y z that turn the y axis to the bone that ends in a joint; zeros at the ends, as Kinect's."""
    bones = joints - joints[..., list(PARENTS), :]
    bones[..., 0, :] = bones[..., 1, :]
    bones /= np.maximum(np.linalg.norm(bones, axis=-1, keepdims=True), 1e-9)
    axis = np.cross([0, 1, 0], bones)
    sine = np.linalg.norm(axis, axis=-1, keepdims=True)
    axis = np.where(sine > 1e-6, axis / np.maximum(sine, 1e-6), [1, 0, 0])
    angle = np.arctan2(sine, bones[..., 1:2])
    turned = Rotation.from_rotvec((axis * angle).reshape(-1, 3)).as_quat(scalar_first=True)
    ends = np.setdiff1d(np.arange(KINECT_2.joints), PARENTS)
    turned = turned.reshape(*joints.shape[:-1], 4)
    turned[..., ends, :] = 0
    return turned


def write(path, joints, body_ids):
    """Write joints (frames, bodies, 25, 3), metres in camera space, as a `.skeleton` file.

    body_ids: one integer a body. A body that is all zeros in a frame is left out of it. Pixels and quaternions are
    computed from the joints; every joint is marked as tracked.
    """
    state = np.full((*joints.shape[:-1], 1), 2)
    pixels = [_project(joints, DEPTH_CAMERA), _project(joints, COLOR_CAMERA)]
    values = np.concatenate([joints, *pixels, _orientations(joints), state], axis=-1)
    lines = (" ".join(["%.7g"] * JOINT_TOKENS) + "\n") * KINECT_2.joints
    text = [f"{len(joints)}\n"]
    for present, frame in zip(joints.any(axis=(2, 3)), values, strict=True):
        text.append(f"{present.sum()}\n")
        for body in np.flatnonzero(present):
            text.append(f"{body_ids[body]} 0 1 1 1 1 0 0 0 2\n{KINECT_2.joints}\n")
            text.append(lines % tuple(frame[body].ravel().tolist()))
    Path(path).write_text("".join(text), newline="\n")
