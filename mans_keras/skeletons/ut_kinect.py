"""UT-Kinect Action3D (Xia, Chen and Aggarwal, CVPRW 2012): 10 actions, 10 subjects, twice each.

`joints_sNN_eNN.txt` holds a frame number and 20 x (x y z) a line, in metres; `actionLabel.txt` says from which frame to
which each action goes.
"""

import functools
import re
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

import numpy as np

from mans_keras.errors import InputError
from mans_keras.skeletons.sequence import KINECT_1, Dropped, Reader, Sequence

CLASS_NAMES = (
    "walk",
    "sitDown",
    "standUp",
    "pickUp",
    "carry",
    "throw",
    "push",
    "pull",
    "waveHands",
    "clapHands",
)
WHERE = "https://cvrc.ece.utexas.edu/KinectDatasets/HOJ3D.html: unpack its joint files and labels into one folder"

MAX_METRES = 100

# What relabelled() can make of actionLabel.txt; the last two are in data/ut_kinect_labels.txt, with their source.
LABELS = ("printed", "corrected", "modified")


@dataclass(frozen=True)
class Segment:
    """One line of actionLabel.txt; `first` and `last` are frame numbers, None where the file says NaN."""

    file: Path
    recording: str
    action: str
    first: int | None
    last: int | None


def _label_error(path, number, line, expected):
    return InputError(f"{path}, line {number}: {line.strip()!r} is not {expected}")


@functools.cache
def _changes():
    """{labels: {(recording, action, first, last) as printed: (first, last)}} of data/ut_kinect_labels.txt."""
    changes = {labels: {} for labels in LABELS}
    for line in (resources.files("mans_keras.skeletons") / "data/ut_kinect_labels.txt").read_text().splitlines():
        if not line.startswith("#"):
            labels, recording, action, *frames = line.split()
            first, last, *right = map(int, frames)
            changes[labels][recording, action, first, last] = tuple(right)
    return changes


def relabelled(segments, labels="corrected"):
    """Segments of actionLabel.txt with the frames that one of `LABELS` gives them.

    printed: as they are; corrected: two typing errors put right; modified: the seven changes of an independent
    correction. A segment that the file does not have as it was printed there is left as it is. Raises `KeyError` for
    other labels.
    """
    changes = _changes()[labels]
    result = []
    for segment in segments:
        printed = (segment.recording, segment.action, segment.first, segment.last)
        first, last = changes.get(printed, printed[2:])
        result.append(replace(segment, first=first, last=last))
    return result


def segments(folder):
    """The 200 segments under `folder`. Raises `InputError` as `labelled` does, or if one's joints file is missing."""
    found = labelled(folder)
    missing = [segment.file for segment in found if not segment.file.is_file()]
    if missing:
        raise InputError(f"{missing[0]} is missing, though actionLabel.txt names it: UT-Kinect is published at {WHERE}")
    return found


def labelled(folder):
    """The segments of actionLabel.txt in `folder`, in its order, as printed there; their files may be missing.

    Raises `InputError` if it is missing or a line can't be understood.
    """
    labels = Path(folder) / "actionLabel.txt"
    if not labels.is_file():
        raise InputError(f"{labels} is missing: UT-Kinect is published at {WHERE}")
    found, recording = [], None
    for number, line in enumerate(labels.read_text(errors="replace").splitlines(), start=1):
        if not line.strip():
            continue
        if re.fullmatch(r"\s*s\d\d_e\d\d\s*", line):
            recording = line.strip()
            continue
        match = re.fullmatch(r"\s*(\w+):\s*(\d+|NaN)\s+(\d+|NaN)\s*", line)
        if not match or recording is None or match[1] not in CLASS_NAMES:
            raise _label_error(labels, number, line, "'sNN_eNN' or 'action: first last'")
        action = match[1]
        frames = None if "NaN" in match.groups() else (int(match[2]), int(match[3]))
        if frames is not None and frames[0] > frames[1]:
            raise _label_error(labels, number, line, "a range: its last frame comes before its first")
        file = Path(folder) / f"joints_{recording}.txt"
        found.append(Segment(file, recording, action, *(frames or (None, None))))
    if not found:
        raise InputError(f"{labels} labels no action")
    return found


@functools.lru_cache(maxsize=2)
def read_recording(file, repeated="last"):
    """Frame numbers (rows,) ascending and joints (rows, 20, 3) of one joints file.

    A repeated frame number carries other coordinates each time; the last stays, as in the original MATLAB reader, or
    with repeated="all" each, as a frame of its own. Raises `InputError` with file and line if a line does not hold 61
    finite numbers.
    """
    rows = {}
    for number, line in enumerate(Path(file).read_text(errors="replace").splitlines(), start=1):
        tokens = line.split()
        if not tokens:
            continue
        try:
            values = [float(token) for token in tokens]
        except ValueError:
            values = []
        if len(values) != 61 or not np.isfinite(values).all() or values[0] != int(values[0]):
            raise InputError(f"{file}, line {number}: a frame number and 60 finite coordinates were expected")
        if np.abs(values[1:]).max() > MAX_METRES:
            raise InputError(f"{file}, line {number}: a coordinate is beyond {MAX_METRES} m")
        rows.setdefault(int(values[0]), []).append(values[1:])
    if not rows:
        raise InputError(f"{file} holds no frame")
    kept = [(frame, row) for frame in sorted(rows) for row in (rows[frame] if repeated == "all" else rows[frame][-1:])]
    frames, joints = zip(*kept, strict=True)
    return np.array(frames), np.array(joints).reshape(-1, 20, 3)


def read(segment, repeated="last"):
    """The `Sequence` of a segment, joints (frames, 1, 20, 3); repeated: as in `read_recording`.

    Raises `Dropped` for a NaN label, `InputError` if the range is not inside the recording.
    """
    if segment.first is None:
        raise Dropped("actionLabel.txt gives no frames (NaN)")
    frames, joints = read_recording(segment.file, repeated)
    if segment.first < frames[0] or segment.last > frames[-1]:
        raise InputError(
            f"{segment.recording} {segment.action}: frames {segment.first} to {segment.last} are not all inside "
            f"{segment.file.name}, which goes from {frames[0]} to {frames[-1]}"
        )
    inside = (frames >= segment.first) & (frames <= segment.last)
    if not inside.any():
        raise InputError(
            f"{segment.recording} {segment.action}: {segment.file.name} has no frame "
            f"from {segment.first} to {segment.last}"
        )
    return Sequence(
        name=source_name(segment),
        joints=joints[inside][:, None],
        label=CLASS_NAMES.index(segment.action),
        subject=int(segment.recording[1:3]),
    )


def source_name(segment):
    """The name a segment goes by in a tensor file, e.g. `s01_e01_walk`."""
    return f"{segment.recording}_{segment.action}"


READER = Reader("ut_kinect", CLASS_NAMES, KINECT_1, read, source_name)
