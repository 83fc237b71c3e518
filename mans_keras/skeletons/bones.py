"""The pairs of joints that a picture connects, by the names of the joints or, without names, by their number."""

import itertools
from collections.abc import Sequence

from mans_keras.errors import InputError, listed
from mans_keras.skeletons import hdm05
from mans_keras.skeletons.formats import skeleton_file
from mans_keras.skeletons.joint_names import plain
from mans_keras.skeletons.sequence import Body

# The middle of a body from the bottom up: each joint hangs from the one before it that the body has. Names as in
# `joint_names.plain`, without a side; several in one text are the same place.
MIDDLE = (
    "pelvis hipcenter hipcentre spinebase midhip hips root hip",
    "lowerback",
    "spinenavel spinemid spine torso abdomen ab",
    "spine1",
    "upperback spinechest chest spine2",
    "spine3 thorax upperchest spineshoulder shouldercenter shouldercentre",
    "neck lowerneck",
    "neck1 upperneck",
    "head",
    "headtop headend topofhead headtopend",
)
TOP = (5, 6, 4)  # of these, shoulders hang from the first that the body has
# What each joint with a side hangs from: the first that the body has on that side.
LIMBS = {
    "clavicle": (),
    "collar": (),
    "shoulder": ("clavicle", "collar"),
    "humerus": ("clavicle",),
    "arm": ("shoulder", "clavicle", "collar"),
    "upperarm": ("shoulder", "clavicle", "collar"),
    "uarm": ("shoulder",),
    "elbow": ("upperarm", "arm", "shoulder"),
    "radius": ("humerus",),
    "forearm": ("arm", "upperarm", "shoulder"),
    "farm": ("uarm",),
    "wrist": ("elbow", "forearm", "radius"),
    "hand": ("wrist", "forearm", "farm", "elbow"),
    "handtip": ("hand", "wrist"),
    "fingers": ("hand", "wrist"),
    "thumb": ("hand", "wrist"),
    "index": ("hand", "wrist"),
    "pinky": ("hand", "wrist"),
    "hip": (),
    "hipjoint": (),
    "upleg": (),
    "femur": ("hipjoint",),
    "thigh": (),
    "knee": ("hip", "upleg"),
    "shin": ("thigh",),
    "leg": ("upleg",),
    "tibia": ("femur",),
    "ankle": ("knee", "leg"),
    "foot": ("ankle", "knee", "leg", "shin", "tibia"),
    "heel": ("ankle", "foot"),
    "footindex": ("heel", "ankle"),
    "bigtoe": ("foot", "ankle"),
    "smalltoe": ("bigtoe", "foot", "ankle"),
    "toes": ("foot", "ankle"),
    "toe": ("foot", "ankle"),
    "toebase": ("foot", "ankle"),
    "eyeinner": (),
    "eye": ("eyeinner",),
    "eyeouter": ("eye",),
    "ear": ("eyeouter", "eye"),
    "mouth": (),
}
SHOULDERS = ("shoulder", "clavicle", "collar", "arm", "upperarm", "humerus")
HIPS = ("hip", "hipjoint", "upleg", "thigh")
FOREARMS = ("elbow", "forearm", "farm", "radius")


def _pairs(parents):
    return tuple((parent, joint) for joint, parent in enumerate(parents) if parent != joint)


def _chains(names, *chains):
    """Pairs of neighbours in chains, each a text of names with spaces between them."""
    number = {name: place for place, name in enumerate(names)}
    chains = [[number[name] for name in chain.split()] for chain in chains]
    return tuple(pair for chain in chains for pair in itertools.pairwise(chain))


# Head, neck, torso; left shoulder, elbow, hand; right; left hip, knee, foot; right: SBU Kinect Interaction (OpenNI).
SBU = _pairs((1, 1, 1, 1, 3, 4, 1, 6, 7, 2, 9, 10, 2, 12, 13))
# Hip centre, spine, shoulder centre, head; shoulder, elbow, wrist, hand, left and right; hip, knee, ankle, foot.
KINECT_1 = _pairs((0, 0, 1, 2, 2, 4, 5, 6, 2, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17, 18))
HDM05 = _chains(
    hdm05.JOINTS,
    "root lowerback upperback thorax lowerneck upperneck head",
    *(f"root {side}hipjoint {side}femur {side}tibia {side}foot {side}toes" for side in "lr"),
    *(f"thorax {side}clavicle {side}humerus {side}radius {side}wrist {side}hand {side}fingers" for side in "lr"),
    *(f"{side}wrist {side}thumb" for side in "lr"),
)
BONES = {15: SBU, 20: KINECT_1, 25: _pairs(skeleton_file.PARENTS), 31: HDM05}
HIP_NUMBERS = {15: (9, 12), 20: (12, 16), 25: (12, 16), 31: (hdm05.BODY.left_hip, hdm05.BODY.right_hip)}


def bones(joints: int, body: Body | None = None, names: Sequence[str] = ()) -> tuple[tuple[int, int], ...]:
    """Pairs (i, j) of joints, counted from 0, that a bone connects in a body with this number of joints; () if unknown.

    15: SBU Kinect Interaction; 20: Kinect 1 (UT-Kinect, SYSU-3D, NW-UCLA, UTD-MHAD); 25: Kinect 2 (NTU RGB+D); 31:
    HDM05, `hdm05.JOINTS`.
    names: of the joints, if they are known; then they count, see `named_bones`.
    body: if its hips are other joints than expected, as with OpenPose's 25 joints, the bones are unknown.
    """
    if names:
        return HDM05 if tuple(names) == tuple(hdm05.JOINTS) else named_bones(names)
    if body and (body.left_hip, body.right_hip) != HIP_NUMBERS.get(joints):
        return ()
    return BONES.get(joints, ())


def named_bones(names: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Pairs (i, j) of joints, counted from 0, that a bone connects in a body with these names, in any spelling.

    A joint of an unknown name has no bone; without a shoulder, a hip and a knee or an elbow by name there are none.
    """
    places = {}
    for place, name in enumerate(names):
        places.setdefault(_part(name), place)
    middle = [next((places["", name] for name in level.split() if ("", name) in places), None) for level in MIDDLE]
    known = [place for place in middle if place is not None]
    pairs = list(itertools.pairwise(known))
    top = next((middle[level] for level in TOP if middle[level] is not None), None)
    head = next((place for place in (middle[8], middle[6]) if place is not None), None)
    nose = places.get(("", "nose"))
    if None not in (head, nose):
        pairs.append((head, nose))
    for (side, part), place in places.items():
        if part not in LIMBS or not side:
            continue
        parent = next((places[side, other] for other in LIMBS[part] if (side, other) in places), None)
        if parent is None:
            parent = {"eye": nose, "eyeinner": nose, "ear": nose}.get(part)
            parent = top if part in SHOULDERS else middle[0] if part in HIPS else parent
        if parent is not None:
            pairs.append((parent, place))
    pairs += _across(places, top, middle[0])
    limbs = {part for side, part in places if side}
    is_body = not limbs.isdisjoint(SHOULDERS) and not limbs.isdisjoint(HIPS) and not limbs.isdisjoint(FOREARMS)
    return tuple(dict.fromkeys(pairs)) if is_body else ()


def read_bones(text: str, names: Sequence[str], joints: int) -> tuple[tuple[int, int], ...]:
    """Pairs (i, j) of joints from the value of `--bones`: `hip-knee,knee-foot`, by name or by number from 0.

    Raises `InputError` for anything else, or for a joint that is not there.
    """
    places = {str(place): place for place in range(joints)} | {name: place for place, name in enumerate(names)}
    pairs = []
    for pair in (part.strip() for part in text.split(",")):
        halves = ((pair[:at], pair[at + 1 :]) for at, letter in enumerate(pair) if letter == "-")
        ends = next(((places[a], places[b]) for a, b in halves if a in places and b in places), None)
        if ends is None:
            known = listed(list(names)) if names else f"0 to {joints - 1}"
            raise InputError(f"--bones: {pair[:80]!r} is not two joints with a - between them; the joints are {known}")
        pairs.append(ends)
    return tuple(pairs)


def _across(places, top, bottom):
    """Bones from left to right, and from shoulders to hips, where a body has no spine between them."""

    def both(parts):
        return next(
            ((places["l", part], places["r", part]) for part in parts if {("l", part), ("r", part)} <= set(places)),
            None,
        )

    shoulders, hips, mouth = both(SHOULDERS), both(HIPS), both(("mouth",))
    pairs = [mouth] if mouth else []
    pairs += [shoulders] if top is None and shoulders else []
    pairs += [hips] if bottom is None and hips else []
    if shoulders and hips and (top is None or bottom is None):
        pairs += zip(shoulders, hips, strict=True)
    return pairs


def _part(name):
    """("l", "r" or "", the rest of a name in lower case): `left_hip`, `LHip` and `HIP_LEFT` are ("l", "hip")."""
    name = plain(name)
    for side in ("left", "right"):
        if side in name:
            return side[0], name.replace(side, "", 1)
    if name[:1] in ("l", "r") and name[1:] in LIMBS:
        return name[0], name[1:]
    if name[-1:] in ("l", "r") and name[:-1] in LIMBS:
        return name[-1], name[:-1]
    return "", name
