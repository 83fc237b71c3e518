"""Random changes of training sequences that do not change their action."""

import numpy as np

# Kinect and the motion capture of HDM05 have y up, and own recordings must. In `body`, `upright` and `released`
# coordinates, z is up.
VERTICAL = {"raw": 1, "hip": 1, "body": 2, "upright": 2, "released": 2}


def augment(x, random, augmentation, coordinates, mirroring=None):
    """A batch (n, scale, scale, 3) of tensors in `coordinates`, changed by a `recipes.Augmentation`.

    random: NumPy generator; mirroring: the matrix of `transforms.mirroring`; without it no body is mirrored. A tensor
    is linear in the positions of the joints, so turning, mirroring or scaling the tensor does the same to the body.
    """
    number = len(x)
    turn = _rotations(np.radians(random.uniform(-1, 1, number) * augmentation.rotation), VERTICAL[coordinates])
    if augmentation.mirror and mirroring is not None:
        mirrored = random.random(number) < 0.5
        turn[mirrored, 0] *= -1
        x = np.where(mirrored[:, None, None, None], mirroring.astype(x.dtype) @ x, x)
    turn *= random.uniform(1 - augmentation.scale, 1 + augmentation.scale, (number, 1, 1))
    share = random.uniform(augmentation.crop, 1, number)
    first = random.uniform(0, 1 - share)
    return _cropped(x, first, share) @ turn[:, None].astype(x.dtype)


def _rotations(angles, axis):
    """(n, 3, 3), about a coordinate axis."""
    first, second = (index for index in range(3) if index != axis)
    turn = np.tile(np.eye(3), (len(angles), 1, 1))
    turn[:, first, first] = turn[:, second, second] = np.cos(angles)
    turn[:, first, second] = np.sin(angles)
    turn[:, second, first] = -np.sin(angles)
    return turn


def _cropped(x, first, share):
    """A part of each sequence, stretched over all frames: it begins at `first` and is `share` long, both 0..1."""
    frames = x.shape[1]
    at = (first[:, None] + share[:, None] * np.linspace(0, 1, frames)) * (frames - 1)
    below = np.minimum(at.astype(int), frames - 2)
    weight = (at - below)[..., None, None].astype(x.dtype)
    sample = np.arange(len(x))[:, None]
    return x[sample, below] * (1 - weight) + x[sample, below + 1] * weight
