"""A folder with one `.npy` or `.json` file for each frame -> joints; MediaPipe Holistic's tutorials write such folders.

There, a frame has 1,662 numbers: 33 joints of the pose with x y z visibility, and x y z of 468 points of the face and
21 of each hand. x and y are shares of the image, and what is not seen is 0 0 0.
"""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from mans_keras.skeletons import units
from mans_keras.skeletons.bounds import MAX_BYTES, MAX_FRAMES, TOO_MANY, check_marks, check_shape, read_bytes
from mans_keras.skeletons.formats import arrays, json_file, layouts
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.sequence import Dropped

SUFFIXES = (".npy", ".json")
NUMBER = re.compile(r"\d+(?:\.\d+)?")  # with the digits of any script
MISSING = "frames without a file, by the gaps in their numbers"
_SIDES = [f"{side}_{joint}" for joint in ("shoulder", "elbow", "wrist", "pinky", "index", "thumb", "hip", "knee",
          "ankle", "heel", "foot_index") for side in ("left", "right")]  # fmt: skip
_FACE = [f"{side}_eye{part}" for side in ("left", "right") for part in ("_inner", "", "_outer")]
POSE = ("nose", *_FACE, "left_ear", "right_ear", "mouth_left", "mouth_right", *_SIDES)
HANDS = tuple(f"{side}_hand_{point}" for side in ("left", "right") for point in range(21))
HOLISTIC_NAMES = (*POSE, *(f"face_{point}" for point in range(468)), *HANDS)


def files(folder: Path) -> list[Path]:
    """The frames of a folder, in the order of the numbers in their names."""
    paths = (path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith("."))
    return sorted(paths, key=lambda path: (_numbers(path), path.name))


def _numbers(path):
    """The numbers in a file's name, each as two integers: what is before and after the decimal point."""
    return [tuple(map(int, f"{number}.0".split(".")[:2])) for number in NUMBER.findall(path.stem)]


def _check_names(paths):
    """Raise `Dropped` if the names of files in their order leave a doubt that they are the frames of one recording."""
    texts = [NUMBER.sub("0", path.stem) for path in paths]
    usual = Counter(texts).most_common(1)[0][0]
    other = next((path.name for path, text in zip(paths, texts, strict=True) if text != usual), None)
    if other:
        example = paths[texts.index(usual)].name
        raise Dropped(
            f"the names of frames may differ only in their numbers, but {other!r} is not like {example!r}: put the "
            "frames of one recording into the folder, and no other file"
        )
    decimals = [[len(number.partition(".")[2]) for number in NUMBER.findall(path.stem)] for path in paths]
    if (longer := next((at for at, count in enumerate(decimals) if count != decimals[0]), None)) is not None:
        raise Dropped(
            f"{paths[0].name!r} and {paths[longer].name!r} have different numbers of decimals, which leaves their "
            "order in doubt: give the frames whole numbers, or as many decimals each"
        )
    latest = {}
    for path, numbers in zip(paths, _changing(paths), strict=True):
        # of two numbers the last one is the frame's, but a date with a time has six numbers or more
        key = numbers[1:] if len(numbers) == 2 and len(decimals[0]) < 6 else numbers
        if (twin := latest.setdefault(key, path)) is not path:
            raise Dropped(
                f"{twin.name!r} and {path.name!r} have the same number: put the frames of each recording into a "
                "folder of their own, and number them in one series"
            )


def _changing(paths):
    """For each file, a tuple of the numbers in its name, without those that are the same in all names."""
    columns = zip(*map(_numbers, paths), strict=True)
    changing = [column for column in columns if len(set(column)) > 1]
    return list(zip(*changing, strict=True)) if changing else [()] * len(paths)


def _has_gaps(paths):
    """Whether most frames have the number after the last one's, and others a higher one."""
    numbers = _changing(paths)
    if len(numbers[0]) != 1:
        return False
    steps = np.diff([float(whole) for ((whole, _),) in numbers])
    return bool(np.median(steps) == 1 and (steps > 1).any())


def read(folder: Path, joints: int | None = None, unit: float | None = None) -> Parsed:
    """The `Parsed` of a folder: joints (frames, bodies, joints, 3).

    They are metres, but of MediaPipe Holistic shares of the image. joints: their number, if it is known. unit: the
    metres of the files' unit. Raises `Dropped` if the folder holds no frame, several kinds of files, or names whose
    numbers leave the order of the frames in doubt; and as the parsers of single files do.
    """
    paths = files(folder)
    kinds = {path.suffix.lower() for path in paths}
    if len(kinds) != 1:
        raise Dropped("a folder with one .npy file, or one .json file, for each frame of one recording is expected")
    if len(paths) > MAX_FRAMES:
        raise Dropped(TOO_MANY)
    _check_names(paths)
    contents, size = [], 0
    for path in paths:
        contents.append(read_bytes(path))
        size += len(contents[-1])
        if size > MAX_BYTES:
            raise Dropped(f"its files are larger than {MAX_BYTES >> 20} MiB: a folder must hold one action")
    if kinds == {".json"}:
        check_marks(b",".join(contents), *json_file.MARKS)
        frames = [_json_frame(path.name, content) for path, content in zip(paths, contents, strict=True)]
        own_unit = units.of_json(frames, unit)
        content = json_file.of_document(frames, joints, own_unit or unit)
        content = content.with_own_unit(unit) if own_unit else content
    else:
        content = _arrays([path.name for path in paths], contents, joints)
        is_holistic = content.names == HOLISTIC_NAMES
        content = content.with_own_unit(unit) if is_holistic else replace(content, joints=content.joints * (unit or 1))
    return replace(content, left_out=(*content.left_out, MISSING)) if _has_gaps(paths) else content


def is_holistic(folder: Path) -> bool:
    """Whether the first frame of a folder has the numbers of MediaPipe Holistic."""
    try:
        return arrays.npy_header(read_bytes(files(folder)[0]))[2] == (layouts.HOLISTIC,)
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
    is_holistic = shapes[0] == (layouts.HOLISTIC,)
    shape = (len(contents), len(HOLISTIC_NAMES), 3) if is_holistic else (len(contents), *shapes[0])
    has_time = len(shapes[0]) == 3 and shapes[0][0] > layouts.SLOTS
    axes = None if is_holistic or has_time else layouts.order(shape, joints)
    if has_time or (axes and axes[0] != "t"):
        raise Dropped(
            f"{names[0]} has shape {shapes[0]}, so it is a recording of its own, and no frame: give the recordings of "
            "this folder one by one"
        )
    check_shape(*shape)
    frames = np.stack([arrays.values(content, *header) for content, header in zip(contents, headers, strict=True)])
    if not is_holistic:
        return layouts.parsed(frames, axes, joints)
    pose, others = frames[:, :132].reshape(-1, 33, 4), frames[:, 132:].reshape(-1, 510, 3)
    places = np.concatenate([pose[..., :3], others], axis=1)
    return Parsed(places[:, None], HOLISTIC_NAMES, ("the visibility of each joint of the pose",))
