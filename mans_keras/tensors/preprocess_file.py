"""A Python file of NumPy alone that makes the input of an exported model from a recording's joints."""

import inspect

from mans_keras.tensors import transforms

FUNCTIONS = (
    transforms.hip_frame,
    transforms.body_frame,
    transforms._to_torso_axes,
    transforms.released_frame,
    transforms.upright_frame,
    transforms.to_coordinates,
    transforms.interpolation,
    transforms.resize,
    transforms.pad,
    transforms.to_tensor,
)

START = '''"""The joints of a recording -> the input of an exported model. Needs NumPy alone; written by `mans export`.

    scores = run(tensor(joints)[None])[0]  # run: the model in its runtime
    print(CLASS_NAMES[scores.argmax()])
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

CLASS_NAMES = {class_names}
JOINT_NAMES = {joint_names}  # in this order; empty if they are not known
SCALE, LAYOUT, COORDINATES = {scale}, {layout!r}, {coordinates!r}
BODIES, JOINTS = {bodies}, {joints}
BODY = {body}  # the joints, from 0, that orient a body


class Dropped(ValueError):
    """A recording that is not usable; the message is the reason."""


InputError = ValueError


def tensor(joints):
    """(SCALE, SCALE, 3) float32, of joints (frames, JOINTS, 3) or (frames, bodies, JOINTS, 3) in metres.

    A body that is absent from a frame is all zeros there; no other coordinate may be missing. Raises `ValueError` for
    another shape, or if no body is there.
    """
    joints = np.asarray(joints, float)
    joints = joints[:, None] if joints.ndim == 3 else joints
    if joints.ndim != 4 or joints.shape[2:] != (JOINTS, 3) or not 1 <= joints.shape[1] <= BODIES:
        raise ValueError(f"{{joints.shape}} is not (frames, {{JOINTS}}, 3), or with up to {{BODIES}} bodies")
    if not np.isfinite(joints).all() or not joints.any():
        raise ValueError("a coordinate is missing, or no body is there")
    joints = np.pad(joints, [(0, 0), (0, BODIES - joints.shape[1]), (0, 0), (0, 0)])
    return to_tensor(joints, SCALE, LAYOUT, COORDINATES, BODY)
'''


def source(preparation: dict) -> str:
    """The text of the file for a model with this `preparation`; its functions are those of `transforms`."""
    body = preparation["body"]
    described = (
        "None" if body is None else f"SimpleNamespace({', '.join(f'{k}={_plain(v)!r}' for k, v in body.items())})"
    )
    names = {name: tuple(preparation.get(name) or ()) for name in ("class_names", "joint_names")}
    values = {name: preparation[name] for name in ("scale", "layout", "coordinates", "bodies", "joints")}
    start = START.format(**values, **names, body=described)
    return "\n\n".join([start, *(inspect.getsource(function).rstrip() + "\n" for function in FUNCTIONS)])


def _plain(value):
    return tuple(value) if isinstance(value, (list, tuple)) else value
