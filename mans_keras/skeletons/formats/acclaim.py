"""Acclaim's motion capture format: a skeleton (ASF), its recorded angles (AMC), and the joints that follow from both.

A bone begins at the end of its parent. Its channels are angles about its local axes. C ("axis") is the rotation from
the world's axes to the local ones when all angles are zero. M is the rotation about the local axes, in the order at the
end of the axis line (XYZ: x first, axes fixed). Children turn with their parents: R = R_parent C M C^-1, and
end = parent's end + R direction length.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mans_keras.skeletons.bounds import MAX_FRAMES, MAX_METRES, check_tokens, read_bytes
from mans_keras.skeletons.formats import euler_angles
from mans_keras.skeletons.sequence import Dropped

METRES_PER_INCH = 0.0254

MAX_NUMBER = 1e4  # no angle or length of a recording comes near it
MAX_SKELETON = 2**18  # bytes; an actor's of HDM05 has 7 kB
MAX_HEADER = 2**16  # bytes before the first frame


@dataclass(frozen=True)
class Bone:
    """A bone. offset: (3,) metres from the parent's end to this bone's end while all angles are zero; axes: C, (3, 3).

    order: the axes of its rotations, in order, such as "xyz"; channels: what a line of an AMC file holds for the bone,
    such as ("rx", "rz"); empty for a bone that does not move.
    """

    parent: str | None
    offset: np.ndarray
    axes: np.ndarray
    order: str
    channels: tuple[str, ...]


@dataclass(frozen=True)
class Skeleton:
    """bones: by name, "root" first, parents before children; unit: the file's unit of length, in metres."""

    bones: dict[str, Bone]
    unit: float


def read_skeleton(path: Path) -> Skeleton:
    """The `Skeleton` of an ASF file. Raises `Dropped`, naming the file, for a malformed one."""
    try:
        return parse_skeleton(read_bytes(path))
    except Dropped as dropped:
        raise Dropped(f"{Path(path).name}: {dropped}") from None


def parse_skeleton(data: bytes) -> Skeleton:
    """The `Skeleton` of an ASF file's bytes. Raises `Dropped` for a malformed one, and for more than 256 KiB."""
    if len(data) > MAX_SKELETON:
        raise Dropped(f"the skeleton is larger than {MAX_SKELETON >> 10} KiB")
    sections = _sections(data.decode("latin-1"))
    try:
        units = {key: values for key, *values in sections["units"]}
        if units["angle"] != ["deg"]:
            raise ValueError(f"its angles are in {' '.join(units['angle'])[:40]!r}, not in deg")
        (units_per_inch,) = _numbers(units["length"], 1)
        if not 1e-3 < units_per_inch < 1e3:
            raise ValueError(f"{units_per_inch:g} units in an inch are not possible")
        unit = METRES_PER_INCH / units_per_inch
        blocks = {}
        for block in _blocks(sections["bonedata"]):
            (name,) = block["name"]
            if name in blocks:
                raise ValueError(f"the bone {name[:40]!r} is listed twice")
            blocks[name] = block
        bones = {"root": _root({key: values for key, *values in sections["root"]}, unit)}
        for name, parent in _parents(sections["hierarchy"], blocks).items():
            bones[name] = _bone(blocks[name], parent, unit)
        return Skeleton(bones, unit)
    except KeyError as error:
        raise Dropped(f"the skeleton has no {error}") from None
    except ValueError as error:
        raise Dropped(f"the skeleton is malformed ({error})") from None


def _sections(text):
    """{keyword: [tokens of a line]} of the lines under each `:keyword`."""
    sections, lines = {}, []
    for line in re.split(r"[\r\n]+", text):
        tokens = line.split()
        if tokens and tokens[0].startswith(":"):
            sections[tokens[0][1:].lower()] = lines = []
        elif tokens and not tokens[0].startswith("#"):
            lines.append(tokens)
    return sections


def _blocks(lines):
    """{key: values} of the lines of each begin ... end."""
    block = {}
    for key, *values in lines:
        if key == "begin":
            block = {}
        elif key == "end":
            yield block
        else:
            block[key] = values


def _numbers(tokens, count):
    values = np.array([float(token) for token in tokens])
    if len(values) != count or not (np.abs(values) < MAX_NUMBER).all():
        raise ValueError(f"{' '.join(tokens)[:40]!r} where {count} finite numbers are expected")
    return values


def _order(letters):
    order = letters.lower()
    if sorted(order) != ["x", "y", "z"]:
        raise ValueError(f"{letters[:40]!r} is not an order of axes such as XYZ")
    return order


def _axes(order, tokens):
    angles = _numbers(tokens, 3)[["xyz".index(axis) for axis in order]]
    return euler_angles.matrices(order, angles)


def _root(block, unit):
    channels = tuple(channel.lower() for channel in block["order"])
    if sorted(channels) != ["rx", "ry", "rz", "tx", "ty", "tz"]:
        raise ValueError("the root's order is not TX TY TZ RX RY RZ in some order")
    (letters,) = block["axis"]
    order = _order(letters)
    axes = _axes(order, block["orientation"])
    return Bone(None, _numbers(block["position"], 3) * unit, axes, order, channels)


def _bone(block, parent, unit):
    *angles, letters = block["axis"]
    order = _order(letters)
    direction = _numbers(block["direction"], 3)
    norm = np.linalg.norm(direction)
    if norm < 1e-6:
        raise ValueError(f"the bone {block['name'][0][:40]!r} has the direction 0 0 0")
    axes = _axes(order, angles)
    channels = tuple(channel.lower() for channel in block.get("dof", ()))
    if not set(channels) <= {"rx", "ry", "rz"} or len(set(channels)) < len(channels):
        raise ValueError(f"{' '.join(channels)[:40]!r} where a dof such as rx ry rz is expected")
    return Bone(parent, direction / norm * _numbers(block["length"], 1) * unit, axes, order, channels)


def _parents(hierarchy, blocks):
    """{bone: parent}, parents before children."""
    children, known = defaultdict(list), {"root"}
    for parent, *names in hierarchy:
        for name in names:
            if name in known:
                raise ValueError(f"the hierarchy has {name[:40]!r} twice")
            known.add(name)
            children[parent].append(name)
    parents, reached = {}, ["root"]
    for parent in reached:
        parents |= dict.fromkeys(children[parent], parent)
        reached += children[parent]
    if set(parents) != set(blocks):
        raise ValueError("the hierarchy must connect every bone of the bonedata, and no others, with the root")
    return parents


def parse_motion(data: bytes, skeleton: Skeleton) -> dict[str, np.ndarray]:
    """{bone: (frames, its channels)} of an AMC file's bytes: degrees, and the root's translation in the file's unit.

    Raises `Dropped` with a reason unless every frame holds all bones that move.
    """
    header = re.match(rb"(?:\s*[#:][^\r\n]*)*", data[:MAX_HEADER])[0]
    if len(header) == MAX_HEADER:
        raise Dropped(f"the header is longer than {MAX_HEADER >> 10} KiB")
    check_tokens(data)
    tokens = data[len(header) :].split()
    if b":DEGREES" not in header.upper().split():
        raise Dropped("the header has no :DEGREES")
    columns, width = _first_frame(tokens, skeleton)
    frames, rest = divmod(len(tokens), width)
    if rest:
        raise Dropped("the last frame is cut short, or a frame has other tokens than the first")
    if frames > MAX_FRAMES:
        raise Dropped(f"{frames} frames: at most {MAX_FRAMES:,} are possible")
    for name, column in columns.items():
        if set(tokens[column - 1 :: width]) != {name.encode()}:
            raise Dropped(f"a frame has another bone where the first frame has {name}")
    try:
        numbers = [int(token) for token in tokens[::width]]
        values = {
            name: np.array([[float(token) for token in tokens[column + i :: width]] for i in range(count)]).T
            for name, column in columns.items()
            if (count := len(skeleton.bones[name].channels))
        }
    except ValueError:
        raise Dropped("text where an angle or a frame's number is expected") from None
    if numbers != list(range(numbers[0], numbers[0] + frames)):
        raise Dropped("frames are missing or not in order, by their numbers")
    if not all((np.abs(value) < MAX_NUMBER).all() for value in values.values()):
        raise Dropped(f"a value is not finite or beyond {MAX_NUMBER:.0f}")
    return values


def _first_frame(tokens, skeleton):
    """({bone: the place of its first value}, number of tokens) of the first frame."""
    moving = {name.encode(): name for name, bone in skeleton.bones.items() if bone.channels}
    columns, at = {}, 1
    while at < len(tokens) and tokens[at] in moving:
        name = moving.pop(tokens[at])
        columns[name] = at + 1
        at += 1 + len(skeleton.bones[name].channels)
    if moving:
        raise Dropped(f"the first frame lacks {next(iter(moving.values()))}, or one of its lines lacks a number")
    return columns, at


def positions(skeleton: Skeleton, motion: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """{bone: (frames, 3), its end in metres} from {bone: (frames, its channels)}; the root is a point.

    Raises `Dropped` if a bone is further away than in any recording.
    """
    turns, ends = {}, {}
    for name, bone in skeleton.bones.items():
        turn, end = np.eye(3), bone.offset
        if rotated := [axis for axis in bone.order if f"r{axis}" in bone.channels]:
            angles = motion[name][:, [bone.channels.index(f"r{axis}") for axis in rotated]]
            turn = bone.axes @ euler_angles.matrices("".join(rotated), angles) @ bone.axes.T
        if bone.parent is None:
            translation = motion[name][:, [bone.channels.index(f"t{axis}") for axis in "xyz"]]
            turns[name], ends[name] = turn, end + translation * skeleton.unit
        else:
            turns[name] = turns[bone.parent] @ turn
            ends[name] = ends[bone.parent] + turns[name] @ end
        if not (np.abs(ends[name]) < MAX_METRES).all():
            raise Dropped(f"{name} is more than {MAX_METRES} m away")
    return ends
