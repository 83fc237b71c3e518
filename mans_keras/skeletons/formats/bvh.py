"""Biovision's motion capture format (`.bvh`): a tree of joints and their recorded angles -> the joints' places.

A joint lies at its OFFSET from its parent, turned by its parent's rotation. Its rotation channels are angles in degrees
about its own axes, in the order of the channels: R = R_parent R_1 R_2 R_3. A leaf ends in an End Site.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from mans_keras.skeletons.bounds import MAX_NUMBERS, TOO_MANY, check_shape, check_tokens
from mans_keras.skeletons.formats import euler_angles
from mans_keras.skeletons.formats.decimals import Tokens
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.sequence import Dropped

MAX_NUMBER = 1e6  # no angle or length of a recording comes near it
MAX_HIERARCHY = 2**20  # bytes
# A file does not say its unit. A body is as tall as this, or as wide, in one unit alone: (least, most), metres of it.
UNITS = (((0.8, 2.7), 1.0), ((80.0, 270.0), 0.01), ((800.0, 2700.0), 0.001))


@dataclass
class Joint:
    """A joint of the tree. parent: its place among the joints, None for the root; channels: such as "zrotation"."""

    name: str
    parent: int | None
    offset: np.ndarray | None = None
    channels: list[str] = field(default_factory=list)


def parse(content: bytes, joints: int | None = None, unit: float | None = None) -> Parsed:
    """The `Parsed` in the bytes of a `.bvh` file: joints (frames, 1, joints, 3), metres, the End Sites among them.

    An End Site has its parent's name and `End`. `joints` is not needed: all parsers take it. unit: the metres of the
    file's unit; default: metre, centimetre or millimetre, whichever the height of the body shows. Raises `Dropped` for
    a malformed file, or if the height shows none of these.
    """
    hierarchy, separator, motion = content.partition(b"MOTION")
    if not separator or len(hierarchy) > MAX_HIERARCHY:
        raise Dropped("not a .bvh file: a HIERARCHY and then a MOTION are expected")
    tree = _tree(hierarchy.decode("latin-1").split())
    values = _motion(motion, sum(len(joint.channels) for joint in tree), len(tree))
    places = np.stack(_positions(tree, values), axis=1) * (unit or _unit(tree))
    return Parsed(places[:, None], tuple(joint.name for joint in tree), is_computed=True)


def _tree(tokens):
    """[`Joint`], parents before children."""
    tree, open_joints, at = [], [], 1
    if not tokens or tokens[0].upper() != "HIERARCHY":
        raise Dropped("not a .bvh file: it does not begin with HIERARCHY")
    try:
        while at < len(tokens):
            word = tokens[at].upper()
            if word in ("ROOT", "JOINT", "END"):
                if (word == "ROOT") != (not tree) or (word != "ROOT" and not open_joints):
                    raise Dropped("the hierarchy must be one tree, with one ROOT")
                parent = open_joints[-1] if open_joints else None
                end = tokens.index("{", at)
                name = "_".join(tokens[at + 1 : end]).split(":")[-1]  # without a prefix such as mixamorig:
                tree.append(Joint(f"{tree[parent].name}End" if word == "END" else name, parent))
                open_joints.append(len(tree) - 1)
                at = end + 1
            elif word == "OFFSET":
                tree[open_joints[-1]].offset = _numbers(tokens[at + 1 : at + 4], 3)
                at += 4
            elif word == "CHANNELS":
                count = int(tokens[at + 1])
                if count < 0:
                    raise Dropped(f"CHANNELS {count}, where their number is expected")
                channels = [channel.lower() for channel in tokens[at + 2 : at + 2 + count]]
                if len(set(channels)) < count or not all(re.fullmatch("[xyz](position|rotation)", c) for c in channels):
                    raise Dropped(f"{' '.join(channels)[:60]!r} where channels such as Zrotation are expected")
                tree[open_joints[-1]].channels = channels
                at += 2 + count
            elif word == "}":
                open_joints.pop()
                at += 1
            else:
                raise Dropped(f"{tokens[at][:40]!r} where JOINT, OFFSET, CHANNELS or }} is expected")
    except (IndexError, ValueError) as error:
        raise Dropped(f"the hierarchy is malformed ({str(error)[:60]})") from None
    if open_joints or not tree:
        raise Dropped("the hierarchy is cut short")
    counts = Counter(joint.name for joint in tree)
    for joint in tree:
        if joint.offset is None:
            raise Dropped(f"the joint {joint.name[:40]!r} has no OFFSET")
        if counts[joint.name] > 1 and not joint.name.endswith("End"):
            raise Dropped(f"the joint {joint.name[:40]!r} is there twice")
    return _with_own_names(tree)


def _with_own_names(tree):
    """The tree with numbers after the names of several End Sites of one joint."""
    seen = {}
    for joint in tree:
        seen[joint.name] = seen.get(joint.name, 0) + 1
        joint.name += str(seen[joint.name]) if seen[joint.name] > 1 else ""
    return tree


def _numbers(tokens, count):
    values = np.array([float(token) for token in tokens])
    if len(values) != count or not (np.abs(values) < MAX_NUMBER).all():
        raise ValueError(f"{' '.join(tokens)[:40]} where {count} numbers are expected")
    return values


def _motion(motion, channels, joints):
    """(frames, channels) of the text after MOTION."""
    header = re.match(rb"\s*Frames:\s*(\d{1,9})\s+Frame\s+Time:\s*([-+.\deE]{1,30})\s", motion, re.IGNORECASE)
    if not header:
        raise Dropped("MOTION does not begin with Frames: and Frame Time:")
    frames = int(header[1])
    check_shape(frames, 1, joints, 3)
    if frames * channels > 2 * MAX_NUMBERS or not channels:
        raise Dropped(TOO_MANY if channels else "no joint has channels")
    check_tokens(motion)
    tokens = Tokens(motion[header.end() :])
    if len(tokens) != frames * channels:
        raise Dropped(f"{frames} frames of {channels} numbers are expected after Frame Time, not {len(tokens)} numbers")
    try:
        values = tokens.floats(np.arange(len(tokens))).reshape(frames, channels)
    except ValueError:
        raise Dropped("text where a number of a frame is expected") from None
    if not (np.abs(values) < MAX_NUMBER).all():
        raise Dropped(f"a number of a frame is not finite or beyond {MAX_NUMBER:.0f}")
    return values


def _positions(tree, values):
    """[(frames, 3)] of the joints, in the file's unit."""
    turns, places, first = [], [], 0
    for joint in tree:
        own = dict(zip(joint.channels, values.T[first : first + len(joint.channels)], strict=True))
        first += len(joint.channels)
        shift = joint.offset
        if any(channel.endswith("position") for channel in joint.channels):
            shift = np.stack([own.get(f"{axis}position", np.zeros(len(values))) for axis in "xyz"], axis=1)
            shift = shift if joint.parent is None else _shift(joint, shift)
        rotations = [channel for channel in joint.channels if channel.endswith("rotation")]
        turn = np.eye(3)
        if rotations:
            angles = np.stack([own[channel] for channel in rotations], axis=1)
            order = "".join(channel[0] for channel in rotations).upper()  # capitals: about the joint's own axes
            turn = euler_angles.matrices(order, angles)
        if joint.parent is None:
            places.append(np.broadcast_to(shift, (len(values), 3)))
            turns.append(np.broadcast_to(turn, (len(values), 3, 3)))
        else:
            places.append(places[joint.parent] + (turns[joint.parent] @ np.atleast_2d(shift)[..., None])[..., 0])
            turns.append(turns[joint.parent] @ turn)
    return places


def _shift(joint, positions):
    """Some programs write positions in place of the offset, others what is to be added to it; this tells them apart."""
    length = np.linalg.norm(joint.offset)
    in_place, added = (np.median(np.linalg.norm(positions - place, axis=1)) for place in (joint.offset, 0))
    if in_place <= 0.5 * length or length == 0:
        return positions
    if added <= 0.5 * length:
        return joint.offset + positions
    raise Dropped(f"the positions of {joint.name[:40]!r} fit neither its OFFSET nor 0: export rotations only")


def _unit(tree):
    places = []
    for joint in tree:
        places.append(np.zeros(3) if joint.parent is None else places[joint.parent] + joint.offset)
    size = np.ptp(places, axis=0).max()
    for (least, most), unit in UNITS:
        if least <= size <= most:
            return unit
    raise Dropped(
        f"the body is {size:.4g} units tall or wide without its rotations, so these are no metres, centimetres or "
        "millimetres: give the unit by --unit, such as --unit in, or by its length in metres. Carnegie Mellon's have "
        "--unit 0.056444"
    )
