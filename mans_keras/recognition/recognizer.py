"""A saved model and a recording -> which action it is, and how much attention each frame got."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from mans_keras.errors import InputError, utf8
from mans_keras.models.mans import MemoryAttentionNetwork
from mans_keras.models.tarm import attention_weights
from mans_keras.recognition.model_file import load
from mans_keras.skeletons import joint_mapping, joint_names, recording
from mans_keras.skeletons.bones import bones
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.sequence import Body, Dropped
from mans_keras.skeletons.tracks import most_moving
from mans_keras.tensors.transforms import to_frames, to_tensor
from mans_keras.training.machine import gpu

BATCH = 64

Source = str | Path | np.ndarray  # a file, or joints in metres, see `recording.from_array`


@dataclass(frozen=True)
class Prediction:
    """What a model answers for one recording.

    scores: (classes,) probabilities, in the order of class_names. attention: (frames, 3), the weight of each frame of
    the recording in the TARMs of x, y and z; None if the model has no attention. joints: (frames, bodies, joints, 3),
    the recording as it was read, metres. body: the joints that orient a body, None if the model does not know them.
    notes: sentences about what the file holds and the model was not given, such as a third body. joint_names: () if
    they are not known. bones: in place of those that `bones.bones` knows. mapping: the note about joints that are
    another sensor's; "" if they are the model's own.
    """

    name: str
    class_names: tuple[str, ...]
    scores: np.ndarray
    attention: np.ndarray | None
    joints: np.ndarray
    body: Body | None = None
    notes: tuple[str, ...] = ()
    joint_names: tuple[str, ...] = ()
    bones: tuple[tuple[int, int], ...] | None = None
    mapping: str = ""

    @property
    def drawn_bones(self) -> tuple[tuple[int, int], ...]:
        """The pairs of joints, counted from 0, that pictures connect."""
        if self.bones is not None:
            return self.bones
        return bones(self.joints.shape[2], self.body, self.joint_names)

    def top(self, number: int = 5) -> list[tuple[str, float]]:
        """[(class name, score)] of the highest scores, the highest first."""
        order = np.argsort(-self.scores, kind="stable")[:number]
        return [(self.class_names[index], float(self.scores[index])) for index in order]


class Recognizer:
    """A saved model, ready for recordings.

    path: `.h5` or `.keras`. Loading runs no code from the file. compiled: False, for a few recordings: the network is
    not compiled, which saves seconds at the first answer; every later answer takes about fifty times as long.
    Raises `InputError` if the file holds no Memory Attention Network, or one without `preparation`.
    Attributes: model; class_names; scale, layout, coordinates, bodies, joints: those of its training data; joint_names:
    in their order, () if they are not known; body: the joints that orient a body, or None; frames: the median length of
    its data set's recordings, None in files that older versions saved without it; preparation: all these as they are
    stored.
    """

    model: MemoryAttentionNetwork
    preparation: dict
    class_names: tuple[str, ...]
    joint_names: tuple[str, ...]
    scale: int
    layout: str
    coordinates: str
    bodies: int
    joints: int
    frames: int | None
    body: Body | None

    def __init__(self, path: str | Path, compiled: bool = True):
        self.model = load(path)
        if not isinstance(self.model, MemoryAttentionNetwork):
            raise InputError(f"{path} holds a {type(self.model).__name__}, not a Memory Attention Network")
        if not self.model.preparation:
            raise InputError(
                f"{path} does not say how its recordings were prepared: load the model in Python, set "
                "model.preparation = tensors.preparation() from the tensors that it was trained on, and save it again"
            )
        self.preparation = stored = self.model.preparation
        self.class_names = tuple(stored["class_names"])
        names = stored.get("joint_names") or joint_names.of_dataset(stored.get("dataset"), stored["joints"])
        self.joint_names = tuple(names)
        self.scale, self.layout, self.coordinates = stored["scale"], stored["layout"], stored["coordinates"]
        self.bodies, self.joints, self.frames = stored["bodies"], stored["joints"], stored.get("frames")
        body = stored["body"]
        if body is None and self.coordinates != "raw":
            raise InputError(
                f"{path} does not say which joints are hips and torso; {self.coordinates} coordinates need them"
            )
        self.body = body and Body(**{name: tuple(v) if isinstance(v, list) else v for name, v in body.items()})
        self._frozen = _Frozen(self.model, frozen=compiled)
        # XLA halves the time of a sequence on a CPU, of DenseNet-161 too, and excludes cuDNN's GRUs on a GPU
        xla = compiled and ("auto" if gpu() else True)
        self._frozen.compile(jit_compile=xla, run_eagerly=not compiled)

    def read(self, source: Source) -> np.ndarray:
        """The joints of a path or an array: (frames, bodies, joints, 3) in metres, zeros where a body is absent.

        See `parsed`, which says more. Raises `InputError` as it does.
        """
        return self.parsed(source).joints

    def parsed(self, source: Source, frames: tuple[int, int] | None = None, unit: float | None = None) -> Parsed:
        """What a path or an array holds: joints (frames, bodies, joints, 3), with as many bodies as the model knows.

        Joints that a file names are brought into the model's order; an array must have them in this order, and its axes
        as `recording.from_array` takes them. A body of another sensor is mapped to the model's joints, see
        `joint_mapping`. `notes()` of the result say so, and what is left out or interpolated. frames: only the first to
        the last of these, as `recording.part` has them. unit: the metres of a file's unit, where its format does not
        say it.
        Raises `InputError` (a `ValueError`) for a recording that does not fit the model; it says what would fit.
        """
        if isinstance(source, (str, Path)):
            released = self.coordinates == "released"
            content = joint_mapping.read(source, self.joints, released, self.joint_names, unit, everybody=bool(frames))
        else:
            content = recording.from_array(source, self.joints, self.joint_names)
            content = joint_mapping.fitted(content, self.joints, self.joint_names)
        if frames:
            content = recording.part(source, content, *frames)
        return self._with_most_moving(content)

    def of_window(self, frames: np.ndarray) -> Parsed:
        """`parsed` of (frames, bodies, joints, 3), as a `Stream` has them: with any number of bodies."""
        content = recording.of_bodies(Parsed(frames), self.joint_names)
        return self._with_most_moving(content)

    def _with_most_moving(self, content):
        joints, others = most_moving(content.joints, self.bodies)
        joints = np.pad(joints, [(0, 0), (0, self.bodies - joints.shape[1]), (0, 0), (0, 0)])
        return dataclasses.replace(content, joints=joints, other_bodies=content.other_bodies + others)

    def tensor(self, joints: np.ndarray) -> np.ndarray:
        """(scale, scale, 3) float32 of the joints that `read` returned, as in the model's training data."""
        try:
            return to_tensor(joints, self.scale, self.layout, self.coordinates, self.body)
        except Dropped as dropped:
            raise InputError(str(dropped)) from None

    def _named_tensor(self, name, joints):
        try:
            return self.tensor(joints)
        except InputError as error:
            raise InputError(f"{name}: {error}") from None

    def predict(
        self, sources: Sequence[Source], frames: tuple[int, int] | None = None, unit: float | None = None
    ) -> list[Prediction]:
        """A `Prediction` for each path or array of a list, in batches; frames, unit: as in `parsed`.

        Raises `InputError` as `read` does.
        """
        recordings = [self.parsed(source, frames, unit) for source in sources]
        predictions = []
        for first in range(0, len(recordings), BATCH):
            batch = recordings[first : first + BATCH]
            names = [_name(source) for source in sources[first : first + BATCH]]
            tensors = [self._named_tensor(name, content.joints) for name, content in zip(names, batch, strict=True)]
            scores, attention = self.scores(np.stack(tensors))
            for index, (name, content) in enumerate(zip(names, batch, strict=True)):
                joints = content.joints
                prediction = Prediction(
                    name,
                    self.class_names,
                    scores[index],
                    None if attention is None else to_frames(attention[index], len(joints), self.layout),
                    joints,
                    self.body,
                    tuple(content.notes()),
                    self.joint_names,
                    mapping=content.mapping,
                )
                predictions.append(prediction)
        return predictions

    def images(self, joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The image of the joints that `read` returned, before the TARMs and after them: (scale, scale, 3) each.

        Raises `InputError` if the model has no TARMs, or as `tensor` does.
        """
        before = self.tensor(joints)
        if "image" not in {layer.name for layer in self.model.layers}:
            raise InputError("the model has no TARMs: its STCM sees the recording as it is")
        tarms = keras.Model(self.model.input, self.model.get_layer("image").output)
        return before, keras.ops.convert_to_numpy(tarms(before[None], training=False))[0]

    def scores(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Of tensors (batch, scale, scale, 3): scores (batch, classes) and attention (batch, scale, 3), or None.

        The model is compiled for one tensor and for `BATCH` of them, at the first call with so many: that takes
        seconds, later calls milliseconds. Other numbers of tensors go through one by one. See also `compiled`.
        """
        parts = [x] if len(x) == BATCH else [x[index : index + 1] for index in range(len(x))]
        answers = [self._frozen.predict_on_batch(part) for part in parts]
        scores, attention = (np.concatenate(values) for values in zip(*answers, strict=True))
        return scores, attention if attention.shape[-1] else None


class _Frozen(keras.Model):
    """Tensors (batch, T, N, 3) -> the scores of a network, and F_A (batch, T, 3), or (batch, T, 0) without attention.

    frozen: the weights are those that the network has now, as constants: XLA then lays them out once and not at each
    call, which takes a third off the time of a sequence by MANs-9, and more off larger models'.
    """

    def __init__(self, network, frozen):
        super().__init__(name="frozen")
        self.network = network
        weights = network.variables if frozen else ()
        self.constants = [(weight, keras.ops.convert_to_numpy(weight)) for weight in weights]

    def call(self, x):
        with keras.StatelessScope(state_mapping=self.constants):
            return self.network(x, training=False), attention_weights(self.network, x)


def _name(source):
    return utf8(str(source)) if isinstance(source, (str, Path)) else "array"
