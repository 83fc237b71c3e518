"""The pairs of joints that a picture connects, by the names of the joints or, without names, by their number."""

import itertools
from collections.abc import Sequence

from mans_keras.skeletons import hdm05
from mans_keras.skeletons.formats import skeleton_file
from mans_keras.skeletons.named_bones import named_bones
from mans_keras.skeletons.sequence import Body


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
HIPS = {15: (9, 12), 20: (12, 16), 25: (12, 16), 31: (hdm05.BODY.left_hip, hdm05.BODY.right_hip)}


def bones(joints: int, body: Body | None = None, names: Sequence[str] = ()) -> tuple[tuple[int, int], ...]:
    """Pairs (i, j) of joints, counted from 0, that a bone connects in a body with this number of joints; () if unknown.

    15: SBU Kinect Interaction; 20: Kinect 1 (UT-Kinect, SYSU-3D, NW-UCLA, UTD-MHAD); 25: Kinect 2 (NTU RGB+D); 31:
    HDM05, `hdm05.JOINTS`.
    names: of the joints, if they are known; then they count, see `named_bones`.
    body: if its hips are other joints than expected, as with OpenPose's 25 joints, the bones are unknown.
    """
    if names:
        return HDM05 if tuple(names) == tuple(hdm05.JOINTS) else named_bones(names)
    if body and (body.left_hip, body.right_hip) != HIPS.get(joints):
        return ()
    return BONES.get(joints, ())
