"""SYNTHETIC recordings to try a model with: one person does one action, or several of them one after the other.

The actions are among UT-Kinect's classes, which the shipped model knows.
"""

import numpy as np
from scipy.interpolate import PchipInterpolator

from mans_keras.skeletons.synthetic.actions import REST, pose
from mans_keras.skeletons.synthetic.body import Subject, animate, make_subject

RATE = 15  # frames a second
PAUSE = 0.6  # seconds between two actions
NOISE = 0.005  # metres
KINECT_1 = [0, 1, 20, *range(3, 20)]  # those of Kinect v2's 25 joints that Kinect v1 has, in its order

ARMS_UP = pose(both_side=150, both_elbow=15)
HANDS_IN = pose(both_side=175, both_elbow=25)
APART = pose(both_raise=55, both_side=25, both_roll=30, both_elbow=50)
TOGETHER = pose(both_raise=55, both_side=-8, both_roll=50, both_elbow=60)
SEATED = pose(both_hip=85, both_knee=90, bend=8)
STEPS = (
    pose(right_hip=30, right_knee=10, left_hip=-15, left_raise=20, right_raise=-15),
    pose(left_hip=30, left_knee=10, right_hip=-15, right_raise=20, left_raise=-15),
)
DRAWN = pose(right_raise=150, right_elbow=90, bend=-8)
THROWN = pose(right_raise=70, right_elbow=5, bend=20)

# {what the person does: [(seconds to reach the pose, pose)]}; the first pose is where it begins
ACTIONS = {
    "waves both hands": [(0, REST), (0.5, ARMS_UP), *[(0.3, HANDS_IN), (0.3, ARMS_UP)] * 3],
    "claps": [(0, REST), (0.5, APART), *[(0.25, TOGETHER), (0.25, APART)] * 4],
    "sits down": [(0, REST), (1.2, SEATED), (0.5, SEATED)],
    "stands up": [(0, SEATED), (0.5, SEATED), (1.2, REST)],
    "walks": [(0, REST), *[(0.5, STEPS[number % 2] + pose(forward=0.25 * number)) for number in range(1, 9)]],
    "throws": [(0, REST), (0.5, DRAWN), (0.1, DRAWN), (0.25, THROWN), (0.2, THROWN), (0.5, REST)],
}
SEVERAL = ("waves both hands", "claps", "sits down", "stands up", "throws", "walks")


def perform(steps: list[tuple[float, np.ndarray]], person: Subject) -> np.ndarray:
    """Joints (frames, 25, 3) of Kinect v2, metres, of a person who goes through poses.

    steps: [(seconds to reach a pose, the pose)]. x to the sensor's left, y up, z away from the sensor. The sensor is
    1 m high and 3 m away, and the person faces it.
    """
    seconds, poses = zip(*steps, strict=True)
    times = np.cumsum(seconds) / person.tempo
    path = PchipInterpolator(times, np.stack(poses) * person.amplitude)
    poses = path(np.arange(0, times[-1], 1 / RATE)) + person.posture
    return animate(person.bones, poses) * (-1, 1, -1) + (0, -1, 3)


def record(*actions: str, subject: int = 1, joints: int = 20) -> np.ndarray:
    """Joints (frames, joints, 3) of a person who does some of `ACTIONS`, one after the other, as `perform`, with noise.

    subject: each number is a person with other proportions, tempo and posture. joints: 20 of Kinect v1, or 25 of v2.
    """
    rng = np.random.default_rng(subject)
    person = make_subject(rng)
    steps = list(ACTIONS[actions[0]])
    for action in actions[1:]:
        (_, begin), *rest = ACTIONS[action]
        steps += [(PAUSE, begin), *rest]
    body = perform(steps, person)[:, KINECT_1 if joints == 20 else slice(None)]
    return body + rng.normal(scale=NOISE, size=body.shape)
