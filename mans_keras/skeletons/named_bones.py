"""The pairs of joints that a picture connects, found by the joints' names."""

import itertools
import re
from collections.abc import Sequence

from mans_keras.errors import InputError, listed

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
    shown = {part for side, part in places if side}
    is_body = not shown.isdisjoint(SHOULDERS) and not shown.isdisjoint(HIPS) and not shown.isdisjoint(FOREARMS)
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
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    for side in ("left", "right"):
        if side in plain:
            return side[0], plain.replace(side, "", 1)
    if plain[:1] in ("l", "r") and plain[1:] in LIMBS:
        return plain[0], plain[1:]
    if plain[-1:] in ("l", "r") and plain[:-1] in LIMBS:
        return plain[-1], plain[:-1]
    return "", plain
