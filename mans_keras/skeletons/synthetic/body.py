"""A 25-joint Kinect v2 body that takes poses: proportions and habits of a subject, and forward kinematics.

The body's axes: x to its left, y up, z forward, metres; the origin lies on the floor between its feet.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from mans_keras.skeletons.formats.skeleton_file import PARENTS

# The numbers of a pose: degrees, and metres for the last three. If all are 0, arms hang down and legs are straight.
# raise: arm forward and up; side: arm away from the body; roll: upper arm about its length, forearm inwards; hip: thigh
# forward and up; lift: feet above the floor; forward, sideways (to the left): the whole body.
SIDES = ("left", "right")
LIMBS = ("raise", "side", "roll", "elbow", "hip", "knee")
DOFS = (
    *("bend", "twist", "lean", "nod", "turn"),
    *(f"{side}_{limb}" for side in SIDES for limb in LIMBS),
    *("lift", "forward", "sideways"),
)
MIRRORED = [DOFS.index(d.replace("left", "?").replace("right", "left").replace("?", "right")) for d in DOFS]
MIRROR_SIGN = np.array([-1 if dof in ("twist", "lean", "turn", "sideways") else 1 for dof in DOFS])

# {joint: bone that ends in it}, vectors of a body of height 1 that stands straight; only the left side.
BONES = {
    1: (0, 0.165, 0),
    20: (0, 0.130, 0),
    2: (0, 0.045, 0),
    3: (0, 0.085, 0.010),
    4: (0.100, -0.015, 0),
    5: (0, -0.165, 0),
    6: (0, -0.145, 0),
    7: (0, -0.045, 0),
    21: (0, -0.045, 0),
    22: (0.008, -0.022, 0.025),
    12: (0.048, -0.020, 0),
    13: (0, -0.235, 0),
    14: (0, -0.230, 0),
    15: (0, -0.030, 0.075),
}
LEFT_TO_RIGHT = {4: 8, 5: 9, 6: 10, 7: 11, 21: 23, 22: 24, 12: 16, 13: 17, 14: 18, 15: 19}
TORSO, SHOULDERS, ARMS, LEGS = (1, 20), (4,), (5, 6, 7, 21, 22), (13, 14)
ANKLES, FEET = [14, 18], [15, 19]


@dataclass(frozen=True)
class Subject:
    """One person: `bones` (25, 3) in metres, and the habits that are the same in all performances.

    tempo and amplitude: factors for the speed and for every angle; right_handed: the share of performances with the
    right side; posture: (DOFs,), the pose when the person stands.
    """

    bones: np.ndarray
    tempo: float
    amplitude: float
    right_handed: float
    posture: np.ndarray


def make_subject(rng: np.random.Generator) -> Subject:
    """Draw a `Subject`: 1.50 to 1.95 m tall, limbs up to 10 % longer or shorter than the average."""
    factors = np.ones(25)
    for part in (TORSO, SHOULDERS, ARMS, LEGS):
        factors[list(part)] = rng.uniform(0.9, 1.1)
    bones = np.zeros((25, 3))
    height = rng.uniform(1.50, 1.95)
    for joint, bone in BONES.items():
        bones[joint] = np.array(bone) * height * factors[joint]
        if joint in LEFT_TO_RIGHT:
            bones[LEFT_TO_RIGHT[joint]] = bones[joint] * (-1, 1, 1)
    posture = dict.fromkeys(DOFS, 0.0)
    posture["bend"], posture["nod"] = rng.uniform(-3, 6), rng.uniform(-5, 12)
    for side in SIDES:
        posture[f"{side}_side"] = rng.uniform(3, 14)
        posture[f"{side}_raise"] = rng.uniform(-6, 10)
        posture[f"{side}_elbow"] = rng.uniform(5, 30)
    return Subject(
        bones,
        tempo=rng.uniform(0.8, 1.25),
        amplitude=rng.uniform(0.88, 1.08),
        right_handed=rng.choice([0.4, 0.6]),
        posture=np.array([posture[dof] for dof in DOFS]),
    )


def mirrored(poses: np.ndarray) -> np.ndarray:
    """Poses (frames, DOFs) with left and right exchanged."""
    return poses[:, MIRRORED] * MIRROR_SIGN


def animate(bones: np.ndarray, poses: np.ndarray) -> np.ndarray:
    """Forward kinematics: bones (25, 3) in poses (frames, DOFs) -> joints (frames, 25, 3) in the body's axes.

    The lower foot stays on the same place of the floor; `lift`, `forward` and `sideways` move the body from there.
    """
    dof = dict(zip(DOFS, poses.T, strict=True))

    def turn(axes, *angles):
        return Rotation.from_euler(axes, np.stack(angles, axis=-1), degrees=True)

    local = {
        1: turn("YXZ", dof["twist"] / 2, dof["bend"] / 2, dof["lean"] / 2),
        20: turn("YXZ", dof["twist"] / 2, dof["bend"] / 2, dof["lean"] / 2),
        3: turn("YX", dof["turn"], dof["nod"]),
    }
    for side, sign, shoulder, hip in (("left", 1, 5, 13), ("right", -1, 9, 17)):
        arm = {limb: dof[f"{side}_{limb}"] for limb in LIMBS}
        local[shoulder] = turn("ZXY", sign * arm["side"], -arm["raise"], -sign * arm["roll"])
        local[shoulder + 1] = turn("X", -arm["elbow"])
        local[hip] = turn("X", -arm["hip"])
        local[hip + 1] = turn("X", arm["knee"])
        local[hip + 2] = turn("X", arm["hip"] - arm["knee"])  # the sole stays level

    none = Rotation.identity(len(poses))
    turned, joints = {0: none}, np.zeros((len(poses), 25, 3))
    for joint in (1, 20, 2, *range(3, 20), *range(21, 25)):
        parent = PARENTS[joint]
        turned[joint] = turned[parent] * local.get(joint, none)
        joints[:, joint] = joints[:, parent] + turned[joint].apply(bones[joint])

    height = joints[:, ANKLES, 1]
    weight = np.exp(-(height - height.min(axis=1, keepdims=True)) / 0.03)
    weight /= weight.sum(axis=1, keepdims=True)
    standing = np.array([[bones[a - 2] + bones[a - 1] + bones[a] for a in ANKLES]])
    slid = (weight[..., None] * (joints[:, ANKLES] - standing)).sum(axis=1)
    slid[:, 1] = joints[:, FEET, 1].min(axis=1) - dof["lift"]
    slid[:, 2] -= dof["forward"]
    slid[:, 0] -= dof["sideways"]
    return joints - slid[:, None]
