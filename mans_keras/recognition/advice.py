"""What a person should know before trusting a model's answer: how a recording differs from those of the training."""

import numpy as np

from mans_keras.errors import counted
from mans_keras.recognition.recognizer import Recognizer
from mans_keras.skeletons.bounds import impossible_size
from mans_keras.skeletons.view import TURNED, vertical

LONG = 5  # a recording of this many times the usual length probably shows more than one action


def upright(recognizer: Recognizer, joints: np.ndarray) -> str | None:
    """A sentence if the model needs y to point up, and it does not in joints (frames, bodies, joints, 3); or None."""
    up = vertical(joints, recognizer.body)
    if recognizer.coordinates != "upright" or up == "+y":
        return None
    return (
        f"by shoulders and hips, {up} points up, but the model expects +y. Turn the recording, by "
        f"{TURNED[up]} in place of x, y, z, unless the person in it lies down or bends, or its joints are in another "
        "order than the model's"
    )


def size(recognizer: Recognizer, joints: np.ndarray) -> str | None:
    """A sentence if bodies (frames, bodies, joints, 3) have no person's size in metres; or None."""
    metres = impossible_size(joints, recognizer.body is not None)
    if metres is None:
        return None
    return f"the body is {metres:.2g} m tall or wide; if the file is not in metres, give its unit by --unit"


def pose(joints: np.ndarray) -> str | None:
    """A sentence if nothing moves in joints (frames, bodies, joints, 3); or None."""
    if not (joints == joints[:1]).all():
        return None
    return f"{counted(len(joints), 'frame')} with one pose; an action is a movement, so the scores say little"


def length(recognizer: Recognizer, joints: np.ndarray) -> str | None:
    """A sentence if a recording is so long that it probably shows several actions; or None."""
    usual = recognizer.frames
    if not usual or len(joints) <= LONG * usual:
        return None
    return f"{len(joints)} frames; the training recordings have {usual:.0f} (median)"
