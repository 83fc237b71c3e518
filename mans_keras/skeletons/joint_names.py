"""The joints that orient a body, found by their names."""

import re
from collections.abc import Iterable

from mans_keras.errors import InputError
from mans_keras.skeletons.bounds import read_bytes
from mans_keras.skeletons.sequence import Body, Dropped

# Names as `plain` returns them; the first that a body has counts.
CENTRES = ("neck", "thorax", "shouldercenter", "shouldercentre", "spineshoulder", "upperchest")
TORSO = (*CENTRES, "chest", "torso", "spine", "spine1", "spine2", "spine3", "spinemid", "spinebase", "pelvis", "root")
TORSO += ("hips", "midhip", "hipcenter", "hipcentre")
HIP = ("hip", "upleg")
SHOULDER = ("shoulder",)
ANKLE = ("ankle",)
MAX_NAMES, MAX_BYTES = 10_000, 2**18
TOES = ("footindex", "bigtoe", "toe", "toes", "toebase", "foot")


def read_names(text: str) -> tuple[int, list[str] | None]:
    """(number of joints, names) from the value of `--joints`: a file with a name on each line, or a list `a,b,c`.

    The names are None if the value is only a number. Raises `InputError` for anything else, or for a repeated name.
    """
    if re.fullmatch("[0-9]{1,5}", text) and int(text) > 0:
        return int(text), None
    if "," not in text:
        try:
            content = read_bytes(text)
            if len(content) > MAX_BYTES:
                raise Dropped("larger than any list of names")
            text = content.decode("utf-8-sig")
        except (Dropped, ValueError):
            raise InputError(
                f"--joints: {text} is not a readable file, a list of names a,b,c or a number of joints"
            ) from None
    names = [name.strip() for name in re.split(r"[,\n]", text) if name.strip()]
    if len(names) > MAX_NAMES:
        raise InputError(f"--joints: {len(names):,} names, where at most {MAX_NAMES:,} joints are possible")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice or not names:
        raise InputError(
            f"--joints: {twice[:40]} is there twice" if twice else "--joints: the file or list has no names"
        )
    return len(names), names


def plain(name: str) -> str:
    """A name with only its letters, in lower case, and its digits."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def mirrored(names: Iterable[str]) -> tuple[int, ...]:
    """The order of joints with these names after left and right are exchanged; () if no joint has a side."""
    places = {plain(name): place for place, name in enumerate(names)}
    order = list(range(len(names)))
    for name, left in places.items():
        others = (name.replace("left", "right"), re.sub("^l", "r", name), re.sub("l$", "r", name))
        right = next((places[other] for other in others if other != name and other in places), None)
        if right is not None:
            order[left], order[right] = right, left
    return tuple(order) if order != sorted(order) else ()


def body_of(names: list[str]) -> Body:
    """The `Body` of joints with these names, in their order.

    `left_hip`, `LHip`, `hip_left`, `HipLeft`, `hip l` are the same name. Hips, and shoulders or a neck, are needed:
    `InputError` lists those that are missing. Ankles with feet or toes are not needed; they show which way is front if
    the data is mirrored.
    """
    places = {}
    for place, name in enumerate(names):
        places.setdefault(plain(name), place)

    def find(parts, side=""):
        spelled = (name for part in parts for s in (side, side[:1]) for name in (s + part, part + s))
        return next((places[name] for name in spelled if name in places), None)

    hips, shoulders, ankles, feet = (
        tuple(find(part, side) for side in ("left", "right")) for part in (HIP, SHOULDER, ANKLE, TOES)
    )
    upper = find(CENTRES) if None in shoulders else shoulders[0]
    missing = [f"{side}_hip" for side, hip in zip(("left", "right"), hips, strict=True) if hip is None]
    missing += ["left_shoulder and right_shoulder (or neck)"] if upper is None else []
    if missing:
        raise InputError(f"all coordinates except raw need joints with these names, too: {', '.join(missing)}")
    torso = {*hips, upper, *shoulders, *(places[name] for name in TORSO if name in places)} - {None}
    turned = None not in (*ankles, *feet)
    limbs = (ankles, feet) if turned else (None, None)
    return Body(len(names), *hips, upper, tuple(sorted(torso)), *limbs, mirrored(names))
