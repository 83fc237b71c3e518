"""A saved model and a recording -> which action it is, and which frames decided that."""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from mans_keras.errors import InputError, utf8
from mans_keras.models.mans import MemoryAttentionNetwork
from mans_keras.models.tarm import TARM
from mans_keras.skeletons import recording
from mans_keras.skeletons.sequence import Body, Dropped
from mans_keras.tensors.transforms import to_frames, to_tensor
from mans_keras.training.machine import gpu

BATCH = 64


@dataclass(frozen=True)
class Prediction:
    """What a model says of one recording.

    scores: (classes,) probabilities, in the order of class_names. attention: (frames, 3), the weight of each frame of
    the recording in the TARMs of x, y and z; None if the model has no attention. joints: (frames, bodies, joints, 3),
    the recording as it was read, metres. body: the joints that orient a body, None if the model does not know them.
    """

    name: str
    class_names: tuple[str, ...]
    scores: np.ndarray
    attention: np.ndarray | None
    joints: np.ndarray
    body: Body | None = None

    def top(self, number=5):
        """[(class name, score)] of the highest scores, the highest first."""
        order = np.argsort(-self.scores, kind="stable")[:number]
        return [(self.class_names[index], float(self.scores[index])) for index in order]


class Recognizer:
    """A model that `training` saved, ready for recordings.

    path: `.h5` or `.keras`. Loading runs no code from the file. Raises `InputError` if it is no such model.
    Attributes: model; class_names; scale, layout, coordinates, bodies, joints: those of its training data; frames: the
    median length of its data set's recordings, None in files that mans_keras saved before it stored that; preparation:
    all these as they are stored.
    """

    def __init__(self, path):
        self.model = load(path)
        if not getattr(self.model, "preparation", None):
            raise InputError(f"{path} does not tell how its recordings were prepared: it was not saved by mans_keras")
        self.preparation = told = self.model.preparation
        self.class_names = tuple(told["class_names"])
        self.scale, self.layout, self.coordinates = told["scale"], told["layout"], told["coordinates"]
        self.bodies, self.joints, self.frames = told["bodies"], told["joints"], told.get("frames")
        body = told["body"]
        self.body = body and Body(**{name: tuple(v) if isinstance(v, list) else v for name, v in body.items()})
        self._told = _Told(self.model)
        # XLA halves the time of a sequence on a CPU, of DenseNet-161 too, and excludes cuDNN's GRUs on a GPU
        self._told.compile(jit_compile="auto" if gpu() else True)

    def read(self, source):
        """Joints (frames, bodies, joints, 3) of a path or an array, with as many bodies as the model knows.

        Raises `InputError` (a `ValueError`) for a recording that does not fit the model, saying what would.
        """
        if isinstance(source, (str, Path)):
            joints = recording.read_joints(source, self.joints, slots=self.coordinates == "released")
        else:
            joints = recording.from_array(source)
        if joints.shape[2] != self.joints:
            raise InputError(f"{_name(source)}: {joints.shape[2]} joints, where the model expects {self.joints}")
        # more bodies than the model knows: those stay that move most, but for those who only pass by
        if joints.shape[1] > self.bodies:
            seen = joints.any(axis=(2, 3)).sum(axis=0)
            movement = np.array([_movement(body) for body in np.moveaxis(joints, 1, 0)])
            order = np.lexsort((-movement, 2 * seen < seen.max()))
            joints = joints[:, np.sort(order[: self.bodies])]
        return np.pad(joints, [(0, 0), (0, self.bodies - joints.shape[1]), (0, 0), (0, 0)])

    def tensor(self, joints):
        """(scale, scale, 3) float32 of what `read` gave, as in the tensor file that the model was trained on."""
        try:
            return to_tensor(joints, self.scale, self.layout, self.coordinates, self.body)
        except Dropped as dropped:
            raise InputError(str(dropped)) from None

    def _tensor_of(self, name, joints):
        try:
            return self.tensor(joints)
        except InputError as error:
            raise InputError(f"{name}: {error}") from None

    def predict(self, sources):
        """A `Prediction` for each path or array of a list, in batches. Raises `InputError` as `read` does."""
        recordings = [self.read(source) for source in sources]
        predictions = []
        for first in range(0, len(recordings), BATCH):
            batch, names = recordings[first : first + BATCH], [_name(one) for one in sources[first : first + BATCH]]
            tensors = [self._tensor_of(name, joints) for name, joints in zip(names, batch, strict=True)]
            scores, attention = self.scores(np.stack(tensors))
            for index, (name, joints) in enumerate(zip(names, batch, strict=True)):
                found = None if attention is None else to_frames(attention[index], len(joints), self.layout)
                predictions.append(Prediction(name, self.class_names, scores[index], found, joints, self.body))
        return predictions

    def images(self, joints):
        """The 3-channel image of what `read` gave, (scale, scale, 3), before the TARMs and as the STCM sees it.

        Raises `InputError` if the model has no TARMs, or as `tensor` does.
        """
        before = self.tensor(joints)
        if "image" not in {layer.name for layer in self.model.layers}:
            raise InputError("the model has no TARMs: its STCM sees the recording as it is")
        tarms = keras.Model(self.model.input, self.model.get_layer("image").output)
        return before, keras.ops.convert_to_numpy(tarms(before[None], training=False))[0]

    def scores(self, x):
        """Of tensors (batch, scale, scale, 3): scores (batch, classes) and attention (batch, scale, 3), or None.

        The model is compiled for one tensor and for `BATCH` of them, each when first asked: that takes seconds, the
        next milliseconds. Another number of them goes through one by one.
        """
        parts = [x] if len(x) == BATCH else [x[index : index + 1] for index in range(len(x))]
        told = [self._told.predict_on_batch(part) for part in parts]
        scores, attention = (np.concatenate(found) for found in zip(*told, strict=True))
        return scores, attention if attention.shape[-1] else None


class _Told(keras.Model):
    """What a network tells of tensors (batch, T, N, 3): its scores, and F_A (batch, T, 3), or (batch, T, 0).

    Its weights are those that the network has now, as constants: XLA then lays them out once and not at each call,
    which takes a third off the time of a sequence by MANs-9, and more off larger models'.
    """

    def __init__(self, network):
        super().__init__(name="told")
        self.network = network
        self.tarms = [layer for layer in network.layers if isinstance(layer, TARM) and layer.attention is not None]
        self.constants = [(variable, keras.ops.convert_to_numpy(variable)) for variable in network.variables]

    def call(self, x):
        with keras.StatelessScope(state_mapping=self.constants):
            weights = [tarm.attention_weights(x[..., axis]) for axis, tarm in enumerate(self.tarms)]
            return self.network(x, training=False), keras.ops.concatenate([x[:, :, 0, :0], *weights], axis=-1)


def load(path):
    """A saved model, loaded without running any code from its file. Raises `InputError`, saying why, if it can't be."""
    if not Path(path).is_file():
        raise InputError(f"{path} does not exist")
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises almost anything on a broken or foreign file
        # Keras wraps what a layer raises in the layer's whole configuration, and puts it last.
        reason = str(error).rpartition("Exception encountered: ")[2].strip().splitlines() or [type(error).__name__]
        raise InputError(f"{path} is not a model that can be loaded safely: {reason[0]}") from None
    if not isinstance(model, MemoryAttentionNetwork):
        raise InputError(f"{path} holds a {type(model).__name__}, not a Memory Attention Network")
    return model


def _movement(body):
    """Summed variance of one body's coordinates over the frames (frames, joints, 3) in which it is there."""
    present = body[body.any(axis=(1, 2))]
    return present.var(axis=0).sum() if len(present) else 0.0


def _name(source):
    return utf8(str(source)) if isinstance(source, (str, Path)) else "array"
