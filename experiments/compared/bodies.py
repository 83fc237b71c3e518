"""What the compared networks know of a body, by its number of joints: five parts, a chain, bones and a centre."""

from mans_keras.errors import InputError
from mans_keras.skeletons import hdm05
from mans_keras.skeletons.bones import bones


def _hdm05(*names):
    return tuple(hdm05.JOINTS.index(name) for name in names)


def _hdm05_limb(side, *names):
    return _hdm05(*(side + name for name in names))


_LEG = ("hipjoint", "femur", "tibia", "foot", "toes")
_ARM = ("clavicle", "humerus", "radius", "wrist", "hand", "fingers", "thumb")
_KINECT_LIMBS = ((4, 5, 6, 7), (8, 9, 10, 11), (12, 13, 14, 15), (16, 17, 18, 19))

# Left arm, right arm, trunk, left leg, right leg; each from the trunk outwards, the trunk from the hips upwards.
PARTS = {
    15: ((3, 4, 5), (6, 7, 8), (2, 1, 0), (9, 10, 11), (12, 13, 14)),
    20: (*_KINECT_LIMBS[:2], (0, 1, 2, 3), *_KINECT_LIMBS[2:]),
    25: ((4, 5, 6, 7, 21, 22), (8, 9, 10, 11, 23, 24), (0, 1, 20, 2, 3), *_KINECT_LIMBS[2:]),
    31: (
        _hdm05_limb("l", *_ARM),
        _hdm05_limb("r", *_ARM),
        _hdm05("root", "lowerback", "upperback", "thorax", "lowerneck", "upperneck", "head"),
        _hdm05_limb("l", *_LEG),
        _hdm05_limb("r", *_LEG),
    ),
}
# Between the shoulders.
CENTER = {15: 1, 20: 2, 25: 20, 31: hdm05.JOINTS.index("thorax")}


def _known(joints):
    if joints not in PARTS:
        raise InputError(
            f"the parts of a body with {joints} joints are not known: the compared networks know {sorted(PARTS)} joints"
        )
    return joints


def parts(joints: int) -> tuple[tuple[int, ...], ...]:
    """The joints of left arm, right arm, trunk, left leg and right leg. Raises `InputError` for an unknown body."""
    return PARTS[_known(joints)]


def chain(joints: int) -> tuple[int, ...]:
    """All joints in one line: from hand to hand, from the head to the hips, from foot to foot. Raises as `parts`."""
    left_arm, right_arm, trunk, left_leg, right_leg = parts(joints)
    return (*left_arm[::-1], *right_arm, *trunk[::-1], *left_leg[::-1], *right_leg)


def graph(joints: int) -> tuple[tuple[tuple[int, int], ...], int]:
    """(bones, pairs of joints; the joint in the centre). Raises as `parts`."""
    return bones(_known(joints)), CENTER[joints]
