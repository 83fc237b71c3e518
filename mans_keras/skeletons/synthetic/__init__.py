"""The embedded default data set: an animated body acts, three cameras record it, and files in NTU's format result.

Twelve actions, ten subjects, two repetitions. Everything except the action varies: proportions, posture, tempo,
amplitude and handedness of the subject; the pace of every phase; sway; bystanders; where the subject stands and which
way it faces; and, for each camera, when the recording starts and stops, noise, and glitches of single joints. A file
depends only on the seed and on its name.
"""

import functools
from pathlib import Path

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from mans_keras.skeletons import ntu
from mans_keras.skeletons.formats import skeleton_file
from mans_keras.skeletons.sequence import KINECT_2, Reader
from mans_keras.skeletons.synthetic.actions import ACTIONS, REST, STAND_BY
from mans_keras.skeletons.synthetic.body import DOFS, animate, make_subject, mirrored

CLASS_NAMES = tuple(ACTIONS)
SEED = 4
SUBJECTS = range(1, 11)
REPETITIONS = range(1, 3)
CAMERAS = {1: 0, 2: 45, 3: -45}  # degrees around the subject
BYSTANDERS = 0.5  # share of the one-person recordings with a bystander
RATE = 15  # frames a second, as Kinect v2 gives in dim light
IDLE = 3.0  # seconds, at most, that a camera runs before the action, and the same after it

# Only the classes differ from NTU's files.
read = functools.partial(ntu.read, classes=len(CLASS_NAMES))
READER = Reader("synthetic", CLASS_NAMES, KINECT_2, read, ntu.source_name)


def names() -> list[str]:
    """The names of the data set's 720 files, in order."""
    return [
        f"S001C{camera:03}P{subject:03}R{repetition:03}A{action:03}"
        for subject in SUBJECTS
        for repetition in REPETITIONS
        for action in range(1, len(ACTIONS) + 1)
        for camera in CAMERAS
    ]


def _numbers(name):
    """(label, subject, repetition, camera) of a name."""
    label, subject, camera = ntu.parse_name(name, len(ACTIONS))
    return label, subject, int(name[13:16]), camera


def _schedule(steps, subject, paces, rng):
    """(times, poses) of one person: idle, the steps at this person's pace and amplitude, idle."""
    seconds, goals = zip(*steps, strict=True)
    goals = np.array(goals) * subject.amplitude * rng.uniform(0.92, 1.06, (len(goals), len(DOFS)))
    times = np.cumsum([0, IDLE, *(seconds * paces[: len(seconds)]), IDLE])
    return times, np.stack([REST, REST, *goals, goals[-1]])


def _animate(times, goals, frames, subject, right_handed, rng):
    """Joints (frames, 25, 3) of one person who moves through the poses `goals`, with a posture and some sway."""
    at = np.minimum(np.arange(frames) / RATE, times[-1])
    poses = PchipInterpolator(times, goals)(at)
    sway = gaussian_filter1d(rng.normal(size=poses.shape), 0.5 * RATE, axis=0, mode="wrap")
    sway[:, -3:] = 0  # neither lifts off nor slides
    poses += subject.posture + 2 * sway / sway[:, :-3].std()
    return animate(subject.bones, poses if right_handed else mirrored(poses))


def perform(name: str, seed: int = SEED) -> np.ndarray:
    """The action of the recording `name` without a camera: joints (frames, bodies, 25, 3), the actor first.

    Metres; x to the left of the actor, y up from the floor, z to the actor's front. The three names that differ only in
    the camera give the same performance.
    """
    return _performance(*_numbers(name)[:3], seed)


@functools.lru_cache(maxsize=1)
def _performance(label, number, repetition, seed):
    action = ACTIONS[CLASS_NAMES[label]]
    rng = np.random.default_rng([seed, number, repetition, label])
    subject, other = (make_subject(np.random.default_rng([seed, n])) for n in (number, 100 + number))
    right_handed = rng.random() < subject.right_handed
    paces = rng.uniform(0.6, 1.0, 20) / subject.tempo
    times, goals = _schedule(action.steps, subject, paces, rng)
    frames = int(times[-1] * RATE)
    people = [_animate(times, goals, frames, subject, right_handed, rng)]
    if action.partner:
        schedule = _schedule(action.partner, other, paces, rng)
        partner = _animate(*schedule, frames, other, right_handed, rng)
        people.append(np.array([0, 0, action.distance]) + partner * (-1, 1, -1))  # face to face
    elif rng.random() < BYSTANDERS:
        place = (rng.choice([-1, 1]) * rng.uniform(1.2, 1.6), 0, rng.uniform(-0.5, 0.5))
        schedule = _schedule(STAND_BY, other, paces, rng)
        people.append(_animate(*schedule, frames, other, right_handed, rng) + place)
    return np.stack(people, axis=1)


def _place(joints, angle, rng):
    """Joints in the space of the camera at `angle`; `rng` places the people in the room, the same for all cameras."""
    facing = rng.uniform(-30, 30) + (rng.choice([90, -90]) if joints.shape[1] > 1 else 0)
    place = (rng.uniform(-0.4, 0.4), -rng.uniform(1.0, 1.4), rng.uniform(2.8, 3.6))
    middle = joints[0, :, 0].mean(axis=0) * (1, 0, 1)
    turn = Rotation.from_euler("Y", 180 + facing + angle, degrees=True)
    return turn.apply((joints - middle).reshape(-1, 3)).reshape(joints.shape) + place


def _sense(joints, rng):
    """Joints with the sensor's errors: noise, more of it far away and behind the body, drift and glitches."""
    frames, bodies = joints.shape[:2]
    depth = joints[..., 2:]
    behind = np.clip(5 * (depth - depth[:, :, :1]), 0, 1.5)
    drift = gaussian_filter1d(rng.normal(size=joints.shape), 3, axis=0) * 2
    joints = joints + 0.006 * (depth / 3) ** 2 * (1 + behind) * (rng.normal(size=joints.shape) + drift)
    for _ in range(rng.poisson(2)):
        first, length = rng.integers(frames), rng.integers(1, 4)
        joints[first : first + length, rng.integers(bodies), rng.integers(25)] += rng.normal(0, 0.12, 3)
    return joints


def record(name: str, seed: int = SEED) -> np.ndarray:
    """Joints (frames, bodies, 25, 3) of the recording `name`, metres, in the space of its camera."""
    label, subject, repetition, camera = _numbers(name)
    room = np.random.default_rng([seed, subject, repetition, label, 0])
    sensor = np.random.default_rng([seed, subject, repetition, label, camera])
    joints = _place(perform(name, seed), CAMERAS[camera], room)
    start, stop = sensor.integers(0, int(IDLE * RATE), 2)  # each camera starts and stops at another time
    return _sense(joints[start : len(joints) - stop], sensor)


def write(folder: Path | str, name: str, seed: int = SEED) -> Path:
    """Write the recording `name` as an NTU file into `folder`, and return its path."""
    path = Path(folder) / f"{name}.skeleton"
    joints = record(name, seed)
    skeleton_file.write(path, joints, body_ids=range(1, joints.shape[1] + 1))
    return path
