"""A folder with one `.npy` or `.json` file for each frame -> joints; MediaPipe Holistic's tutorials write such folders.

There, a frame has 1,662 numbers: 33 joints of the pose with x y z visibility, and x y z of 468 points of the face and
21 of each hand. x and y are shares of the image, and what is not seen is 0 0 0.
"""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from mans_keras.skeletons.bounds import MAX_BYTES, MAX_FRAMES, TOO_MANY, check_marks, check_shape, read_bytes
from mans_keras.skeletons.formats import arrays, json_file, layouts
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.sequence import Dropped

SUFFIXES = (".npy", ".json")
HOLISTIC = 1662
_SIDES = [f"{side}_{joint}" for joint in ("shoulder", "elbow", "wrist", "pinky", "index", "thumb", "hip", "knee",
          "ankle", "heel", "foot_index") for side in ("left", "right")]  # fmt: skip
_FACE = [f"{side}_eye{part}" for side in ("left", "right") for part in ("_inner", "", "_outer")]
POSE = ("nose", *_FACE, "left_ear", "right_ear", "mouth_left", "mouth_right", *_SIDES)
HANDS = tuple(f"{side}_hand_{point}" for side in ("left", "right") for point in range(21))
HOLISTIC_NAMES = (*POSE, *(f"face_{point}" for point in range(468)), *HANDS)


def files(folder: Path) -> list[Path]:
    """The frames of a folder, in the order of the numbers in their names."""
    return sorted(
        (path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")),
        key=lambda path: [int(part) if part.isdigit() else part for part in re.split(r"([0-9]+)", path.name)],
    )


def read(folder: Path, joints: int | None = None, unit: float | None = None) -> Parsed:
    """The `Parsed` of a folder: joints (frames, bodies, joints, 3).

    They are metres, but of MediaPipe Holistic shares of the image. joints: their number, if it is known. unit: the
    metres of the files' unit. Raises `Dropped` if the folder holds no frame or several kinds of files, or as the
    parsers of single files do.
    """
    paths = files(folder)
    kinds = {path.suffix.lower() for path in paths}
    if len(kinds) != 1:
        raise Dropped("a folder with one .npy file, or one .json file, for each frame of one recording is expected")
    if len(paths) > MAX_FRAMES:
        raise Dropped(TOO_MANY)
    contents, size = [], 0
    for path in paths:
        contents.append(read_bytes(path))
        size += len(contents[-1])
        if size > MAX_BYTES:
            raise Dropped(f"its files are larger than {MAX_BYTES >> 20} MiB: a folder must hold one action")
    if kinds == {".json"}:
        check_marks(b",".join(contents), *json_file.MARKS)
        frames = [_json_frame(path.name, content) for path, content in zip(paths, contents, strict=True)]
        return json_file.of_document(frames, joints, unit)
    content = _arrays([path.name for path in paths], contents, joints)
    if content.names == HOLISTIC_NAMES:
        return content.with_own_unit(unit)
    return replace(content, joints=content.joints * (unit or 1))


def is_holistic(folder: Path) -> bool:
    """Whether the first frame of a folder has the numbers of MediaPipe Holistic."""
    try:
        return arrays.npy_header(read_bytes(files(folder)[0]))[2] == (HOLISTIC,)
    except (Dropped, IndexError):
        return False


def _json_frame(name, content):
    """What the bytes of a `.json` file hold. Raises `Dropped`, which names the file."""
    try:
        return json_file.parsed(content)
    except Dropped as dropped:
        raise Dropped(f"{name}: {dropped}") from None


def _arrays(names, contents, joints):
    """The `Parsed` of the bytes of `.npy` files, each with one frame."""
    headers = [arrays.npy_header(content) for content in contents]
    shapes = [shape for _, _, shape, _ in headers]
    other = next((place for place, shape in enumerate(shapes) if shape != shapes[0]), None)
    if other is not None:
        raise Dropped(
            f"{names[other]} has shape {shapes[other]}, where {names[0]} has {shapes[0]}: each file of a folder must "
            "be a frame of one recording"
        )
    is_holistic = shapes[0] == (HOLISTIC,)
    shape = (len(contents), len(HOLISTIC_NAMES), 3) if is_holistic else (len(contents), *shapes[0])
    axes = None if is_holistic else layouts.order(shape, joints)
    check_shape(*shape)
    frames = np.stack([arrays.values(content, *header) for content, header in zip(contents, headers, strict=True)])
    if not is_holistic:
        return layouts.parsed(frames, axes, joints)
    pose, others = frames[:, :132].reshape(-1, 33, 4), frames[:, 132:].reshape(-1, 510, 3)
    places = np.concatenate([pose[..., :3], others], axis=1)
    return Parsed(places[:, None], HOLISTIC_NAMES, ("the visibility of each joint of the pose",))
