"""Random `.skeleton` recordings by case, for property tests of the released code's preparation."""

import numpy as np

from mans_keras.skeletons.formats import skeleton_file

# Of 120 frames, `linspace(0, 119, 50)` puts row 21 a rounding error below frame 51, which is cut to 50.
FRAMES = {"49 frames": 49, "50 frames": 50, "51 frames": 51, "120 frames": 120, "300 frames": 300}
BODIES = {  # how many a recording has
    "one body": (1,),
    "two bodies": (2,),
    "second comes late": (2,),
    "first leaves": (2,),
    "third first": (3,),
    "third midway": (3,),
    "third in last frame": (3,),
    "empty first frames": (1, 2),
    **dict.fromkeys(FRAMES, (1,)),
    "bodies swap": (2,),
    "feet disagree": (1, 2),
    "left shoulder below hips": (1, 2),
    "turns round": (1, 2),
}
CASES = tuple(BODIES)
LEFT_SHOULDER = 4
SHOULDERS_MIDDLE = 20
FEET = (15, 19)
TORSO = (0, 1, 4, 8, 12, 16, 20)
# Standing, facing the sensor, metres from between the hips: x, y (up), z (the body faces -z).
STANDING = {
    0: (0, 0.03, 0),
    1: (0, 0.29, 0.01),
    20: (0, 0.53, 0),
    2: (0, 0.6, 0),
    3: (0, 0.75, -0.02),
    4: (-0.18, 0.45, 0),
    5: (-0.24, 0.2, 0.02),
    6: (-0.26, -0.02, -0.05),
    7: (-0.27, -0.1, -0.07),
    21: (-0.27, -0.17, -0.08),
    22: (-0.23, -0.1, -0.1),
    8: (0.18, 0.45, 0),
    9: (0.24, 0.2, 0.02),
    10: (0.26, -0.02, -0.05),
    11: (0.27, -0.1, -0.07),
    23: (0.27, -0.17, -0.08),
    24: (0.23, -0.1, -0.1),
    12: (-0.08, 0, 0),
    13: (-0.1, -0.4, -0.02),
    14: (-0.1, -0.78, 0.04),
    15: (-0.1, -0.84, -0.08),
    16: (0.08, 0, 0),
    17: (0.1, -0.4, -0.02),
    18: (0.1, -0.78, 0.04),
    19: (0.1, -0.84, -0.08),
}


def rotations(axis, angles):
    """Rotation matrices (n, 3, 3) about an axis (3,) by angles (n,), radians."""
    x, y, z = axis / np.linalg.norm(axis)
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angles = np.asarray(angles)[:, None, None]
    return np.eye(3) + np.sin(angles) * k + (1 - np.cos(angles)) * (k @ k)


def smooth(random, frames, shape, size):
    """Smooth random curves (frames, *shape) of about `size` around zero."""
    time = np.linspace(0, 1, frames).reshape(-1, *[1] * len(shape))
    curves = np.zeros((frames, *shape))
    for waves in (0.5, 1.5, 3):
        curves += random.normal(scale=size / 2, size=shape) * np.sin(
            2 * np.pi * (waves * time + random.uniform(size=shape))
        )
    return curves


def body(random, frames, feet_disagree=False, shoulder_below_hips=False, turns_round=False):
    """A moving body (frames, 25, 3), metres in camera space, about 3 m away, turned about any axis.

    feet_disagree: a foot points forwards and the other backwards. shoulder_below_hips: the left shoulder starts below
    the hips, in the body's own frame. turns_round: after the first frames it turns about its spine, and stays turned.
    """
    sizes = np.full((25, 1), 0.06)
    sizes[list(TORSO)] = 0.015
    pose = np.array([STANDING[joint] for joint in range(25)]) * random.uniform(0.8, 1.1)
    pose += random.normal(size=(25, 3)) * sizes
    pose[SHOULDERS_MIDDLE, 1] += random.uniform(-0.1, 0.02)  # the furthest of the torso from its mean, or the hips are
    backwards = random.integers(2)
    for number, foot in enumerate(FEET):
        yaw = random.uniform(-0.8, 0.8)
        if feet_disagree and number == backwards:
            yaw += np.pi
        pose[foot] = pose[foot - 1] + (0.14 * np.sin(yaw), -0.05, -0.14 * np.cos(yaw))
    motion = smooth(random, frames, (25, 3), 1.0) * sizes / 2
    motion[:, FEET] = motion[:, (FEET[0] - 1, FEET[1] - 1)]
    joints = pose + motion
    if shoulder_below_hips:
        rise = np.clip(np.linspace(0, 2, frames), 0, 1)
        joints[:, LEFT_SHOULDER, 1] += (1 - rise) * (random.uniform(-0.25, -0.15) - joints[0, LEFT_SHOULDER, 1])
    if turns_round:
        turn = np.pi * np.clip(np.linspace(0, random.uniform(4, 8), frames), 0, 1)
        joints = joints @ rotations(np.array((0, 1, 0)), turn).transpose(0, 2, 1)
    sway = rotations(random.normal(size=3), smooth(random, frames, (), 0.15))
    anyhow = rotations(random.normal(size=3), [random.uniform(0, 2 * np.pi)])
    place = random.normal((0, 0, 3), (0.6, 0.2, 0.3))
    path = place + smooth(random, frames, (3,), 0.15)
    return joints @ (anyhow @ sway).transpose(0, 2, 1) + path[:, None]


def recording(random, case):
    """Joints (frames, bodies, 25, 3), metres, zeros where a body is not listed, and the bodies' IDs.

    random: a NumPy Generator. case: one of CASES.
    """
    frames = FRAMES.get(case) or int(random.integers(20, 130))
    early, late = sorted(random.choice(np.arange(2, frames - 2), size=2, replace=False))
    time = np.arange(frames)
    count = int(random.choice(BODIES[case]))
    first = {
        "feet_disagree": case == "feet disagree",
        "shoulder_below_hips": case == "left shoulder below hips",
        "turns_round": case == "turns round",
    }
    joints = np.stack([body(random, frames, **(first if b == 0 else {})) for b in range(count)], axis=1)
    ids = [int(number) for number in 72057594037931101 + random.choice(1000, size=count, replace=False)]
    if case == "second comes late":
        joints[time < early, 1] = 0
    elif case == "first leaves":
        joints[time >= early, 0] = 0
    elif case == "empty first frames":
        joints[time < early] = 0
    elif case == "bodies swap":  # the first person is listed after the second from frame `early` on
        joints = np.stack([joints[:, 0], joints[:, 1], joints[:, 0]], axis=1)
        joints[time >= early, 0] = joints[time < early, 2] = 0
        ids.append(ids[0])
    elif case.startswith("third"):
        present = {"first": time < early, "midway": (time >= early) & (time < late), "in": time >= late}
        joints[~present[case.split()[1]], 2] = 0
        order = random.permutation(3)  # the third may be listed before the others
        joints, ids = joints[:, order], [ids[b] for b in order]
    return joints, ids


def write_recording(path, random, case):
    """Write `recording`'s result as a `.skeleton` file."""
    joints, ids = recording(random, case)
    skeleton_file.write(path, joints, ids)
