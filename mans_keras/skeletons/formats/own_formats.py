"""One recording in a `.npy`, `.npz`, `.csv` or `.json` file -> its joints, or the reason why not.

Files come from anywhere: nothing is unpickled or evaluated, and nothing is allocated because a header claims it.
"""

import csv
import io
import json
import math
import re
import zipfile

import numpy as np

from mans_keras.skeletons.sequence import Dropped

# One action is far below these; a file above is refused before it takes memory.
MAX_BYTES = 16 * 2**20
MAX_FRAMES = 10_000
MAX_NUMBERS = 2**20
MAX_BODIES = 2
MAX_METRES = 100

TOO_MANY = f"more than {MAX_FRAMES:,} frames or {MAX_NUMBERS:,} numbers: one action a file is expected"
# What parts the numbers of a text, as bytes: counting it bounds the memory that parsing takes, at no cost.
MARKS = {".csv": (b",", b";", b"\t", b"\n", b"\r"), ".json": (b",", b"[")}

NPY_HEADER = re.compile(
    rb"\{'descr': '([<>|=](?:f[248]|[iu][1248]))', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d{1,18}, ?)*(?:\d{1,18})?)\), *\}\s*"
)

# A frame's or a body's dict: the first of these keys that it has leads on. Where an estimator writes 3-D joints beside
# their places in the image, the 3-D ones come first.
JSON_KEYS = (
    "people",
    "bodies",
    "pose_world_landmarks",
    "poseWorldLandmarks",
    "world_landmarks",
    "worldLandmarks",
    "keypoints3D",
    "keypoints_3d",
    "pose_keypoints_3d",
    "joints",
    "keypoints",
    "landmarks",
)
# Places in an image: a z among them, if there is one, is no depth in metres.
JSON_IMAGE_KEYS = ("pose_landmarks", "poseLandmarks", "pose_keypoints_2d", "keypoints_2d")


def load(path, joints=None):
    """Joints (frames, bodies, joints, 3) float64 of a file, NaN where a coordinate is missing.

    joints: their number if it is known; it tells what a row of bare numbers means. Raises `Dropped` for a file that is
    not what its extension says, is too large, has other than x y z for a joint, or a coordinate beyond 100.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Dropped(f"the file can not be read ({error.strerror})") from None
    if len(content) > MAX_BYTES:
        raise Dropped(f"the file is larger than {MAX_BYTES >> 20} MiB: one action a file is expected")
    kind = path.suffix.lower()
    if sum(map(content.count, MARKS.get(kind, ()))) > 2 * MAX_NUMBERS:
        raise Dropped(TOO_MANY)
    return in_metres(LOADERS[kind](content, joints))


def in_metres(found):
    """`found`, an array of coordinates; raises `Dropped` if one can be none in metres. NaN may be among them."""
    if (np.abs(found) > MAX_METRES).any():
        raise Dropped(
            f"a coordinate is infinite or beyond {MAX_METRES}: metres are expected, not millimetres or pixels"
        )
    return found


def _npy(content, _joints=None):
    """The array of a `.npy` file. NumPy's own reader allocates what the header claims, so the header is read here."""
    start = 10 if content[6:7] == b"\x01" else 12
    end = start + int.from_bytes(content[8:start], "little")
    header = NPY_HEADER.fullmatch(content[start:end])
    if content[:6] != b"\x93NUMPY" or not header:
        raise Dropped("no .npy array of numbers (of Python objects?): save joints.astype(float)")
    dtype = np.dtype(header[1].decode())
    shape = tuple(int(size) for size in re.findall(rb"\d+", header[3]))
    if len(shape) not in (3, 4) or shape[-1] not in (2, 3, 4):
        raise Dropped(f"shape {shape}: (frames, joints, 3) or (frames, bodies, joints, 3) is expected")
    _check_values(shape[-1])
    _check_size(*shape)
    if math.prod(shape) * dtype.itemsize != len(content) - end:
        raise Dropped("the file is cut short, or its header is wrong")
    array = np.frombuffer(content, dtype, offset=end).reshape(shape, order="F" if header[2] == b"True" else "C")
    with np.errstate(invalid="ignore"):
        array = array.astype(float)
    array[np.isnan(array)] = np.nan  # a signalling NaN would warn wherever it is used
    return array if array.ndim == 4 else array[:, None]


def _npz(content, _joints=None):
    """The only array of a `.npz` file, or the one named `joints`."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {info.filename: info for info in archive.infolist()}
            member = members.get("joints.npy") or (next(iter(members.values())) if len(members) == 1 else None)
            if member is None:
                raise Dropped("the .npz file holds several arrays, or none: one is expected, or one named joints")
            if member.file_size > MAX_BYTES:
                raise Dropped(f"the array is larger than {MAX_BYTES >> 20} MiB: one action a file is expected")
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise Dropped("the .npz file is compressed as NumPy never does")
            unpacked = archive.read(member)
    except Dropped:
        raise
    except Exception:  # on broken bytes, zipfile raises nearly anything
        raise Dropped("no .npz file, or a broken one") from None
    return _npy(unpacked)


def decode(content):
    """Text of a file that is to be UTF-8, with or without a mark; raises `Dropped` for another."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Dropped("the text is not UTF-8") from None


def rows_of(text):
    """Rows of a table whose cells are parted by tabs, semicolons or commas; blank lines left out."""
    first = next((line for line in io.StringIO(text) if line.strip()), "")
    delimiter = next((mark for mark in "\t;" if mark in first), ",")
    try:
        return [
            row for row in csv.reader(io.StringIO(text, newline=None), delimiter=delimiter) if any(map(str.strip, row))
        ]
    except csv.Error as error:
        raise Dropped(f"no table ({error})") from None


def _csv(content, joints):
    """One body; a row a frame, x y z a joint, after a first column `frame`, `time`, ... if a header names one."""
    rows = rows_of(decode(content))
    if not rows:
        raise Dropped("the file is empty")
    if len({len(row) for row in rows}) > 1:
        raise Dropped("the rows are not equally long")
    first, names, rows = _header(rows)
    if not rows:
        raise Dropped("no frame below the header")
    try:
        values = [[float(cell) if cell.strip() else math.nan for cell in row[first:]] for row in rows]
    except ValueError:
        raise Dropped("a number was expected, not text") from None
    numbers = np.array(values).reshape(len(rows), -1)
    if not names:
        _check_flat(numbers.shape[1], joints)
    _check_size(len(rows), numbers.shape[1])
    return numbers.reshape(len(rows), 1, -1, 3)


def _is_number(cell):
    try:
        float(cell.strip() or "nan")
    except ValueError:
        return False
    return True


def _header(rows):
    """(columns before the joints, the joints' names, rows below): names [] without a header, or of numbered columns."""
    cells = [cell.strip().lower() for cell in rows[0]]
    first = int(cells[0] in ("", "frame", "index", "time", "timestamp"))
    numbers = [str(number) for number in range(len(cells) - first)]
    if numbers and cells[first:] == numbers:  # as pandas writes an array
        return first, [], rows[1:]
    if all(map(_is_number, cells)):
        return 0, [], rows
    return first, _joints_of(cells[first:]), rows[1:]


def named_joints(path):
    """The joints that the header of a `.csv` file names, in order; [] of other files, headers and numbers."""
    if path.suffix.lower() != ".csv":
        return []
    with path.open("rb") as file:
        lines = file.read(2**16).splitlines()
    try:
        rows = rows_of(decode(lines[0])) if lines else []
        names = _header(rows)[1] if rows else []
    except Dropped:
        return []
    return [] if all(map(str.isdecimal, names)) else names


def _joints_of(columns):
    """Names of joints, of columns that are x, y and z of one after the other: `hip_x`, `hip.X`, `hip x`, `x1`, ..."""
    joints = []
    for at, name in enumerate(columns):
        axis, joint = name[-1:], name[:-1].rstrip(" _.:-")
        if axis.isdecimal():
            axis, joint = name[:1], name[1:]
        if at % 3 == 0:
            joints.append(joint)
        if axis != "xyz"[at % 3] or joint != joints[-1]:
            raise Dropped(f"column {name[:40]!r} where the {'xyz'[at % 3]} of a joint is expected: x y z a joint alone")
    if not columns or len(columns) % 3:
        raise Dropped("the last joint lacks its y or z")
    return joints


def _json(content, joints):
    """A list of frames, or a dict that holds it under "frames"."""
    try:
        frames = json.loads(content, parse_int=float)
        if isinstance(frames, dict) and "frames" in frames:
            frames = frames["frames"]
        if not isinstance(frames, list) or all(isinstance(frame, float) for frame in frames):
            raise Dropped("no list of frames")
        bodies = [[_triples(body, joints) for body in _bodies(frame)] for frame in frames]
    except ValueError:
        raise Dropped("no JSON") from None
    except RecursionError:
        raise Dropped("lists or dicts are nested too deeply") from None
    found = {len(body) for frame in bodies for body in frame if body}
    if len(found) != 1:
        raise Dropped("the number of joints changes within the file" if found else "no body in any frame")
    shape = (len(frames), max(map(len, bodies)), found.pop(), 3)
    _check_size(*shape)
    result = np.full(shape, np.nan)
    for row, frame in zip(result, bodies, strict=True):
        for place, body in zip(row, frame, strict=False):
            if body:
                place[:] = body
    return result


def _bodies(frame):
    """The bodies of a frame, each a list of joints or of numbers, empty where one is absent."""
    if isinstance(frame, dict):
        # OpenPose writes an empty list of 3-D joints beside those in the image
        key = next((key for key in JSON_KEYS if frame.get(key)), next((key for key in JSON_KEYS if key in frame), None))
        in_image = any(key in frame if key is None else frame.get(key) for key in JSON_IMAGE_KEYS)
        if "category_id" in frame or (in_image and not frame.get(key)):
            raise Dropped("joints in the image, without a z in metres: 3-D joints are expected")
        if key is None:
            raise Dropped(f"a dict with none of the keys {', '.join(JSON_KEYS)}")
        return _bodies(frame[key])
    if frame is not None and not isinstance(frame, list):
        raise Dropped("a list of joints was expected")
    first = next((part for part in frame or () if part not in (None, [])), None)
    if first is None:
        return []
    several = "x" not in first if isinstance(first, dict) else isinstance(first, list) and not _is_joint(first)
    return [body for part in frame for body in _bodies(part) or [[]]] if several else [frame]


def _is_joint(values):
    return all(value is None or isinstance(value, float) for value in values)


def _triples(body, joints):
    """[x, y, z] a joint, NaN for null."""
    if any(isinstance(value, float) for value in body) and _is_joint(body):
        _check_flat(len(body), joints)
        body = [body[at : at + 3] for at in range(0, len(body), 3)]
    return [_triple(joint) for joint in body]


def _triple(joint):
    if isinstance(joint, dict):
        joint = [joint[axis] for axis in "xyz" if axis in joint]
    if joint is None:
        return [math.nan] * 3
    if not isinstance(joint, list) or not _is_joint(joint):
        raise Dropped("a joint is no list of numbers and no dict with x, y and z")
    _check_values(len(joint))
    return [math.nan if value is None else value for value in joint]


def _check_values(number):
    """Raise `Dropped` unless a joint has three values."""
    if number != 3:
        told = {2: ": a z is missing", 4: ": x y z without a confidence is expected"}.get(number, ", not x y z")
        raise Dropped(f"{number} values a joint{told}")


def _check_flat(numbers, joints):
    """Raise `Dropped` unless a frame of bare numbers can only be x y z of every joint."""
    if joints:
        if numbers % joints == 0:
            _check_values(numbers // joints)
        elif numbers % 3:
            raise Dropped(f"{numbers} numbers a frame are not x y z of {joints} joints")
    elif numbers % 3:
        raise Dropped(f"{numbers} numbers a frame are not x y z of every joint")
    elif numbers % 2 == 0:
        raise Dropped(
            f"{numbers} numbers a frame may be x y z of {numbers // 3} joints or x y of {numbers // 2}: "
            f"tell with --joints {numbers // 3}"
        )


def _check_size(*shape):
    """Raise `Dropped` for no numbers, too many, or too many bodies."""
    if not all(shape):
        raise Dropped("no frame, or no joint")
    if shape[0] > MAX_FRAMES or math.prod(shape) > MAX_NUMBERS:
        raise Dropped(TOO_MANY)
    if len(shape) == 4 and shape[1] > MAX_BODIES:
        raise Dropped(f"more than {MAX_BODIES} bodies")


LOADERS = {".npy": _npy, ".npz": _npz, ".csv": _csv, ".json": _json}
