"""The preparation that the authors' released script applies to a `.skeleton` file of NTU RGB+D, in plain loops.

Source: the authors' released script, as described, rule by rule, as its reading is written down in this project's
notes. Written from that description alone, so that the project's own version can be checked against it.

A slot is a place in the file's list of a frame's bodies: slot 0 is the body listed first, slot 1 the second. Joints
are numbered from 0 as in the file.
"""

from pathlib import Path

import numpy as np

ROWS = 50
SLOTS = 2
JOINTS = 25
TORSO = (0, 1, 4, 8, 12, 16, 20)
LEFT_SHOULDER = 4
LEFT_HIP, RIGHT_HIP = 12, 16
FEET = ((14, 15), (18, 19))  # ankle, foot


def read(path):
    """Frames of a file: lists of bodies in the file's order, each a list of joints (3,), metres in camera space."""
    tokens = iter(Path(path).read_text().split())
    frames = []
    for _ in range(int(next(tokens))):
        bodies = []
        for _ in range(int(next(tokens))):
            for _ in range(10):  # the body's ID and state
                next(tokens)
            joints = []
            for _ in range(int(next(tokens))):
                values = [float(next(tokens)) for _ in range(12)]
                joints.append(np.array(values[:3]))
            bodies.append(joints)
        frames.append(bodies)
    return frames


def principal_component(points):
    """First principal component (3,) of points (7, 3), with the sign that scikit-learn's PCA of that time gave it."""
    centred = np.array(points) - np.mean(points, axis=0)
    u, _, v = np.linalg.svd(centred, full_matrices=False)
    largest = 0
    for row in range(len(u)):
        if abs(u[row, 0]) > abs(u[largest, 0]):
            largest = row
    return v[0] if u[largest, 0] > 0 else -v[0]


def frame_of_reference(joints):
    """Origin (3,), metres in camera space, and the inverse (3, 3) of the matrix whose columns are the body's axes."""
    origin = (joints[LEFT_HIP] + joints[RIGHT_HIP]) / 2
    third = principal_component([joints[joint] for joint in TORSO])
    second = np.cross(joints[LEFT_HIP] - joints[RIGHT_HIP], third)
    first = np.cross(second, third)
    axes = [axis / np.sqrt(np.sum(axis**2)) for axis in (first, second, third)]
    return origin, np.linalg.inv(np.stack(axes, axis=1))


def by_slot(frames):
    """Frames (n, 2, 25, 3) of `read`'s result, metres along the axes of the first body that filled the slot.

    Zeros where a slot has no body, and in both slots of a frame that lists more than two bodies.
    """
    result = np.zeros((len(frames), SLOTS, JOINTS, 3))
    references = [None] * SLOTS
    for t, bodies in enumerate(frames):
        if len(bodies) > SLOTS:
            continue
        for slot, joints in enumerate(bodies):
            if references[slot] is None:
                references[slot] = frame_of_reference(joints)
            origin, inverse = references[slot]
            for joint in range(JOINTS):
                result[t, slot, joint] = inverse @ (joints[joint] - origin)
    return result


def mean_difference(slot, start, end, coordinate):
    """Mean over all frames, zeros included, of a coordinate of joint `end` minus that of joint `start`, metres."""
    total = 0.0
    for frame in slot:  # (25, 3)
        total += frame[end, coordinate] - frame[start, coordinate]
    return total / len(slot)


def mirrorings(slots):
    """For each coordinate, whether it is mirrored; by slot 0 of slots (n, 2, 25, 3) alone."""
    slot = slots[:, 0]
    third = slot[0, LEFT_SHOULDER, 2] < 0
    second = False
    for ankle, foot in FEET:
        if mean_difference(slot, ankle, foot, 1) < 0:
            second = True
    first = mean_difference(slot, LEFT_HIP, RIGHT_HIP, 0) < 0
    return first, second, third


def fifty_rows(rows):
    """Rows (50, 50, 3) out of rows (n, 50, 3): picked if there are more, between rows of zeros if there are fewer."""
    if len(rows) > ROWS:
        return np.array([rows[int(position)] for position in np.linspace(0, len(rows) - 1, ROWS)])
    result = np.zeros((ROWS, *rows.shape[1:]))
    before = int((ROWS - len(rows)) / 2)
    for t, row in enumerate(rows):
        result[before + t] = row
    return result


def prepare(path):
    """Tensor (50 frames, 25 joints of slot 0 and 25 of slot 1, 3) of a `.skeleton` file, metres, float64.

    None if the last frame lists more than two bodies.
    """
    frames = read(path)
    if len(frames[-1]) > SLOTS:
        return None
    slots = by_slot(frames)
    for coordinate, mirrored in enumerate(mirrorings(slots)):
        if mirrored:
            slots[..., coordinate] *= -1
    rows = np.concatenate([slots[:, 0], slots[:, 1]], axis=1)  # (n, 50, 3)
    return fifty_rows(rows)
