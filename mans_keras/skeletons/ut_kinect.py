"""UT-Kinect Action3D (Xia, Chen and Aggarwal, CVPRW 2012): 10 actions, 10 subjects, twice each.

Each line of `joints_sNN_eNN.txt` holds a frame number and 20 x (x y z), in metres; `actionLabel.txt` gives the first
and the last frame of each action.
"""

import functools
import re
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

import numpy as np

from mans_keras.errors import InputError
from mans_keras.skeletons.bounds import MAX_BYTES, MAX_METRES, check_tokens, read_bytes
from mans_keras.skeletons.missing import completed
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

# The labels that `relabelled` can give; the last two are in data/ut_kinect_labels.txt, with their source.
LABELS = ("printed", "corrected", "modified")

MAX_LABELS = 2**18  # bytes of actionLabel.txt; the published one has 6 kB


@dataclass(frozen=True)
class Segment:
    """One line of actionLabel.txt; `first` and `last` are frame numbers, None where the file says NaN."""

    file: Path
    recording: str
    action: str
    first: int | None
    last: int | None


def _label_error(path, number, line, expected):
    return InputError(f"{path}, line {number}: {line.strip()[:100]!r} where {expected} is expected")


def _lines(path, most=MAX_BYTES):
    """[(number from 1, line)] of a text file that are not blank; raises `InputError` if it can't be read."""
    try:
        content = read_bytes(path)
        check_tokens(content)
        if len(content) > most:
            raise Dropped(f"the file is larger than {most >> 10} KiB")
    except Dropped as dropped:
        raise InputError(f"{path}: {dropped}") from None
    lines = content.decode(errors="replace").splitlines()
    return [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]


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


def relabelled(segments: list[Segment], labels: str = "corrected") -> list[Segment]:
    """Segments of actionLabel.txt with the frames that one of `LABELS` gives them.

    printed: unchanged; corrected: two typing errors are corrected; modified: the seven changes of an independent
    correction. A segment whose frames are not those of the published file stays unchanged. Raises `KeyError` for other
    labels.
    """
    changes = _changes()[labels]
    result = []
    for segment in segments:
        printed = (segment.recording, segment.action, segment.first, segment.last)
        first, last = changes.get(printed, printed[2:])
        result.append(replace(segment, first=first, last=last))
    return result


def segments(folder: Path | str) -> list[Segment]:
    """The 200 segments in `folder`. Raises `InputError` as `labelled` does, or if a joints file is missing."""
    listed = labelled(folder)
    missing = [segment.file for segment in listed if not segment.file.is_file()]
    if missing:
        raise InputError(f"{missing[0]} is missing, but actionLabel.txt names it: UT-Kinect is published at {WHERE}")
    return listed


def labelled(folder: Path | str) -> list[Segment]:
    """The segments of actionLabel.txt in `folder`, in its order, as printed there; their joints files may be missing.

    Raises `InputError` if actionLabel.txt is missing or a line of it can't be understood.
    """
    labels = Path(folder) / "actionLabel.txt"
    if not labels.is_file():
        raise InputError(f"{labels} is missing: UT-Kinect is published at {WHERE}")
    listed, recording = [], None
    for number, line in _lines(labels, MAX_LABELS):
        if re.fullmatch(r"\s*s\d\d_e\d\d\s*", line):
            recording = line.strip()
            continue
        match = re.fullmatch(r"\s*(\w+):\s*([0-9]{1,9}|NaN)\s+([0-9]{1,9}|NaN)\s*", line)
        if not match or recording is None or match[1] not in CLASS_NAMES:
            raise _label_error(labels, number, line, "a line 'sNN_eNN' or 'action: first last'")
        action = match[1]
        frames = None if "NaN" in match.groups() else (int(match[2]), int(match[3]))
        if frames is not None and frames[0] > frames[1]:
            raise _label_error(labels, number, line, "a first frame before the last")
        file = Path(folder) / f"joints_{recording}.txt"
        listed.append(Segment(file, recording, action, *(frames or (None, None))))
    if not listed:
        raise InputError(f"{labels} holds no action: lines such as 'walk: 252 390' are expected")
    return listed


@functools.lru_cache(maxsize=2)
def read_recording(file: Path | str, repeated: str = "last") -> tuple[np.ndarray, np.ndarray]:
    """Frame numbers (rows,) ascending and joints (rows, 20, 3), metres, of one joints file.

    Some frame numbers are repeated, with other coordinates each time. The last row stays, as in the original MATLAB
    reader; with repeated="all" each row is a frame. Joints at 0 0 0 are completed. Raises `InputError`, which names
    file and line, if a line does not hold 61 finite numbers, and `Dropped` as `missing.completed` does.
    """
    rows = {}
    for number, line in _lines(file):
        tokens = line.split()
        try:
            values = [float(token) for token in tokens]
        except ValueError:
            values = []
        if len(values) != 61 or not np.isfinite(values).all() or abs(values[0]) > 1e9 or values[0] % 1:
            raise InputError(
                f"{file}, line {number}: {line.strip()[:40]!r}... where a frame number and 60 finite coordinates are "
                "expected"
            )
        if np.abs(values[1:]).max() > MAX_METRES:
            raise InputError(f"{file}, line {number}: a coordinate is beyond {MAX_METRES} m: metres are expected")
        rows.setdefault(int(values[0]), []).append(values[1:])
    if not rows:
        raise InputError(f"{file} holds no frame")
    kept = [(frame, row) for frame in sorted(rows) for row in (rows[frame] if repeated == "all" else rows[frame][-1:])]
    frames, joints = zip(*kept, strict=True)
    return np.array(frames), completed(np.array(joints).reshape(-1, 1, 20, 3))[:, 0]


def read(segment: Segment, repeated: str = "last") -> Sequence:
    """The `Sequence` of a segment, joints (frames, 1, 20, 3); repeated: as in `read_recording`.

    Raises `Dropped` for a NaN label, a malformed joints file, or frames that are not all in the recording.
    """
    if segment.first is None:
        raise Dropped("actionLabel.txt has NaN in place of its frames")
    try:
        frames, joints = read_recording(segment.file, repeated)
    except InputError as error:  # the other recordings are good
        raise Dropped(str(error)) from None
    if segment.first < frames[0] or segment.last > frames[-1]:
        raise Dropped(
            f"{segment.recording} {segment.action}: frames {segment.first} to {segment.last} are not all inside "
            f"{segment.file.name}, which goes from {frames[0]} to {frames[-1]}"
        )
    inside = (frames >= segment.first) & (frames <= segment.last)
    if not inside.any():
        raise Dropped(
            f"{segment.recording} {segment.action}: {segment.file.name} has no frame "
            f"from {segment.first} to {segment.last}"
        )
    return Sequence(
        name=source_name(segment),
        joints=joints[inside][:, None],
        label=CLASS_NAMES.index(segment.action),
        subject=int(segment.recording[1:3]),
    )


def source_name(segment: Segment) -> str:
    """The name of a segment in a tensor file, e.g. `s01_e01_walk`."""
    return f"{segment.recording}_{segment.action}"


READER = Reader("ut_kinect", CLASS_NAMES, KINECT_1, read, source_name)
