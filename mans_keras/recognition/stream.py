"""Frames that arrive one at a time -> which action it is now, from a window of the last frames."""

from collections import deque
from pathlib import Path

import numpy as np

from mans_keras.errors import InputError
from mans_keras.recognition.recognizer import Recognizer
from mans_keras.skeletons import ut_kinect
from mans_keras.skeletons.bounds import in_metres, not_in_image
from mans_keras.skeletons.sequence import Dropped


class Stream:
    """The last frames of a stream of skeletons, classified by a `Recognizer`.

    `push(frame)` adds a frame; `scores()` classifies the window, as the recognizer's `predict` does with an array of
    the same frames. Call `scores` only as often as you need it; its first call compiles the model.

    Args:
        recognizer: the model.
        window: its length in frames; default: the median length of the recordings in the model's data set.

    Raises `InputError` if the window is shorter than a frame, or if the model does not know that median.
    """

    def __init__(self, recognizer: Recognizer, window: int | None = None):
        window = recognizer.frames if window is None else window
        if window is None:
            raise InputError("the model does not say how long its recordings were: set window=, a number of frames")
        if window < 1:
            raise InputError(f"window={window} must be at least 1 frame")
        self.recognizer = recognizer
        self.window = window
        self._frames = deque(maxlen=window)

    def push(self, frame: np.ndarray | None) -> None:
        """Add a frame, (joints, 3) or (bodies, joints, 3), metres; None, NaN or zeros where nobody is seen.

        The number of bodies may change from frame to frame: body i of a frame continues body i of the last one. Raises
        `InputError` for another shape, or coordinates that are not in metres.
        """
        joints = self.recognizer.joints
        try:
            bodies = np.zeros((0, joints, 3)) if frame is None else np.asarray(frame)
        except (ValueError, OverflowError):
            raise InputError(f"lists of different lengths are not ({joints}, 3) or (bodies, {joints}, 3)") from None
        shape = bodies.shape
        if bodies.ndim == 2:
            bodies = bodies[None]
        if bodies.ndim != 3 or bodies.shape[1:] != (joints, 3) or bodies.dtype.kind not in "fiu":
            raise InputError(
                f"a frame of shape {shape} and type {bodies.dtype} is not ({joints}, 3) or (bodies, {joints}, 3)"
            )
        try:
            self._frames.append(in_metres(bodies).astype(float))
        except Dropped as dropped:
            raise InputError(str(dropped)) from None

    def scores(self) -> np.ndarray | None:
        """(classes,) probabilities of the frames in the window, or of all frames until it is full.

        None as long as the window can't be classified: nobody in any frame, a joint missing in more than half of a
        body's frames, or a body in whose first frame hips and torso lie on one line. Raises `InputError` if the frames
        hold places in the image.
        """
        bodies = max((len(frame) for frame in self._frames), default=0)
        if not bodies:
            return None
        absent = ((0, 0), (0, 0))
        window = np.stack([np.pad(frame, ((0, bodies - len(frame)), *absent)) for frame in self._frames])
        try:
            not_in_image(window)
        except Dropped as dropped:
            raise InputError(str(dropped)) from None
        try:
            tensor = self.recognizer.tensor(self.recognizer.of_window(window).joints)
        except InputError:
            return None
        return self.recognizer.scores(tensor[None])[0][0]


def over_time(stream: Stream, joints: np.ndarray, every: int = 1) -> np.ndarray:
    """Scores (frames, classes) while a recording (frames, bodies, joints, 3) runs through a stream.

    The scores of each `every`-th frame are repeated until the next; NaN where the stream has none.
    """
    scores = np.full((len(joints), len(stream.recognizer.class_names)), np.nan)
    for number, frame in enumerate(joints):
        stream.push(frame)
        if number % every == 0:
            now = stream.scores()
        if now is not None:
            scores[number] = now
    return scores


def leading(scores: np.ndarray) -> list[tuple[int, int, int | None]]:
    """[(first frame, last frame, class)] of the scores of `over_time`: the class with the highest score.

    None, where there are no scores.
    """
    classes = np.where(np.isnan(scores[:, 0]), -1, scores.argmax(axis=1))
    first = np.flatnonzero(np.diff(classes, prepend=-2))
    last = [*(first[1:] - 1), len(scores) - 1]
    return [(int(a), int(b), int(classes[a]) if classes[a] >= 0 else None) for a, b in zip(first, last, strict=True)]


def true_segments(path: str | Path) -> list[tuple[str, int, int]] | None:
    """[(class name, first, last)] of a UT-Kinect joints file next to its actionLabel.txt, in its frames from 0.

    Known errors of the labels are corrected. None if there are no labels for the file.
    """
    path = Path(path)
    if path.suffix.lower() != ".txt" or not (path.parent / "actionLabel.txt").is_file():
        return None
    frames, _ = ut_kinect.read_recording(path)
    return [
        (
            segment.action,
            int(np.searchsorted(frames, segment.first)),
            int(np.searchsorted(frames, segment.last, "right")) - 1,
        )
        for segment in ut_kinect.relabelled(ut_kinect.labelled(path.parent))
        if segment.file.name == path.name and segment.first is not None
    ]
