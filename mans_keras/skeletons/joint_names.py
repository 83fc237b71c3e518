"""Joints known by their names: those that orient a body, and those that a model or a data set expects."""

import functools
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from mans_keras.errors import InputError, listed
from mans_keras.skeletons.bounds import read_bytes
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.sequence import HDM05_NAMES, KINECT_1_NAMES, KINECT_2_NAMES, Body, Dropped

# Names as `plain` returns them; the first that a body has counts. Those of Acclaim's bones are their ends: lhipjoint
# ends in the hip, ltibia in the ankle. Those of three letters are Vicon's markers.
CENTRES = ("neck", "thorax", "shouldercenter", "shouldercentre", "spineshoulder", "upperchest", "c7", "clav")
TORSO = (*CENTRES, "chest", "torso", "spine", "spine1", "spine2", "spine3", "spinemid", "spinebase", "pelvis", "root")
TORSO += ("hips", "midhip", "hipcenter", "hipcentre", "lowerback", "upperback", "strn", "t10")
HIP = ("hip", "upleg", "hipjoint", "thigh", "asi", "asis")
SHOULDER = ("shoulder", "clavicle", "sho", "acromion", "acromium")
ANKLE = ("ankle", "ank", "tibia")
TOES = ("footindex", "bigtoe", "toe", "toes", "toebase", "foot")
SIDES = {"l": "left", "r": "right"}
DATASETS = dict.fromkeys(("ntu_rgbd", "ntu_rgbd_120", "synthetic"), KINECT_2_NAMES) | {"hdm05": HDM05_NAMES}
DATASETS |= dict.fromkeys(("sysu_3d", "ut_kinect", "nw_ucla", "utd_mhad"), KINECT_1_NAMES)
# Kinect v1's names for joints that Kinect v2 also has.
SAME = {"hipcenter": "spinebase", "spine": "spinemid", "shouldercenter": "spineshoulder"}

# Keys of a list that has the names of all joints, as `plain` returns them; `keypoint_id2name` is MMPose's.
LISTS = re.compile("(joint|keypoint|kpt|landmark|marker|bodypart)s?(names?|labels?|order|list|id2name)?|names")
UNSTORABLE = "\0\ud800-\udfff"  # letters that no HDF5 file can hold, for a regular expression
MAX_NAMES, MAX_BYTES = 10_000, 2**18  # of --joints
MAX_ABSENT = 10  # numbers of joints that a message may list


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
    if re.search(f"[{UNSTORABLE}]", text):
        raise InputError("--joints: the names are no text in UTF-8, or hold NUL")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice or not names:
        raise InputError(
            f"--joints: {twice[:40]} is there twice" if twice else "--joints: the file or list has no names"
        )
    return len(names), names


def of_dataset(dataset: str | None, joints: int) -> tuple[str, ...]:
    """The names of the joints of a known data set, in their order; () if it is not known, or has another number."""
    names = DATASETS.get(dataset, ())
    return names if len(names) == joints else ()


class OtherJoints(Dropped):
    """A recording whose joints have other names than those that are expected."""


@functools.lru_cache(maxsize=1024)  # a file has the same few names in every frame
def plain(name: str) -> str:
    """A name with only its letters, in lower case, and its digits; of any script."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", name).lower())


def is_list_of_names(key: str) -> bool:
    """Whether a list of texts with this name, in a file with joints, has the names of all joints in their order."""
    return bool(LISTS.fullmatch(plain(key)))


def _key(name):
    """What the spellings of one joint's name have in common: `left_hip`, `LHip`, `HipLeft` and `hip l` are `lhip`."""
    name = re.sub(r"(?i)^(l|r)(?=[\W_])|(?<=[\W_])(l|r)$", lambda side: SIDES[side[0].lower()], name)
    key = re.sub(r"^(.*?)(left|right)(.*)$", r"\2\1\3", plain(name).replace("centre", "center"))
    return SAME.get(key, re.sub("^(left|right)", lambda side: side[0][0], key))


def _numbers(names):
    """The numbers of names that only count, all after the same letters or none; () of other names."""
    parts = [re.fullmatch(r"([a-z]*)(\d{1,9})", plain(name)) for name in names]
    is_counting = all(parts) and len({part[1] for part in parts}) == 1
    return tuple(int(part[2]) for part in parts) if is_counting else ()


def first_number(names: Iterable[str]) -> int | None:
    """The least number of names that only count, such as `joint0`; None of other names, or of none."""
    return min(_numbers(names), default=None)


def _by_number(content, numbers, names):
    """The recording with its joints in the order of their numbers; files may list them as text is sorted: 1, 10, 2.

    If a number is absent, the joints keep their numbers as names, since the same place is not the same joint in a file
    that lacks another number; but not if `names` are real ones, which the joints have in the order of their numbers.
    """
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    known, left_out = set(numbers), content.left_out
    between = (str(number) for number in range(min(1, *numbers), max(numbers)) if number not in known)
    absent = list(itertools.islice(between, MAX_ABSENT))
    are_named = names and not _numbers(names)
    if absent and are_named:
        left_out += (f"the joints numbered {listed(absent)}, which the files lack",)
    kept = () if are_named or not (absent or names) else tuple(content.names[place] for place in order)
    return replace(content, joints=content.joints[:, :, order], names=kept, left_out=left_out)


def arranged(content: Parsed, names: tuple[str, ...], wanted: tuple[str, ...] = ()) -> Parsed:
    """The same recording with the joints `wanted` of `names` (default: all), in their order.

    A file that names its joints may have them in another order, and others, which are then in `left_out`. Joints
    without names are `names`, in this order, and stay as they are if their number is another. Names that only count
    (`joint3`) order the joints. They are none if they count from 0 or 1 without a gap, or if `names` are real ones.
    Raises `Dropped`, which lists what is missing, for a file with other names.
    """
    wanted = wanted or names
    if numbers := _numbers(content.names):
        content = _by_number(content, numbers, names)
    if not wanted or (not content.names and content.joints.shape[2] != len(names)):
        return content
    have = content.names or names
    places, expected = ({key: place for place, key in enumerate(keys(some))} for some in (have, wanted))
    missing = [name for key, name in zip(expected, wanted, strict=True) if key not in places]
    if missing:
        raise OtherJoints(f"the file has no joint named {listed(missing)}: its joints are {listed(list(have))}")
    others = [have[place] for key, place in places.items() if key not in expected]
    left_out = (f"the joints {listed(others)}",) if others and content.names else ()
    order = [places[key] for key in expected]
    sensors = {
        (plain(have[places[key]]) in SAME) - (plain(name) in SAME) for key, name in zip(expected, wanted, strict=True)
    }
    mapping = f"the body was mapped to the model's {len(wanted)} joints: all by name" if sensors != {0} else ""
    return replace(
        content,
        joints=content.joints[:, :, order],
        names=tuple(wanted),
        left_out=content.left_out + left_out,
        mapping=mapping,
    )


def keys(names: Iterable[str]) -> list[str]:
    """What all spellings of each joint's name have in common; of two that have the same, the `plain` names.

    If these are the same, too, the names themselves: different names have different keys.
    """
    names = list(names)
    of_names = [_key(name) for name in names]
    for longer in (plain, str):
        twice = {key for key, count in Counter(of_names).items() if count > 1}
        of_names = [longer(name) if key in twice else key for name, key in zip(names, of_names, strict=True)]
    return of_names


def same(names: Iterable[str], others: Iterable[str]) -> bool:
    """Whether these are the same joints in the same order, however they are spelled."""
    return keys(names) == keys(others)


def without(names: tuple[str, ...], left_out: str) -> tuple[str, ...]:
    """The names but those of a list `a,b,c`.

    Raises `InputError` if one of them is not among the names, or if none stays.
    """
    of_names = keys(names)
    parts = [part.strip() for part in left_out.split(",") if part.strip()]
    unknown = [part for part in parts if {_key(part), plain(part), part}.isdisjoint(of_names)]
    if unknown:
        known = f"the joints are {listed(names)}" if names else "the joints have no names: give them by --joints"
        raise InputError(f"--leave-out: no joint is named {listed(unknown)}; {known}")
    dropped = {key for part in parts for key in (_key(part), plain(part), part)}
    kept = tuple(name for name, key in zip(names, of_names, strict=True) if key not in dropped)
    if not kept:
        raise InputError("--leave-out: no joint would stay")
    return kept


def mirrored(names: Iterable[str]) -> tuple[int, ...]:
    """The order of joints with these names after left and right are exchanged; () if no joint has a side."""
    places = {plain(name): place for place, name in enumerate(names)}
    order = list(range(len(names)))
    for name, place in places.items():
        spellings = (name.replace("left", "right"), re.sub("^l", "r", name), re.sub("l$", "r", name))
        opposite = next((places[spelled] for spelled in spellings if spelled != name and spelled in places), None)
        if opposite is not None:
            order[place], order[opposite] = opposite, place
    return tuple(order) if order != sorted(order) else ()


def has_trunk(names: Iterable[str]) -> bool:
    """Whether hips and shoulders, or a neck, are among joints with these names."""
    try:
        return bool(body_of(list(names)))
    except InputError:
        return False


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
