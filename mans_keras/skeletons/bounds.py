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
FEWEST_IN_IMAGE = 10
LEAST_OF_TRUNK, LEAST, MOST = 0.3, 0.1, 4  # metres: of a body, of a hand or a face, and of the tallest or widest body
FEWEST_WITH_SIZE = 5  # joints
# MediaPipe's body alone, with both hands, and with hands and face; the hips have these places.
MEDIAPIPE_JOINTS, MEDIAPIPE_HIPS = (33, 75, 543), [23, 24]
AT_ORIGIN = 0.05  # metres, or shares of the image
FLAGS = (0, 1, 2)  # COCO's: not labelled, hidden, visible
FARTHEST_SHARE = 1.5  # of the image: estimators guess where feet are that it does not show

TOO_MANY = f"more than {MAX_FRAMES:,} frames or {MAX_NUMBERS:,} numbers: a file must hold one action"


def read_bytes(path: Path | str) -> bytes:
    """The content of a file, at most `MAX_BYTES`.

    Raises `Dropped` for a folder, a pipe or a device, for a file that can't be read, and for a larger one.
    """
    path = Path(path)
    try:
        size = file_size(path)
        with path.open("rb") as file:
            content = file.read(min(size, MAX_BYTES) + 1)
            if len(content) > size:  # the file has grown, or the system does not know its size
                content += file.read(MAX_BYTES + 1 - len(content))
    except OSError as error:
        raise Dropped(f"the file can't be read: {error.strerror or error}") from None
    if len(content) > MAX_BYTES:
        raise Dropped(f"the file is larger than {MAX_BYTES >> 20} MiB: a file must hold one action")
    return content


def file_size(path: Path) -> int:
    """The size of a file. Raises `Dropped` for a folder, a pipe or a device: opening a pipe would wait for a writer."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise Dropped("not a file, but a folder, a pipe or a device")
    return status.st_size


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
    beyond = coordinates[(coordinates > MAX_METRES) | (coordinates < -MAX_METRES)]
    if 1 < beyond.size < coordinates.size and np.isfinite(beyond[0]) and (beyond == beyond[0]).all():
        raise Dropped(
            f"{beyond.size:,} coordinates are {beyond[0]:g}, like a placeholder for a joint that is not seen: write "
            "NaN or 0 0 0 in its place"
        )
    if beyond.size:
        raise Dropped(
            f"a coordinate is infinite or beyond {MAX_METRES}: metres are expected, not millimetres or pixels. If the "
            "file has another unit, give it by --unit"
        )
    return coordinates


def check_size(joints: np.ndarray, has_trunk: bool) -> None:
    """Raise `Dropped` if bodies (frames, bodies, joints, 3), metres, have an `impossible_size`."""
    size = impossible_size(joints, has_trunk)
    if size is not None:
        raise Dropped(
            f"in the given unit, the body is {size:.2g} m tall or wide: give another --unit, or none if the file is in "
            "metres"
        )


def impossible_size(joints: np.ndarray, has_trunk: bool) -> float | None:
    """The size of bodies (frames, bodies, joints, 3), metres, if they are much smaller or larger than a person.

    has_trunk: they have hips and shoulders, and are no hands or faces. Their size shows a file that is read in another
    unit than its own. None if it is possible, and for fewer than `FEWEST_WITH_SIZE` joints, which say nothing.
    """
    bodies = joints.reshape(-1, *joints.shape[2:])
    tracked = ~np.isnan(bodies).any(axis=-1) & bodies.any(axis=-1)
    enough = tracked.sum(axis=-1) >= FEWEST_WITH_SIZE
    if not enough.any():
        return None
    bodies, tracked = bodies[enough], tracked[enough][..., None]
    extents = np.where(tracked, bodies, -np.inf).max(axis=1) - np.where(tracked, bodies, np.inf).min(axis=1)
    size = float(np.median(extents.max(axis=-1)))
    return None if (LEAST_OF_TRUNK if has_trunk else LEAST) <= size <= MOST else size


def not_in_image(joints: np.ndarray) -> np.ndarray:
    """The same joints (frames, bodies, joints, 3). Raises `Dropped` if they are places in an image, as shares of it.

    These lie between 0 and 1 in x and y, and z is less than 1 from 0. In metres, somebody who stands is taller, and the
    origin is the camera or the hips, so that half of the coordinates are negative. If z may be a score, some joints may
    be below the image. A z that is only 0, 1 or 2 is a flag and no depth; always 0 is no flag, see `is_flat`.
    Fewer joints than an estimator of whole bodies or hands has say nothing. MediaPipe's joints may be beyond the edges,
    as legs are if a webcam shows somebody who sits: there the hips decide, see `_are_landmarks`.
    """
    places = joints[~np.isnan(joints).any(axis=-1) & joints.any(axis=-1)]
    if joints.shape[2] < FEWEST_IN_IMAGE or not len(places):
        return joints
    z = places[:, 2]
    if z.any() and np.isin(z, FLAGS).all():
        raise Dropped(
            "z is only 0, 1 or 2, as a flag says whether a joint is seen: it is no depth, and these are places in the "
            "image. x, y and z in metres are expected"
        )
    inside = ((places[:, :2] >= 0) & (places[:, :2] <= 1)).all(axis=-1) & (np.abs(z) < 1)
    is_scored = places.min() >= 0 and places[:, :2].max() <= FARTHEST_SHARE and z.max() <= 1
    if inside.mean() > (0.7 if is_scored else 0.95) or _are_landmarks(joints, places):
        raise Dropped(
            "x and y are between 0 and 1, so these are places in the image: metres are expected. MediaPipe has them "
            "under worldLandmarks (in Python pose_world_landmarks), not under landmarks. If these are metres, subtract "
            "the middle of the hips in the first frame"
        )
    return joints


def is_flat(joints: np.ndarray) -> bool:
    """Whether z is the same for all joints (frames, bodies, joints, 3) of a body of many, as in a picture."""
    z = joints[~np.isnan(joints).any(axis=-1) & joints.any(axis=-1)][:, 2]
    return joints.shape[2] >= FEWEST_IN_IMAGE and bool(len(z)) and bool((z == z[0]).all())


def _are_landmarks(joints, places):
    """Whether joints are MediaPipe's places in the image, given those (n, 3) that are tracked.

    The middle of the hips is the origin of z in the image, and that of x, y and z in metres. The body is in the image,
    so that few coordinates are negative.
    """
    if joints.shape[2] not in MEDIAPIPE_JOINTS:
        return False
    hips = joints[:, :, MEDIAPIPE_HIPS].mean(axis=2).reshape(-1, 3)
    hips = hips[~np.isnan(hips).any(axis=-1) & hips.any(axis=-1)]
    if not len(hips):
        return False
    x, y, z = np.median(np.abs(hips), axis=0)
    is_metric = max(x, y) < AT_ORIGIN or (np.abs(hips[0]) < AT_ORIGIN).all()
    return bool(not is_metric and z < 2 * AT_ORIGIN and (places[:, :2] >= 0).all(axis=-1).mean() > 0.7)


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
