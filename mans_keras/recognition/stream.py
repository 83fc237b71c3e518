"""Frames that arrive one at a time -> which action it is now, from a window that slides along."""

from collections import deque
from pathlib import Path

import numpy as np

from mans_keras.errors import InputError
from mans_keras.skeletons import ut_kinect
from mans_keras.skeletons.bounds import in_metres
from mans_keras.skeletons.sequence import Dropped


class Stream:
    """The last frames of a stream of skeletons, as a `Recognizer` sees them.

    stream.push(frame) takes a frame in, stream.scores() says what the window shows: the same as the recognizer's
    `predict` of an array of these frames. Call it as often as scores are needed; its first call compiles the model.

    Args:
        recognizer: `inference.Recognizer`.
        window: its length in frames; default: the median length of the recordings in the model's data set.
    """

    def __init__(self, recognizer, window=None):
        window = recognizer.frames if window is None else window
        if window is None:
            raise InputError("the model does not tell how long its recordings were: say window=, a number of frames")
        if window < 1:
            raise InputError(f"window={window} must be at least 1 frame")
        self.recognizer = recognizer
        self.window = window
        self._frames = deque(maxlen=window)

    def push(self, frame):
        """Take in a frame, (joints, 3) or (bodies, joints, 3), metres; None, NaN or zeros where nobody is seen.

        The number of bodies may change from frame to frame: body i of a frame goes on as body i of the next. Raises
        `InputError` for another shape, or coordinates that are not in metres.
        """
        joints = self.recognizer.joints
        found = np.zeros((0, joints, 3)) if frame is None else np.asarray(frame)
        if found.ndim == 2:
            found = found[None]
        if found.ndim != 3 or found.shape[1:] != (joints, 3) or found.dtype.kind not in "fiu":
            raise InputError(f"a frame of shape {np.shape(frame)} is not ({joints}, 3) or (bodies, {joints}, 3)")
        try:
            self._frames.append(in_metres(found).astype(float))
        except Dropped as dropped:
            raise InputError(str(dropped)) from None

    def scores(self):
        """(classes,) probabilities of the frames in the window; until it is full, of those that have come.

        None as long as they are no recording: nobody in any of them, a joint missing in more than half of a body's
        frames, or a body in whose first frame hips and torso lie on one line.
        """
        bodies = max((len(frame) for frame in self._frames), default=0)
        if not bodies:
            return None
        absent = ((0, 0), (0, 0))
        window = np.stack([np.pad(one, ((0, bodies - len(one)), *absent)) for one in self._frames])
        try:
            tensor = self.recognizer.tensor(self.recognizer.read(window))
        except InputError:
            return None
        return self.recognizer.scores(tensor[None])[0][0]


def over_time(stream, joints, every=1):
    """Scores (frames, classes) while a recording (frames, bodies, joints, 3) runs through a stream.

    They are those of each `every`-th frame, which stay until the next; NaN where the stream has none.
    """
    scores = np.full((len(joints), len(stream.recognizer.class_names)), np.nan)
    for number, frame in enumerate(joints):
        stream.push(frame)
        if number % every == 0:
            now = stream.scores()
        if now is not None:
            scores[number] = now
    return scores


def true_segments(path):
    """[(class name, first, last)] of a UT-Kinect joints file beside its actionLabel.txt, counted in its frames from 0.

    With the label errors that are known put right. None if nothing beside the file tells what it shows.
    """
    path = Path(path)
    if path.suffix.lower() != ".txt" or not (path.parent / "actionLabel.txt").is_file():
        return None
    frames, _ = ut_kinect.read_recording(path)
    return [
        (one.action, int(np.searchsorted(frames, one.first)), int(np.searchsorted(frames, one.last, "right")) - 1)
        for one in ut_kinect.relabelled(ut_kinect.labelled(path.parent))
        if one.file.name == path.name and one.first is not None
    ]
