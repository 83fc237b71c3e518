"""Random changes of training sequences that leave their action what it is."""

import numpy as np

# Kinect and the motion capture of HDM05 have y up, and one's own recordings must; the frames of
# bodies in `skeletons.transforms` have z up.
VERTICAL = {"raw": 1, "hip": 1, "body": 2, "upright": 2, "released": 2}


def augment(x, random, augmentation, coordinates, mirroring=None):
    """A batch (n, scale, scale, 3) of tensors in `coordinates`, changed by a `recipes.Augmentation`.

    random: NumPy generator; mirroring: the matrix of `transforms.mirroring`, without which no body is mirrored. Tensors
    are linear in the joints' places, so that turning, mirroring and scaling them is doing so with the body.
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
    one, other = (other for other in range(3) if other != axis)
    turn = np.tile(np.eye(3), (len(angles), 1, 1))
    turn[:, one, one] = turn[:, other, other] = np.cos(angles)
    turn[:, one, other] = np.sin(angles)
    turn[:, other, one] = -np.sin(angles)
    return turn


def _cropped(x, first, share):
    """The part of each sequence from `first` of its length on, `share` of it long, stretched over the whole."""
    frames = x.shape[1]
    at = (first[:, None] + share[:, None] * np.linspace(0, 1, frames)) * (frames - 1)
    below = np.minimum(at.astype(int), frames - 2)
    weight = (at - below)[..., None, None].astype(x.dtype)
    sample = np.arange(len(x))[:, None]
    return x[sample, below] * (1 - weight) + x[sample, below + 1] * weight
