"""One run: a model, a fold of a tensor file, a recipe and a seed -> a record."""

import contextlib
import functools
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np

from mans_keras.errors import InputError
from mans_keras.files import replacing
from mans_keras.models import mans
from mans_keras.models.fingerprint import fingerprint
from mans_keras.tensors.protocols import Fold
from mans_keras.training import memory, recipes
from mans_keras.training.augmentation import augment
from mans_keras.training.batches import Batches
from mans_keras.training.checkpoint import Checkpoint
from mans_keras.training.machine import device, gpu, versions

MODELS = {
    "mans-9": mans.MANs9,
    "mans-33": mans.MANs33,
    "mans-61": mans.MANs61,
    "mans-resnet18": mans.MANsResNet18,
    "mans-densenet161": mans.MANsDenseNet161,
}
# On a CPU, a step of DenseNet-161 takes longer with XLA, and the first one minutes; the others are faster with it
# (benchmark.py).
WITHOUT_XLA = ("mans-densenet161",)
# Of a recipe, what `network` heeds.
NETWORK_VALUES = ("alpha", "gru_dropout", "l2", "gru_initializer", "conv_initializer")
SCALES = {"mans-9": 50, "mans-33": 50, "mans-61": 50, "mans-resnet18": 224, "mans-densenet161": 224}


@dataclass(frozen=True)
class Run:
    """Everything that decides a result, but for the machine.

    model: a key of `MODELS`; arguments: of its function, e.g. {"attention": "song"}; variant: the name of both
    together, by which the record is filed; tensors: SHA-256 of the tensor file's contents.
    """

    experiment: str
    dataset: str
    protocol: str
    fold: Fold
    model: str
    variant: str
    arguments: dict
    recipe: recipes.Recipe
    epochs: int
    batch: int
    seed: int
    precision: str
    tensors: str

    def settings(self):
        """The fields as a record keeps them, with the recipe's values for this dataset and scale.

        Of the recipe, coordinates and layout are left out: the tensors have their own.
        """
        recipe = asdict(self.recipe)
        for name in ("batch", "epochs", "coordinates", "layout"):
            del recipe[name]
        recipe["gru_dropout"] = recipe["gru_dropout"][SCALES[self.model]]
        recipe["batch_norm_momentum"] = recipes.for_dataset(recipe["batch_norm_momentum"], self.dataset)
        return {**vars(self), "fold": self.fold.name, "recipe": recipe}

    @property
    def trial(self):
        """What is other in this run than its table has by default, e.g. "best-epochs-2"; "" if nothing is.

        A recipe, or a value of one, that the variant is named after is no trial.
        """
        recipe, dataset = self.recipe, self.dataset
        departures = {
            recipe.name: recipe.name != recipes.RELEASED.name and not self.variant.startswith(recipe.name),
            f"epochs-{self.epochs}": self.epochs != recipes.for_dataset(recipe.epochs, dataset),
            f"batch-{self.batch}": self.batch != recipes.for_dataset(recipe.batch, dataset),
            self.precision: self.precision != "float32",
        }
        if self.variant.startswith(self.model) and recipe.name in recipes.RECIPES:
            departures |= dict.fromkeys(recipes.changes(recipe, recipes.RECIPES[recipe.name]), True)
        return "-".join(name for name, departs in departures.items() if departs)


def network(run, classes):
    """The untrained network of a run, not compiled."""
    recipe = run.recipe
    return MODELS[run.model](
        classes,
        **{"alpha": recipe.alpha, "dropout": recipe.gru_dropout[SCALES[run.model]], **run.arguments},
        l2=recipe.l2,
        gru_initializer=recipe.gru_initializer,
        conv_initializer=recipe.conv_initializer,
    )


_fingerprints = {}


def fingerprint_of(run):
    """The `fingerprint` of a run's network, as its record keeps it; computed once in a process."""
    recipe = {name: value for name, value in asdict(run.recipe).items() if name in NETWORK_VALUES}
    key = (MODELS[run.model], json.dumps([run.arguments, recipe], sort_keys=True))
    if key not in _fingerprints:
        with _dtype_policy("float32"):
            _fingerprints[key] = fingerprint(functools.partial(network, run))
    return _fingerprints[key]


def build(run, classes, devices=1, steps=1):
    """The compiled model of a run, to be trained on this many devices, in this many steps an epoch."""
    recipe = run.recipe
    model = network(run, classes)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = recipes.for_dataset(recipe.batch_norm_momentum, run.dataset)
            layer.synchronized = devices > 1
    rate = recipe.learning_rate
    if recipe.cosine:
        rate = keras.optimizers.schedules.CosineDecay(rate, decay_steps=run.epochs * steps)
    averaged = {"use_ema": True, "ema_momentum": recipe.weight_average} if recipe.weight_average else {}
    model.compile(
        optimizer=keras.optimizers.SGD(rate, momentum=recipe.momentum, nesterov=recipe.nesterov, **averaged),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing),
        metrics=["accuracy"],
        jit_compile=_with_xla(run.model, devices),
    )
    if devices == 1:
        # Left to the first step, these would have TensorFlow trace it twice.
        model.optimizer.build(model.trainable_variables)
        nothing = keras.ops.zeros((1, classes))
        model.compute_metrics(None, nothing, nothing)
        model.reset_metrics()
    return model


def _with_xla(model, devices):
    """The `jit_compile` that makes a network's steps fastest."""
    # JAX always compiles; with TensorFlow on a GPU, the GRUs' cuDNN kernels exclude XLA.
    if keras.backend.backend() != "tensorflow" or gpu() or devices > 1:
        return "auto"
    return model not in WITHOUT_XLA


@contextlib.contextmanager
def _dtype_policy(precision):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _plateau(settings):
    return keras.callbacks.ReduceLROnPlateau(
        "val_loss", settings.factor, settings.patience, cooldown=settings.cooldown, min_lr=settings.floor
    )


def _loggers(logs, folder, appending):
    """Keras' callbacks for the names in `logs`, "csv" and "tensorboard", which write under `folder`."""
    if "csv" in logs:
        folder.mkdir(parents=True, exist_ok=True)
        yield keras.callbacks.CSVLogger(folder / "epochs.csv", append=appending)
    if "tensorboard" in logs:
        yield keras.callbacks.TensorBoard(folder, write_graph=False)


def train(run, tensors, on_epoch=None, checkpoint=None, devices=1, logs=(), log_folder=None, model_path=None):
    """Train one run on an open tensor file and return its record, ready for JSON.

    Test accuracy is recorded at the last epoch and at the best: the best is chosen on the test set, as in the released
    code, and is no honest estimate. A run whose loss is no longer finite stops, and its record says so.

    Args:
        on_epoch: called after each epoch with its number, from 1, and its logs; first for those of the checkpoint.
        checkpoint: path of a file that holds the state after the last finished epoch; if it is there already, from
            this very run, the run goes on from it.
        devices: GPUs (or other logical devices of TensorFlow) that share each batch.
        logs: of "csv" and "tensorboard", written under `log_folder`.
        model_path: where the trained model is saved, `.h5` or `.keras`, for `recognition`; without its optimiser, and
            not if its loss was no longer finite.

    Raises `InputError` if there are fewer devices, the backend is not TensorFlow, or the batch can't be shared equally.
    """
    memory.keep_freed()
    fingerprint = fingerprint_of(run)
    keras.backend.clear_session()
    keras.utils.set_random_seed(run.seed)
    recipe, classes = run.recipe, len(tensors.class_names)
    labels = keras.utils.to_categorical(tensors.label, classes)
    change = recipe.augmentation and functools.partial(
        augment, augmentation=recipe.augmentation, coordinates=tensors.coordinates, mirroring=tensors.mirroring()
    )
    batches = Batches(tensors.samples(run.fold.train), labels[run.fold.train], run.batch, run.seed, change)
    with _shared_by(devices, batches.batch), _dtype_policy(run.precision):
        model = build(run, classes, devices, batches.steps)

    number = len(run.fold.test)
    # Parts of nearly equal size, so that evaluation is compiled once or twice.
    equal = math.ceil(number / math.ceil(number / 128))
    test = Batches(tensors.samples(run.fold.test), labels[run.fold.test], equal)
    plateau = recipe.plateau and _plateau(recipe.plateau)
    key = {**run.settings(), "fingerprint": fingerprint, "device": device(devices), "versions": versions()}
    state = Checkpoint(checkpoint, key, model, plateau)
    batches.first_epoch = len(state.epochs)
    callbacks = [keras.callbacks.TerminateOnNaN(), *([plateau] if plateau else []), state]
    if recipe.weight_average:
        callbacks.append(keras.callbacks.SwapEMAWeights())
    callbacks += _loggers(logs, log_folder, appending=bool(state.epochs))
    if on_epoch:
        for epoch, restored in enumerate(state.epochs, start=1):
            on_epoch(epoch, restored)
        callbacks.append(keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: on_epoch(epoch + 1, logs)))
    if not _diverged(state.epochs):
        model.fit(
            batches.feed(),
            steps_per_epoch=batches.steps,
            initial_epoch=len(state.epochs),
            epochs=run.epochs,
            validation_data=test.feed(),
            validation_steps=test.steps,
            callbacks=callbacks,
            shuffle=False,
            verbose=0,
        )
    if model_path and not _diverged(state.epochs):
        model.preparation = json.dumps(preparation(tensors))
        save(model, model_path)
    predicted = model.predict(test.feed(), steps=test.steps, verbose=0).argmax(axis=-1)

    return {
        **run.settings(),
        **_course(state.epochs),
        "predictions": {
            "name": tensors.name[run.fold.test].tolist(),
            "true": tensors.label[run.fold.test].tolist(),
            "predicted": predicted.tolist(),
        },
        "class_names": tensors.class_names,
        "parameters": model.count_params(),
        "scale": tensors.scale,
        "layout": tensors.layout,
        "coordinates": tensors.coordinates,
        "mirroring": recipes.mirrors(recipe, tensors),
        "fingerprint": fingerprint,
        "seconds": round(state.seconds, 1),
        "device": device(devices),
        "backend": keras.backend.backend(),
        "versions": versions(),
    }


def save(model, path):
    """Save a model without its optimiser, whole or not at all: the model that was there stays until this one is done.

    path: ends with `.h5` or `.keras`. Raises `OSError` if it can't be written. On a full disk HDF5, which writes `.h5`,
    may also crash the process: that is as if it were killed, see `replacing`.
    """
    path = Path(path)
    with replacing(path, path.suffix) as part:
        try:
            model.save(part, include_optimizer=False)
        except RuntimeError as error:  # HDF5's, of a write that failed where h5py does not look for an OSError
            raise OSError(f"{path} can't be written (is the disk full?): {' '.join(str(error).split())}") from None


def preparation(tensors):
    """`Tensors.preparation`."""
    return tensors.preparation()


def _course(epochs):
    """What a record keeps of the epochs' logs."""
    names = {
        "train_loss": "loss",
        "train_accuracy": "accuracy",
        "test_loss": "val_loss",
        "test_accuracy": "val_accuracy",
    }
    history = {
        ours: [epoch[theirs] if math.isfinite(epoch[theirs]) else None for epoch in epochs]
        for ours, theirs in names.items()
    }
    test_accuracy = history["test_accuracy"]
    return {
        "history": history,
        "diverged": _diverged(epochs),
        "last_epoch_test_accuracy": test_accuracy[-1],
        "best_epoch_test_accuracy": max(test_accuracy),
        "best_epoch": int(np.argmax(test_accuracy)) + 1,
    }


def _diverged(epochs):
    return bool(epochs) and not math.isfinite(epochs[-1]["loss"])


def _shared_by(devices, batch):
    """The scope in which a model is built that `devices` train together."""
    if devices == 1:
        return contextlib.nullcontext()
    if keras.backend.backend() != "tensorflow":
        raise InputError("several devices a run need the TensorFlow backend")
    import tensorflow as tf

    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(found) < devices:
        raise InputError(f"{devices} devices were asked for, and there are {len(found)}")
    if batch % devices:
        raise InputError(f"a batch of {batch} can't be shared equally by {devices} devices")
    return tf.distribute.MirroredStrategy([one.name for one in found[:devices]]).scope()
