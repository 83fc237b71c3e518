"""Kinect v2's `.skeleton` files, as NTU RGB+D has them: their bodies' joints, read and written.

The format, white space between all tokens: number of frames; per frame a number of bodies; per body 10 tokens that
begin with its ID, the number of joints (25), and 12 tokens a joint: x y z in metres (camera space: y up, z depth), its
pixel in the depth and in the colour image, a quaternion, and the tracking state.
"""

from collections.abc import Sequence as Numbers
from pathlib import Path

import numpy as np

from mans_keras.files import replacing
from mans_keras.skeletons.bounds import MAX_FRAMES, MAX_METRES
from mans_keras.skeletons.formats.decimals import Tokens
from mans_keras.skeletons.sequence import KINECT_2, Dropped

# The joint that each joint hangs from, in the order of Kinect v2; the spine's base hangs from itself.
PARENTS = (0, 0, 20, 2, 20, 4, 5, 6, 20, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17, 18, 1, 7, 7, 11, 11)

JOINT_TOKENS = 12
COORDINATES = JOINT_TOKENS * np.arange(KINECT_2.joints)[:, None] + np.arange(3)
# Focal length and centre, in pixels, of the depth and the colour image: Kinect v2's, fitted to the owners' files.
DEPTH_CAMERA = (365.5, 256.4, 208.5)
COLOR_CAMERA = (1063.0, 975.0, 567.6)


def frames(tokens: Tokens) -> list[list[tuple[bytes, int]]]:
    """For each frame, [(body ID, number of its first joint's first token)] in the order of the file.

    Raises `Dropped`, which names the frame from 1, where the tokens do not fit the format.
    """
    listed, at = [], 1
    try:
        number = int(tokens[0])
        if not 0 < number <= MAX_FRAMES:
            raise Dropped(f"the file claims {number} frames: 1 to {MAX_FRAMES:,} are possible")
        for frame in range(1, number + 1):
            count = int(tokens[at])
            at += 1
            bodies = []
            for _ in range(count):
                if int(tokens[at + 10]) != KINECT_2.joints:
                    raise Dropped(f"frame {frame}: a body has not {KINECT_2.joints} joints, or a line lacks a token")
                bodies.append((tokens[at], at + 11))
                at += 11 + JOINT_TOKENS * KINECT_2.joints
            listed.append(bodies)
    except IndexError:
        raise Dropped(f"the file is cut short in frame {len(listed) + 1}") from None
    except ValueError:
        raise Dropped(f"frame {len(listed) + 1}: text where a number of bodies or joints is expected") from None
    if at != len(tokens):
        cut_short = f"the file is cut short in frame {number}"
        raise Dropped(cut_short if at > len(tokens) else f"the file goes on after its last frame, {number}")
    return listed


def coordinates(tokens: Tokens, firsts: Numbers[int]) -> np.ndarray:
    """(bodies, 25, 3) of bodies, metres; `firsts`: the number of the first token of each."""
    try:
        xyz = tokens.floats(np.array(firsts)[:, None, None] + COORDINATES)
    except ValueError:
        raise Dropped("text where a coordinate is expected") from None
    if not (np.abs(xyz) < MAX_METRES).all():
        raise Dropped(f"a coordinate is not finite or beyond {MAX_METRES} m")
    return xyz


def _project(joints, camera):
    focal, x, y = camera
    depth = np.maximum(joints[..., 2:], 0.1)
    return np.array([x, y]) + focal * np.array([1, -1]) * joints[..., :2] / depth


def _orientations(joints):
    """Quaternions w x y z that turn the y axis to the bone that ends in a joint; zeros at the ends, as Kinect's."""
    from scipy.spatial.transform import Rotation  # only for writing, and it takes a while

    bones = joints - joints[..., list(PARENTS), :]
    bones[..., 0, :] = bones[..., 1, :]
    bones /= np.maximum(np.linalg.norm(bones, axis=-1, keepdims=True), 1e-9)
    axis = np.cross([0, 1, 0], bones)
    sine = np.linalg.norm(axis, axis=-1, keepdims=True)
    axis = np.where(sine > 1e-6, axis / np.maximum(sine, 1e-6), [1, 0, 0])
    angle = np.arctan2(sine, bones[..., 1:2])
    turned = Rotation.from_rotvec((axis * angle).reshape(-1, 3)).as_quat(scalar_first=True)
    ends = np.setdiff1d(np.arange(KINECT_2.joints), PARENTS)
    turned = turned.reshape(*joints.shape[:-1], 4)
    turned[..., ends, :] = 0
    return turned


def write(path: Path | str, joints: np.ndarray, body_ids: Numbers[int]) -> None:
    """Write joints (frames, bodies, 25, 3), metres in camera space, as a `.skeleton` file.

    body_ids: one integer a body. A body that is all zeros in a frame is left out of it. Pixels and quaternions are
    computed from the joints; every joint is marked as tracked.
    """
    state = np.full((*joints.shape[:-1], 1), 2)
    pixels = [_project(joints, DEPTH_CAMERA), _project(joints, COLOR_CAMERA)]
    values = np.concatenate([joints, *pixels, _orientations(joints), state], axis=-1)
    lines = (" ".join(["%.7g"] * JOINT_TOKENS) + "\n") * KINECT_2.joints
    text = [f"{len(joints)}\n"]
    for present, frame in zip(joints.any(axis=(2, 3)), values, strict=True):
        text.append(f"{present.sum()}\n")
        for body in np.flatnonzero(present):
            text.append(f"{body_ids[body]} 0 1 1 1 1 0 0 0 2\n{KINECT_2.joints}\n")
            text.append(lines % tuple(frame[body].ravel().tolist()))
    with replacing(path) as part:
        part.write_text("".join(text), newline="\n")
