"""The columns of a table, by the names in its header: which are x, y and z of a joint, and which are none."""

import itertools
import re
from collections.abc import Container
from dataclasses import dataclass

from mans_keras.errors import listed
from mans_keras.skeletons.formats import ordering
from mans_keras.skeletons.joint_names import plain
from mans_keras.skeletons.sequence import Dropped

# Names as `joint_names.plain` returns them.
JOINTS = ("joint", "jointname", "jointid", "jointindex", "jointtype", "landmark", "landmarkid", "landmarkindex")
JOINTS += ("landmarkname", "keypoint", "keypointid", "keypointname", "marker")
BODIES = (
    "body",
    "bodyid",
    "person",
    "personid",
    "trackingid",
    "trackid",
    "userid",
    "skeletonid",
    "playerid",
    "subject",
)
# Such a column says who is in a row if its values come back; otherwise it may count or name something else.
PERHAPS_BODIES = ("id", "name", "bodyindex", "bodyidx", "bodyname", "bodynumber", "personidx", "personindex")
PERHAPS_BODIES += ("personname", "personnumber", "track", "tracker", "trackerid", "user", "player", "skeleton", "actor")
PERHAPS_BODIES += ("actorid", "pid", "subjectid", "subjectname", "participant", "participantid")
# The last word before an axis: x y z of these are places in space, the best first. WORSE are those of a joint only if
# it has no others. Those of OTHERS are no joint, and neither are those of a thing.
PLACES = (("world",), ("camera",), ("", "position", "pos", "posi", "location", "loc"))
WORSE = ("raw", "unfiltered", "original", "orig", "filtered", "filt", "smooth", "smoothed", "pred", "predicted")
OTHERS = ("orientation", "rotation", "rot", "quaternion", "quat", "euler", "angle", "velocity", "vel", "acceleration")
OTHERS += ("accel", "acc", "gyro", "color", "colour", "depth", "pixel", "px", "image", "screen", "normalized", "normal")
OTHERS += ("q", "v", "velo", "speed", "acce", "jerk", "std", "stddev", "stdev", "sd", "sigma", "var", "variance")
OTHERS += ("error", "err", "conf", "confidence", "force", "torque", "moment", "mag")
OTHERS += ("bbox", "box", "boundingbox", "roi")
# Words at the end of a joint's name, in any format, that say that it is none.
NO_JOINTS = ("gaze", "direction", "dir", "heading", "velocity", "velocities", "acceleration", "accelerations", "speed")
NO_JOINTS += ("orientation", "rotation", "quaternion", "normal", "displacement", "delta", "derivative")
THINGS = ("camera", "cam", "world", "sensor", "origin", "floor", "gravity", "imu")
PERSON = r"(?i:p|person|body|player|user|subject|skeleton|actor)[ _]?[0-9]+"
SIDE = re.compile(r"(?i:left|right)|[LRlr](?=$|[A-Z_ ])")  # before a colon it is no person
FEWEST_OF_A_SUBJECT = 5  # joints; `hip:left` and `knee:left` are no people
LONGEST_NAME = 200  # of a column, for what is compared
SEPARATORS = " _.:-"


@dataclass(frozen=True)
class Columns:
    """The columns of a table, counted from 0.

    joints: {name: (its x, y, z)} in the order of the header; for a table with a row for each joint, {"": (x, y, z)}.
    orders: those that may say in which order the frames are, and bodies: which body a row holds, the best first. joint:
    the one that says which joint a row holds, None if there is none. others: all that are no coordinates.
    """

    joints: dict[str, tuple[int, int, int]]
    orders: tuple[int, ...]
    joint: int | None
    bodies: tuple[int, ...]
    others: tuple[int, ...]


def of_index(name: str) -> Columns:
    """The `Columns` of a table whose first column has this name, which numbers rows, and whose others are numbered."""
    return Columns({}, (0,) if ordering.kind(name) else (), None, (), (0,))


def kind(name: str, joints: Container[str]) -> str:
    """What a column's name says besides a joint or a number: `_visibility` of `hip_visibility`, `v` of `v12`."""
    name = name[:LONGEST_NAME]
    for separator in re.finditer(r"[ _.:-]", name):
        if name[: separator.start()] in joints:
            return name[separator.start() :]
    return re.sub(r"\d+", "", name)


def understand(header: list[str]) -> Columns:
    """The `Columns` of a header: `hip_x`, `hip.X`, `hip x`, `hipX`, `hip_position_x`, or `x1`, ... for each joint.

    Raises `Dropped` if a joint lacks an axis, has one twice or a fourth one, or if no joint has x, y and z.
    """
    axes = {}
    for column, name in enumerate(header):
        joint, axis, is_separate = _split(name)
        if axis:
            axes.setdefault(joint, []).append((axis, column, is_separate))
    joints = {}
    for joint, columns in axes.items():
        letters = "".join(sorted(axis for axis, *_ in columns))
        names = listed([repr(header[column][:40]) for _, column, _ in columns])
        if _is_other(joint, columns, axes):
            continue
        if letters == "xyz":
            joints[joint] = tuple(column for _, column, _ in sorted(columns))
        elif "w" in letters and len(letters) > 1:
            raise Dropped(f"the header has {names}: are they a rotation? x, y and z of each joint are expected")
        elif len(letters) > 1 or (letters != "w" and columns[0][2]):
            wanted = "x, y and z of each joint, each once, are expected"
            of_joint = f" for the joint {joint[:40]!r}" if joint else ""
            raise Dropped(f"the header has only {names}{of_joint}: {wanted}")
    _check_one_person(joints)
    joints = _best_places(joints)
    if not joints or ("" in joints and len(joints) > 1):
        raise Dropped(
            f"the header names no joint: its columns are {listed([repr(name[:40]) for name in header])}, where names "
            "such as hip_x, hip_y and hip_z are expected for every joint"
        )
    words = [plain(name) for name in header]
    used = {column for columns in joints.values() for column in columns}

    others = tuple(column for column in range(len(header)) if column not in used)
    joint = next((column for column in others if words[column] in JOINTS), None)
    bodies = tuple(column for kinds in (BODIES, PERHAPS_BODIES) for column in others if words[column] in kinds)
    orders = sorted((at for at in others if ordering.kind(header[at])), key=lambda at: ordering.rank(header[at]))
    return Columns(joints, tuple(orders), joint, bodies, others)


def _split(name):
    """(joint, axis, whether something separates them) of a column's name; axis is "" if there is none."""
    name = name.strip()
    if match := re.fullmatch(r"([xyzw])[ _.:-]?([0-9]+)", name, re.IGNORECASE):
        return match[2], match[1].lower(), True
    axis, joint = name[-1:].lower(), name[:-1].rstrip(SEPARATORS)
    if axis not in tuple("xyzw"):
        return name, "", False
    is_capital = name[-1:].isupper() and joint[-1:].islower()
    return joint, axis, len(joint) < len(name) - 1 or is_capital or not joint


def _last_word(joint):
    return re.split(r"[ _.:-]+|(?<=[a-z])(?=[A-Z])", joint)[-1].lower()


def is_no_joint(name: str) -> bool:
    """Whether a name says that x y z of it are no place of a joint, but a direction, a velocity or the like."""
    return _last_word(name) in NO_JOINTS


def _is_other(joint, columns, axes):
    """Whether these columns are no place of a joint, but a rotation, a place in the image or the like."""
    last = _last_word(joint)
    if last in OTHERS or is_no_joint(joint) or (joint.lower() in THINGS and len(axes) > 1 and "" not in axes):
        return True
    # hip_ax is an acceleration if there is a hip_x, hip_wx an angular velocity, and hip_dx a velocity
    if last in ("a", "w", "d") and not columns[0][2] and joint[:-1].rstrip(SEPARATORS) in axes:
        return True
    # hip_rx is a rotation unless there is a hip_lx; hand_r_x is a right hand
    return (
        last == "r"
        and not columns[0][2]
        and len(joint) > 1
        and joint[:-1] + ("l" if joint[-1] == "r" else "L") not in axes
    )


def _check_one_person(joints):
    """Raise `Dropped` if names are of several people: `p1_hip` and `p2_hip`, `hip_p1` and `hip_p2`, or `Bob:hip`."""
    people, of_subjects = {}, {}
    for joint in joints:
        subject, colon, of_subject = joint.partition(":")
        if colon and not SIDE.match(subject) and subject.lower() not in (*WORSE, *OTHERS, *itertools.chain(*PLACES)):
            of_subjects.setdefault(of_subject, []).append(f"{joint[:40]}_x")
        if match := re.fullmatch(rf"({PERSON})[ _.:-]+(.+)|(.+)[ _.:-]({PERSON})", joint):
            people.setdefault(match[2] or match[3], []).append(f"{joint[:40]}_x")
    shared = {joint: names for joint, names in of_subjects.items() if len(names) > 1}
    if len(shared) >= FEWEST_OF_A_SUBJECT:
        people |= shared
    several = next((names for names in people.values() if len(names) > 1), None)
    if several:
        names = listed(list(map(repr, several)))
        raise Dropped(f"the columns {names} seem to be of several people: save each person in a table of its own")


def _best_places(joints):
    """The same joints, `hip` in place of `hip_position`; of several places of one joint, the best by `PLACES`."""
    places = {}
    for joint, columns in joints.items():
        last = _last_word(joint)
        base = joint[: -len(last)].rstrip(SEPARATORS)
        rank = next((rank for rank, words in enumerate(PLACES) if last in words), None)
        if base and last in WORSE:
            rank = len(PLACES)
        elif rank is None or not (base or (last == "world" and "" in joints)):
            base, rank = joint, len(PLACES) - 1
        places.setdefault(base, []).append((rank, joint, columns))
    best = {}
    for base, several in places.items():
        several.sort(key=lambda place: place[0])
        if len(several) > 1 and several[0][0] == several[1][0]:
            names = listed([repr(f"{joint[:40]}_x") for _, joint, _ in several])
            raise Dropped(f"the columns {names} are several places of one joint: keep those that are to be read")
        best[base] = several[0]
    if len({rank for rank, *_ in best.values()}) > 1 and max(map(len, places.values())) > 1:
        (_, first, _), (_, last, _) = min(best.values()), max(best.values())
        raise Dropped(
            f"some joints have columns such as {f'{first[:40]}_x'!r} and others only such as {f'{last[:40]}_x'!r}: "
            "keep one kind of places for all joints"
        )
    return {(joint if rank == len(PLACES) else base): columns for base, (rank, joint, columns) in best.items()}
