"""What no recording of one action exceeds, and the checks that all readers share.

A file beyond these bounds is refused before it takes memory.
"""

import math
import stat
from pathlib import Path

import numpy as np

from mans_keras.skeletons.sequence import Dropped

MAX_BYTES = 16 * 2**20
MAX_FRAMES = 10_000
MAX_NUMBERS = 2**20
MAX_METRES = 100

TOO_MANY = f"more than {MAX_FRAMES:,} frames or {MAX_NUMBERS:,} numbers: a file must hold one action"


def read_bytes(path: Path | str) -> bytes:
    """The content of a file, at most `MAX_BYTES`.

    Raises `Dropped` for a folder, a pipe or a device, for a file that can't be read, and for a larger one.
    """
    path = Path(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for a writer
            raise Dropped("not a file, but a folder, a pipe or a device")
        with path.open("rb") as file:
            content = file.read(min(status.st_size, MAX_BYTES) + 1)
            if len(content) > status.st_size:  # the file has grown, or the system does not know its size
                content += file.read(MAX_BYTES + 1 - len(content))
    except OSError as error:
        raise Dropped(f"the file can't be read: {error.strerror or error}") from None
    if len(content) > MAX_BYTES:
        raise Dropped(f"the file is larger than {MAX_BYTES >> 20} MiB: a file must hold one action")
    return content


def check_tokens(content: bytes) -> None:
    """Raise `Dropped` if a text has far too many tokens between white space; as `check_marks`."""
    check_marks(content, b" ", b"\t", b"\n", b"\r", b"\v", b"\f")


def check_marks(content: bytes, *marks: bytes) -> None:
    """Raise `Dropped` if a text has far too many of the marks that separate its numbers.

    Counting them costs nothing, and bounds the memory that parsing takes.
    """
    if sum(map(content.count, marks)) > 2 * MAX_NUMBERS:
        raise Dropped(TOO_MANY)


def check_shape(*shape: int) -> None:
    """Raise `Dropped` if (frames, bodies, joints, 3), or the same without bodies, is empty or too large."""
    if not all(shape):
        raise Dropped("the file holds no frame, or no joint")
    if shape[0] > MAX_FRAMES or math.prod(shape) > MAX_NUMBERS:
        raise Dropped(TOO_MANY)


def in_metres(coordinates: np.ndarray) -> np.ndarray:
    """The same coordinates. Raises `Dropped` if one cannot be in metres; NaN may be among them."""
    # not by np.abs, which leaves the smallest integer of a type negative
    if ((coordinates > MAX_METRES) | (coordinates < -MAX_METRES)).any():
        raise Dropped(
            f"a coordinate is infinite or beyond {MAX_METRES}: metres are expected, not millimetres or pixels"
        )
    return coordinates


def one_body(joints: np.ndarray) -> np.ndarray:
    """Joints (frames, 1, joints, 3) of one body's (frames, joints, 3), metres.

    Raises `Dropped` for no frame or too many, a coordinate that is not finite or too large, or zeros alone.
    """
    if not 0 < len(joints) <= MAX_FRAMES:
        raise Dropped(f"{len(joints)} frames: 1 to {MAX_FRAMES:,} are possible")
    if not (np.abs(joints) < MAX_METRES).all():
        raise Dropped(f"a coordinate is not finite or beyond {MAX_METRES} m")
    if not joints.any():
        raise Dropped("no body in any frame")
    return joints[:, None]
