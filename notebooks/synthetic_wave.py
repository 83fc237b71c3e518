"""Make a SYNTHETIC recording of a person who waves both hands, for a model trained on UT-Kinect.

    python notebooks/synthetic_wave.py OUT.npy [SUBJECT]

OUT.npy: joints (frames, 20, 3) in metres, 15 frames a second. SUBJECT: a number, 1 by default; each number is a person
with other proportions, tempo and posture.
"""

import sys

import numpy as np
from scipy.interpolate import PchipInterpolator

from mans_keras.skeletons.synthetic.actions import REST, pose
from mans_keras.skeletons.synthetic.body import animate, make_subject

RATE = 15  # frames a second
ARMS_UP = pose(both_side=150, both_elbow=15)
HANDS_IN = pose(both_side=175, both_elbow=25)
STEPS = [(0.5, ARMS_UP), *[(0.3, HANDS_IN), (0.3, ARMS_UP)] * 3]  # (seconds to a pose, the pose)
KINECT_1 = [0, 1, 20, *range(3, 20)]  # those of Kinect v2's 25 joints that Kinect v1 has, in its order


def wave_hands(number):
    """Joints (frames, 20, 3), metres, of subject `number`: x to the sensor's left, y up, z away from the sensor."""
    rng = np.random.default_rng(number)
    subject = make_subject(rng)
    seconds, poses = zip(*STEPS, strict=True)
    times = np.cumsum([0, *seconds]) / subject.tempo
    path = PchipInterpolator(times, np.stack([REST, *poses]) * subject.amplitude)
    poses = path(np.arange(0, times[-1], 1 / RATE)) + subject.posture
    joints = animate(subject.bones, poses)[:, KINECT_1]
    joints = joints * (-1, 1, -1) + (0, -1, 3)  # facing a sensor that is 1 m high and 3 m away
    return joints + rng.normal(scale=0.005, size=joints.shape)  # noise


if __name__ == "__main__":
    out, number = (*sys.argv[1:], 1)[:2]
    np.save(out, wave_hands(int(number)))
