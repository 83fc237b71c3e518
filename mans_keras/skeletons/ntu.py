"""NTU RGB+D (Shahroudy et al., CVPR 2016): 60 actions, 40 subjects, three cameras; one `.skeleton` file each."""

import functools
import itertools
import re
from collections import Counter, defaultdict
from importlib import resources
from pathlib import Path

import numpy as np

from mans_keras.errors import InputError
from mans_keras.skeletons.bounds import check_shape, read_bytes
from mans_keras.skeletons.formats import skeleton_file
from mans_keras.skeletons.formats.decimals import Tokens
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.missing import completed
from mans_keras.skeletons.sequence import KINECT_2, KINECT_2_NAMES, Dropped, Reader, Sequence
from mans_keras.skeletons.tracks import SHORT_LIVED, Track, joined, nearest_ids

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
# NTU RGB+D 120 (Liu et al., TPAMI 2019) has these, too.
CLASS_NAMES_120 = (
    *CLASS_NAMES,
    "put on headphone",
    "take off headphone",
    "shoot at the basket",
    "bounce ball",
    "tennis bat swing",
    "juggling table tennis balls",
    "hush",
    "flick hair",
    "thumb up",
    "thumb down",
    "make ok sign",
    "make victory sign",
    "staple book",
    "counting money",
    "cutting nails",
    "cutting paper",
    "snapping fingers",
    "open bottle",
    "sniff",
    "squat down",
    "toss a coin",
    "fold paper",
    "ball up paper",
    "play magic cube",
    "apply cream on face",
    "apply cream on hand back",
    "put on bag",
    "take off bag",
    "put something into a bag",
    "take something out of a bag",
    "open a box",
    "move heavy objects",
    "shake fist",
    "throw up cap or hat",
    "hands up",
    "cross arms",
    "arm circles",
    "arm swings",
    "running on the spot",
    "butt kicks",
    "cross toe touch",
    "side kick",
    "yawn",
    "stretch oneself",
    "blow nose",
    "hit other person with something",
    "wield knife towards other person",
    "knock over other person",
    "grab other person's stuff",
    "shoot at other person with a gun",
    "step on foot",
    "high-five",
    "cheers and drink",
    "carry something with other person",
    "take a photo of other person",
    "follow other person",
    "whisper in other person's ear",
    "exchange things with other person",
    "support somebody with hand",
    "finger-guessing game",
)
WHERE = (
    "https://rose1.ntu.edu.sg/dataset/actionRecognition (its owners ask for a signed agreement): "
    "unpack nturgbd_skeletons_s001_to_s017.zip"
)
COUNTS = ("official", "released")
NAME = re.compile(r"S\d{3}C(\d{3})P(\d{3})R\d{3}A(\d{3})")

# Kinect also tracks furniture and reflections. As usual for NTU, these are tracks of at most `SHORT_LIVED` frames, or
# wider than WIDE of their height in more than WIDE_SHARE of their frames. People who lie down for a part of the
# recording stay.
BODIES = 2
WIDE = 0.8
WIDE_SHARE = 0.7


def sources(folder: Path | str) -> list[Path]:
    """The `.skeleton` files of a folder and of the folders in it, sorted by name.

    Raises `InputError` if there are none, or two with the same name.
    """
    folder = Path(folder)
    paths = sorted([*folder.glob("*.skeleton"), *folder.glob("*/*.skeleton")], key=source_name)
    if not paths:
        raise InputError(f"{folder} holds no .skeleton file: NTU RGB+D is published at {WHERE} into {folder}")
    for path, other in itertools.pairwise(paths):
        if source_name(path) == source_name(other):
            raise InputError(f"{path} and {other} have the same name: keep only one of them in {folder}")
    return paths


@functools.cache
def missing_skeletons(classes: int = 60) -> frozenset[str]:
    """The names of the 302 recordings that the owners list as having missing or incomplete skeletons; 535 of 120."""
    file = "ntu120_missing_skeletons.txt" if classes == 120 else "ntu_missing_skeletons.txt"
    return frozenset((resources.files("mans_keras.skeletons") / "data" / file).read_text().split())


def is_name(name: str) -> bool:
    """Whether a name is of the form `SsssCcccPpppRrrrAaaa`."""
    return bool(NAME.fullmatch(name))


def source_name(path: Path | str) -> str:
    """The name of a recording in a tensor file, e.g. `S001C001P001R001A001`."""
    return Path(path).stem


def parse_name(name: str, classes: int = 60) -> tuple[int, int, int]:
    """(label from 0, subject, camera) of a name `SsssCcccPpppRrrrAaaa`; `Dropped` for another name or action."""
    match = NAME.fullmatch(name)
    if not match:
        raise Dropped("its name is not SsssCcccPpppRrrrAaaa")
    camera, subject, action = map(int, match.groups())
    if not 1 <= action <= classes:
        raise Dropped(f"its action, A{action:03}, is not one of the {classes} classes")
    return action - 1, subject, camera


def _is_short_lived(xyz):
    return len(xyz) <= SHORT_LIVED


def _is_wide(xyz):
    width, height = np.ptp(xyz[..., :2], axis=1).T
    return (width > WIDE * height).mean() > WIDE_SHARE


def parsed(path: Path | str, counts: str | None = None, slots: bool = False, most: int | None = BODIES) -> Parsed:
    """What a file holds: joints (frames, people, 25, 3), metres; where a body is absent its joints are zeros.

    Bodies are followed by their ID or, if a frame lists one ID twice, by their places (`tracks.nearest_ids`). A new ID
    that goes on in the place of a lost one is the same person (`tracks.joined`). Joints at 0 0 0 are not tracked, and
    completed (`missing.completed`). False bodies, first those with few frames and then wide ones, are left out, unless
    no body would remain: a sequence is never dropped because of them, and a single body is never false. Of the others,
    the two that move most (summed variance of their coordinates) stay, first the one that moves more.

    counts: as in `read`. slots: instead, as in the released code, the first and the second body of each frame in the
    order of the file, as they are written, and no body in a frame that lists more than two. most: the number of people
    who stay, in place of two; None for all. Raises `Dropped` for a malformed file, or a file without a body.
    """
    tokens = Tokens(read_bytes(path))
    frames = skeleton_file.frames(tokens)
    if counts == "released" and len(frames[-1]) > 2:
        raise Dropped("more than two bodies in the last frame")
    joints, other_bodies = _slots(tokens, frames) if slots else _people(tokens, frames, most)
    if not joints.any():
        raise Dropped("every frame lists more than two bodies" if any(frames) and slots else "no body in any frame")
    return Parsed(joints, KINECT_2_NAMES, other_bodies=other_bodies)


def _slots(tokens, frames):
    joints = np.zeros((len(frames), BODIES, KINECT_2.joints, 3))
    filled = [
        (frame, slot, first)
        for frame, bodies in enumerate(frames)
        if len(bodies) <= BODIES
        for slot, (_, first) in enumerate(bodies)
    ]
    if filled:
        frame, slot, firsts = np.array(filled).T
        joints[frame, slot] = skeleton_file.coordinates(tokens, firsts)
    return joints, ()


def _people(tokens, frames, most):
    tracks = joined(_tracks(tokens, frames))
    people, reason = [], None
    for track in tracks:
        try:
            people.append(Track(track.frames, completed(track.joints[:, None])[:, 0]))
        except Dropped as dropped:
            reason = reason or dropped
    if reason and not people:
        raise reason
    for is_false in (_is_short_lived, _is_wide) if len(people) > 1 else ():
        people = [track for track in people if not is_false(track.joints)] or people
    people = sorted(people, key=lambda track: -track.joints.var(axis=0).sum())[:most]
    joints = np.zeros((len(frames), max(len(people), 1), KINECT_2.joints, 3))
    for body, track in enumerate(people):
        joints[track.frames, body] = track.joints
    kept = {id(track.frames) for track in people}
    return joints, tuple(track.frames for track in tracks if id(track.frames) not in kept)


def _tracks(tokens, frames):
    """The `Track` of each ID, without bodies whose joints are all 0 0 0.

    If a frame lists two bodies with the same ID, IDs do not say who is who: the places of the bodies do.
    """
    joints = skeleton_file.coordinates(tokens, [first for bodies in frames for _, first in bodies])
    listed = [(frame, body) for frame, bodies in enumerate(frames) for body, _ in bodies]
    seen = np.flatnonzero(joints.any(axis=(1, 2)))
    listed, joints = [listed[at] for at in seen], joints[seen]
    if len(set(listed)) < len(listed):
        numbers, counts = zip(*Counter(frame for frame, _ in listed).items(), strict=True)
        at = np.repeat(numbers, counts), np.concatenate([np.arange(count) for count in counts])
        check_shape(len(frames), max(counts), *joints.shape[1:])
        places = np.full((len(frames), max(counts), *joints.shape[1:]), np.nan)
        places[at] = joints
        listed = list(zip(at[0], nearest_ids(places)[at], strict=True))
    bodies = defaultdict(list)
    for number, (_, body) in enumerate(listed):
        bodies[body].append(number)
    return [Track(np.array([listed[number][0] for number in body]), joints[body]) for body in bodies.values()]


def read(path: Path | str, classes: int = 60, counts: str | None = None, slots: bool = False) -> Sequence:
    """The `Sequence` of a file, joints (frames, 2, 25, 3) by `parsed`; label, subject and camera from its name.

    counts: which recordings of NTU RGB+D count. "official" drops the `missing_skeletons`; "released" also drops, as
    the released script, a recording whose last frame shows more than two bodies; None, for other recordings of this
    format, drops neither. slots: as in `parsed`. Raises `Dropped` for these, as `parsed`, or for a name whose
    action is not one of the `classes`.
    """
    path = Path(path)
    name = source_name(path)
    label, subject, camera = parse_name(name, classes)
    if counts and name in missing_skeletons(classes):
        raise Dropped("listed by the owners: missing or incomplete skeletons")
    content = parsed(path, counts, slots)
    joints = np.pad(content.joints, [(0, 0), (0, BODIES - content.joints.shape[1]), (0, 0), (0, 0)])
    return Sequence(name, joints, label, subject, camera, other_bodies=tuple(map(len, content.other_bodies)))


READER = Reader("ntu_rgbd", CLASS_NAMES, KINECT_2, read, source_name)
