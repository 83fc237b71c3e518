"""Small data that the tests make themselves."""

import io
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mans_keras.skeletons.sequence import Sequence
from mans_keras.tensors.writer import Writer

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
# The folders in which tests find each other, the experiments and data_prep.
PATH = [str(folder) for folder in (ROOT, ROOT / "tests", *sorted((ROOT / "tests").glob("[a-z]*/")))]
ACTIONS = ("walk", "sitDown", "standUp")


def script(path, *arguments, **options):
    """Run a script of the project as a user would; returns the finished process with its output as text."""
    command = [sys.executable, str(ROOT / path), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, **options)


def run(main, *arguments):
    """Run the command of a script in this process, which saves the imports; returns what `script` does."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    return SimpleNamespace(returncode=end.value.code, stdout=out.getvalue(), stderr=err.getvalue())


def standing_body(frames=6, facing=0.0):
    """A Kinect 1 body (frames, 20, 3) in camera space, y up, raising an arm; turned by `facing` degrees."""
    body = np.zeros((20, 3))
    body[[0, 1, 2, 3], 1] = (0.0, 0.2, 0.5, 0.7)
    for left, right, x, y in (
        (4, 8, 0.2, 0.5),
        (5, 9, 0.25, 0.25),
        (6, 10, 0.27, 0.05),
        (7, 11, 0.28, -0.05),
        (12, 16, 0.1, -0.05),
        (13, 17, 0.1, -0.45),
        (14, 18, 0.1, -0.85),
        (15, 19, 0.1, -0.9),
    ):
        body[left], body[right] = (-x, y, 0), (x, y, 0)
    body[[15, 19], 2] = -0.12  # toes towards the sensor
    sequence = np.repeat(body[None], frames, axis=0)
    sequence[:, 11, 1] += np.linspace(0, 0.6, frames)
    angle = np.radians(facing)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    return sequence @ turn.T + (0.4, 0.1, 2.5)


def side_by_side(frames=6):
    """Two people (frames, 2, 20, 3), one of them two metres behind the other as the sensor sees them."""
    return np.stack([standing_body(frames), standing_body(frames) + np.array([0, 0, 2.0])], axis=1)


def joints_lines(joints, frames):
    """Lines of a UT-Kinect joints file."""
    return [
        f"{frame}  " + "  ".join(f"{v:.6f}" for v in row.ravel()) for frame, row in zip(frames, joints, strict=True)
    ]


def ut_kinect_folder(folder, labels=None):
    """A small UT-Kinect: two recordings, frames 10 to 68 in steps of 2, three actions each, one labelled NaN."""
    folder.mkdir(parents=True, exist_ok=True)
    frames = range(10, 70, 2)
    for recording in ("s01_e01", "s02_e01"):
        lines = joints_lines(standing_body(len(frames)), frames)
        (folder / f"joints_{recording}.txt").write_text("\n".join(lines) + "\n")
    default = (
        "s01_e01\nwalk: 10 20\nsitDown:  22  40 \nstandUp: 44 60\n"
        "s02_e01\nwalk: 10 30\nsitDown: NaN NaN\nstandUp: 50 68\n"
    )
    (folder / "actionLabel.txt").write_text(labels or default)
    return folder


def tensor_file(
    path, dataset="ut_kinect", subjects=(1, 2, 3, 4), cameras=(-1,), repetitions=2, scale=50, seed=0, body=None
):
    """A tensor file whose three classes can be told apart: noise around a pattern of the class."""
    random = np.random.default_rng(seed)
    patterns = random.normal(size=(len(ACTIONS), scale, scale, 3))
    settings = {"scale": scale, "layout": "resize", "coordinates": "body", "body": body}
    with Writer(path, dataset=dataset, class_names=ACTIONS, **settings) as writer:
        for subject in subjects:
            for camera in cameras:
                for repetition in range(repetitions):
                    for label, pattern in enumerate(patterns):
                        name = f"s{subject:02}_c{camera}_e{repetition}_{ACTIONS[label]}"
                        sequence = Sequence(name, standing_body()[:, None], label, subject, camera)
                        writer.add(pattern + random.normal(scale=0.3, size=pattern.shape), sequence)
    return path


def tiny_model(path, bodies=2, frames=5, coordinates="body", names=(), **arguments):
    """Save a network of random weights at `path`: tensors 8 x 8, one or two Kinect 1 bodies, three classes.

    Its STCM is the mean over the image, with which it is built, loaded and compiled far sooner than MANs-9.
    """
    from dataclasses import asdict

    import keras

    import mans_keras
    from mans_keras.skeletons.sequence import KINECT_1

    keras.utils.set_random_seed(0)
    mean = keras.layers.GlobalAveragePooling2D()
    model = mans_keras.MANs(mean, 3, (8, 8, 3), units=4, alpha=2, **arguments)
    preparation = {"dataset": "tiny", "class_names": ACTIONS, "scale": 8, "layout": "resize"}
    preparation |= {"coordinates": coordinates, "bodies": bodies, "joints": 20, "body": asdict(KINECT_1)}
    preparation |= {"joint_names": names} if names else {}
    model.preparation = preparation | ({"frames": frames} if frames else {})
    model.save(path)
    return path
