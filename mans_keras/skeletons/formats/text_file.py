"""Numbers in a `.txt` file -> joints: rows of x y z, and the layouts of some data sets of the Kinect.

- KARD (Gaglio, Lo Re and Morana, 2015): a row for each of 15 joints, x y z in millimetres.
- MSR Action3D (Li, Zhang and Liu, 2010): a row for each of 20 joints, x y z confidence in metres.
- MSRDailyActivity3D (Wang et al., 2012): the numbers of frames and of joints; then for each frame the number of its
  rows, and for each joint two rows, x y z confidence in metres and its place in the image.
- SBU Kinect Interaction (Yun et al., 2012): a row for each frame, `frame,x,y,z,...` of two people, 15 joints each.
- CAD-60 (Sung et al., 2011): a row for each frame, `frame,` and of each of 15 joints its orientation (not for the last
  four) and its place in millimetres, each with a confidence. The last line is END.
"""

import re
from pathlib import Path

import numpy as np

from mans_keras.errors import InputError
from mans_keras.skeletons import ut_kinect
from mans_keras.skeletons.bounds import MAX_METRES, check_marks, check_shape, read_bytes
from mans_keras.skeletons.formats.decimals import Tokens
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.formats.xyz import check_first_columns, check_frame
from mans_keras.skeletons.sequence import KINECT_1_NAMES, Dropped

NUMBER = re.compile(rb"\s*[-+.]?\.?\d")  # how a file of numbers begins
KARD = ("Head", "Neck", "RightShoulder", "RightElbow", "RightHand", "LeftShoulder", "LeftElbow", "LeftHand", "Torso")
KARD += ("RightHip", "RightKnee", "RightFoot", "LeftHip", "LeftKnee", "LeftFoot")
SBU = ("Head", "Neck", "Torso", "LeftShoulder", "LeftElbow", "LeftHand", "RightShoulder", "RightElbow", "RightHand")
SBU += ("LeftHip", "LeftKnee", "LeftFoot", "RightHip", "RightKnee", "RightFoot")
CAD = ("Head", "Neck", "Torso", "LeftShoulder", "LeftElbow", "RightShoulder", "RightElbow", "LeftHip", "LeftKnee")
CAD += ("RightHip", "RightKnee", "LeftHand", "RightHand", "LeftFoot", "RightFoot")
UT_KINECT_NAME = re.compile(r"joints_s\d+_e\d+\.txt")
UT_KINECT_WIDTH, SBU_WIDTH, CAD_WIDTH = 61, 91, 171
_SIDES, _ENDS = ("Right", "Left"), ("Elbow", "Wrist", "Hand", "Knee", "Ankle", "Foot")
MSR = ("RightShoulder", "LeftShoulder", "ShoulderCenter", "Spine", "RightHip", "LeftHip", "HipCenter")  # Action3D's
MSR += (*(f"{side}{end}" for end in _ENDS for side in _SIDES), "Head")


def is_like(path: Path) -> bool:
    """Whether a file begins with a number."""
    try:
        with path.open("rb") as file:
            return bool(NUMBER.match(_in_utf8(file.read(1000)).removeprefix(b"\xef\xbb\xbf")))
    except OSError:
        return False


def _in_utf8(content):
    """The same text if it is UTF-16 with a byte order mark, as Windows PowerShell writes it; else the same bytes."""
    is_utf16 = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    return content.decode("utf-16", "replace").encode() if is_utf16 else content


def is_ut_kinect(path: Path) -> bool:
    """Whether a file is one of UT-Kinect, by its name or by the length of its first row."""
    if UT_KINECT_NAME.fullmatch(path.name):
        return True
    first = read_bytes(path)[:10_000].split(b"\n")[0].split()
    return len(first) == UT_KINECT_WIDTH


def read(path: Path, joints: int | None = None, unit: float | None = None) -> Parsed:
    """The `Parsed` of a `.txt` file: joints (frames, bodies, joints, 3), metres.

    joints: their number, if it is known; needed for a row for each joint, unless the file is named as KARD or MSR
    Action3D name theirs. unit: the metres of the file's unit, if it is no known data set's. Raises `Dropped`, which
    says what to do, if the layout is another or leaves a doubt.
    """
    if is_ut_kinect(path):
        try:
            return Parsed(ut_kinect.read_recording(path)[1][:, None], KINECT_1_NAMES).with_own_unit(unit)
        except InputError as error:
            raise Dropped(re.sub("^[,:] ", "", str(error).removeprefix(str(path)))) from None
    return parse(read_bytes(path), joints, path.name, unit)


def parse(content: bytes, joints: int | None = None, name: str = "", unit: float | None = None) -> Parsed:
    """As `read`, of a file's bytes and its name."""
    content = _in_utf8(content)
    if not content.strip():
        raise Dropped("the file is empty")
    check_marks(content, b",", b" ", b"\t", b"\n", b"\r", b"\v", b"\f")
    if not NUMBER.match(content.removeprefix(b"\xef\xbb\xbf")):
        raise Dropped("it does not begin with a number: a table with a header must be a .csv file")
    content = re.sub(rb"\r\n?", b"\n", content)
    content = content[:-100] + re.sub(rb"END[,\s]*$", b"", content[-100:])  # CAD-60's last line
    has_commas = b"," in content.split(b"\n", 1)[0]
    tokens = Tokens(content.replace(b",", b" ") if has_commas else content)
    widths = np.bincount(np.searchsorted(np.flatnonzero(tokens.bytes == ord("\n")), tokens.starts))
    widths = widths[widths > 0]
    try:
        values = tokens.floats(np.arange(len(tokens)))
    except ValueError as error:
        raise Dropped(f"text where a number is expected ({str(error)[:60]})") from None
    values[np.isinf(values)] = 1e12  # which no layout has
    if has_commas and not np.isin(content.count(b",") - values.size, (-len(widths), 0)):
        raise Dropped("cells that hold several numbers: write numbers with a decimal point, and save the table as .csv")
    if widths[0] <= 2 and set(widths.tolist()) <= {1, 2, 4}:
        return _two_rows_a_joint(values).with_own_unit(unit)
    if len(set(widths.tolist())) > 1:
        row = int(np.flatnonzero(widths != widths[0])[0])
        raise Dropped(f"its row {row + 1} has {widths[row]} numbers, where the first has {widths[0]}")
    rows = values.reshape(len(widths), -1)
    if rows.shape[1] in (3, 4):
        return _a_row_a_joint(rows, joints, name, unit)
    if has_commas and rows.shape[1] == SBU_WIDTH:
        return _two_people(rows).with_own_unit(unit)
    if has_commas and rows.shape[1] == CAD_WIDTH:
        return _with_orientations(rows).with_own_unit(unit)
    check_frame(rows.shape[1], joints)
    check_shape(*rows.shape)
    check_first_columns(rows)
    return Parsed(rows.reshape(len(rows), 1, -1, 3) * (unit or 1))


def _a_row_a_joint(rows, joints, name, unit):
    """KARD, MSR Action3D, and whatever else has a row for each joint."""
    is_kard = re.search(r"a\d\d_s\d\d_e\d\d_(realworld|screen)\.txt$", name)
    if is_kard and is_kard[1] == "screen":
        raise Dropped("places in the image: take the file whose name ends in _realworld.txt")
    names = KARD if is_kard else MSR if re.search(r"a\d\d_s\d\d_e\d\d_skeleton(3D)?\.txt$", name) else ()
    joints = len(names) or joints
    if not joints:
        raise Dropped("each row holds one joint: how many joints has a frame? Say it by --joints, such as --joints 20")
    if len(rows) % joints:
        raise Dropped(f"{len(rows)} rows of one joint each, which is no multiple of {joints} joints")
    check_shape(len(rows) // joints, 1, joints, 3)
    if rows.shape[1] == 4 and not ((rows[:, 3] >= 0) & (rows[:, 3] <= 1)).all():
        raise Dropped("the fourth value of a row is no confidence from 0 to 1: x y z of a joint are expected")
    metres = 0.001 if is_kard else unit or 1
    if metres * np.abs(rows[:, :3]).max() > MAX_METRES:
        raise Dropped(
            "these are no metres. If they are u, v and a depth, take the file of places in the room (of MSR Action3D, "
            "MSRAction3DSkeletonReal3D); if they are millimetres, say --unit mm"
        )
    places = metres * rows[:, :3].reshape(-1, 1, joints, 3)
    left_out = ("the confidence of each joint",) if rows.shape[1] == 4 else ()
    content = Parsed(places, names, left_out)
    return content.with_own_unit(unit) if is_kard else content


def _two_rows_a_joint(values):
    """MSRDailyActivity3D."""
    expected = "the numbers of frames and joints, and then each frame's rows with x y z and a confidence, are expected"
    if len(values) < 2 or not (values[:2] % 1 == 0).all() or (values[:2] < 1).any():
        raise Dropped(f"it begins with other numbers: {expected}")
    frames, joints = map(int, values[:2])
    check_shape(frames, 2, joints, 3)
    result = np.full((frames, 2, joints, 3), np.nan)
    at = 2
    for frame in range(frames):
        rows = values[at] if at < len(values) else -1
        if rows not in (0, 2 * joints, 4 * joints) or at + 1 + 4 * int(rows) > len(values):
            raise Dropped(f"frame {frame} of {frames} is not there, or has not 0, {2 * joints} or {4 * joints} rows")
        block = values[at + 1 : at + 1 + 4 * int(rows)].reshape(-1, joints, 2, 4)
        image = block[:, :, 1, :2]
        if ((image < -1) | (image > 2)).any():
            raise Dropped(f"frame {frame}: each second row should be a place in the image, as shares of it: {expected}")
        result[frame, : len(block)] = block[:, :, 0, :3]
        at += 1 + 4 * int(rows)
    if at != len(values):
        raise Dropped(f"{len(values) - at} numbers are left after its {frames} frames")
    return Parsed(result, (), ("the confidence and the place in the image of each joint",))


def _two_people(rows):
    """SBU. The formula of its README gives millimetres.

    Measured on a published file: with it, left and right bones of the legs are equally long to 3 mm, and keep their
    length within 1.4 %. If the shares of the image were projected with the depth, neither would be so.
    """
    places = rows[:, 1:].reshape(len(rows), 2, len(SBU), 3)
    check_shape(*places.shape)
    x, y, z = np.moveaxis(places, -1, 0)
    upside_down = y[:, :, 0] < y[:, :, [SBU.index("LeftFoot"), SBU.index("RightFoot")]].min(axis=-1)
    is_likely = np.mean((x > -0.5) & (x < 1.5) & (y > -0.5) & (y < 2) & (z > 0.2) & (z < 8)) > 0.95
    if not is_likely or upside_down.mean() < 0.5:
        raise Dropped(
            "rows of 91 numbers, but not as SBU Kinect Interaction has them: shares of the image, y downwards. If they "
            "are a frame's number and x y z of 30 joints, save it as .csv with a header"
        )
    _check_order(rows[:, 0])
    return Parsed(np.stack([1.28 - 2.56 * x, 0.96 - 1.92 * y, 1.28 * z], axis=-1), SBU, ("the number of each frame",))


def _with_orientations(rows):
    """CAD-60."""
    turned, placed = rows[:, 1:155].reshape(-1, 11, 14), rows[:, 155:].reshape(-1, 4, 4)
    confidences = np.concatenate([turned[..., [9, 13]].reshape(len(rows), -1), placed[..., 3]], axis=1)
    if not np.isin(confidences, (0, 1)).all() or np.abs(turned[..., :9]).max() > 1.01:
        raise Dropped("rows of 171 numbers, but not as CAD-60 has them, whose orientations have a confidence 0 or 1")
    _check_order(rows[:, 0])
    places = np.concatenate([turned[..., 10:13], placed[..., :3]], axis=1)
    check_shape(*places.shape)
    left_out = ("the number of each frame", "the orientation and the confidence of each joint")
    return Parsed(places[:, None] / 1000, CAD, left_out)


def _check_order(numbers):
    if (np.diff(numbers) <= 0).any():
        row = int(np.flatnonzero(np.diff(numbers) <= 0)[0])
        raise Dropped(f"row {row + 2}: frame {numbers[row + 1]:g} comes after {numbers[row]:g}")
