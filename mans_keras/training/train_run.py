"""The training of one run -> its record and its model."""

import contextlib
import functools
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np

from mans_keras import quiet
from mans_keras.errors import InputError
from mans_keras.files import replacing
from mans_keras.models.network import MemoryAttentionNetwork
from mans_keras.models.tarm import attention_weights
from mans_keras.tensors.store import Tensors
from mans_keras.training import memory, recipes
from mans_keras.training.augmentation import augment
from mans_keras.training.batches import Batches
from mans_keras.training.checkpoint import Checkpoint
from mans_keras.training.machine import device, versions
from mans_keras.training.network import build, dtype_policy, fingerprint_of
from mans_keras.training.run import Run

UNTESTED = "all sequences trained this model: nothing tested it, and its accuracy is not known"


def train_run(
    run: Run,
    tensors: Tensors,
    on_epoch: Callable[[int, dict], None] | None = None,
    checkpoint: str | Path | None = None,
    devices: int = 1,
    logs: Sequence[str] = (),
    log_folder: Path | None = None,
    model_path: str | Path | None = None,
) -> tuple[dict, MemoryAttentionNetwork]:
    """Train one run on an open tensor file; returns its record, ready for JSON, and its model.

    The record has the test accuracy of the last epoch and of the best epoch. The best one is chosen on the test set, as
    in the released code, and is no honest estimate. If the loss is no longer finite, the run stops and `diverged` is
    true in its record. If the fold has no test sequences (`protocols.everything`), all test values of the record are
    null, and its `untested` says so in words.

    Args:
        on_epoch: called after each epoch with its number, from 1, and its logs; first for the last epoch of the
            checkpoint.
        checkpoint: path of a file with the state after the last finished epoch. If the file exists and is of the same
            run, the run resumes from it, on another device, too: the record names both.
        devices: GPUs (or other logical devices of TensorFlow) that share each batch.
        logs: of "csv" and "tensorboard", written under `log_folder`.
        model_path: where the trained model is saved, `.h5` or `.keras`, without its optimiser; it is not saved if the
            loss is no longer finite.

    Raises `InputError` for several devices if there are fewer, if the backend is not TensorFlow, or if they can't share
    the batch equally.
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
    with _shared_by(devices, batches.batch), dtype_policy(run.precision):
        model = build(run, classes, devices, batches.steps)
    if tensors.joints or model_path:
        model.preparation = tensors.preparation()

    number = len(run.fold.test)
    test, validation = None, {}
    if number:
        # Parts of nearly equal size, so that evaluation is compiled once or twice.
        equal = math.ceil(number / math.ceil(number / 128))
        test = Batches(tensors.samples(run.fold.test), labels[run.fold.test], equal)
        validation = {"validation_data": test.feed(), "validation_steps": test.steps}
    plateau = recipe.plateau and _plateau(recipe.plateau)
    key = {**run.settings(), "fingerprint": fingerprint, "versions": versions()}
    state = Checkpoint(checkpoint, key, model, plateau, tested=number > 0, device=device(devices))
    batches.first_epoch = len(state.epochs)
    callbacks = [keras.callbacks.TerminateOnNaN(), *([plateau] if plateau else []), state]
    if recipe.weight_average:
        callbacks.append(keras.callbacks.SwapEMAWeights())
    callbacks += _loggers(logs, log_folder, appending=bool(state.epochs))
    if on_epoch:
        if state.epochs:
            on_epoch(len(state.epochs), state.epochs[-1])
        callbacks.append(keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: on_epoch(epoch + 1, logs)))
    if not _diverged(state.epochs):
        model.fit(
            batches.feed(),
            steps_per_epoch=batches.steps,
            initial_epoch=len(state.epochs),
            epochs=run.epochs,
            **validation,
            callbacks=callbacks,
            shuffle=False,
            verbose=0,
        )
    if model_path and not _diverged(state.epochs):
        save(model, model_path)
    predicted = np.arange(0)
    if test:
        predicted = model.predict(test.feed(), steps=test.steps, verbose=0).argmax(axis=-1)

    record = {
        **run.settings(),
        **_course(state.epochs),
        **({} if test else {"untested": UNTESTED}),
        "sequences": {"train": len(run.fold.train), "test": number},
        "predictions": {
            "name": tensors.name[run.fold.test].tolist(),
            "true": tensors.label[run.fold.test].tolist(),
            "predicted": predicted.tolist(),
        },
        **_attention(model, test),
        "class_names": tensors.class_names,
        "parameters": model.count_params(),
        "scale": tensors.scale,
        "layout": tensors.layout,
        "coordinates": tensors.coordinates,
        "mirroring": recipes.mirrors(recipe, tensors),
        "fingerprint": fingerprint,
        "seconds": round(state.seconds, 1),
        "device": "; ".join(state.devices),
        "backend": keras.backend.backend(),
        "versions": versions(),
    }
    return record, model


def save(model, path):
    """Save a model without its optimiser, completely or not at all: an earlier file stays until this one is complete.

    path: ends with `.h5` or `.keras`. Raises `OSError` if it can't be written. On a full disk HDF5, which writes `.h5`,
    may also crash the process; the effect is that of a kill, see `replacing`.
    """
    path = Path(path)
    with replacing(path, path.suffix) as part:
        try:
            with quiet.stderr(), _without_optimizer(model):  # Keras warns about `.h5`
                model.save(part, include_optimizer=False)  # which `.h5` alone heeds
        except RuntimeError as error:  # of HDF5, for some failed writes
            raise OSError(f"{path} can't be written (is the disk full?): {' '.join(str(error).split())}") from None


def _attention(model, test):
    """The part of a record that says how F_A varies on the test sequences, over all frames and coordinates.

    over_frames: the standard deviation over the frames of a sequence, the mean over sequences and coordinates.
    """
    if not test:
        return {}
    weights = np.concatenate(
        [keras.ops.convert_to_numpy(attention_weights(model, test[number][0])) for number in range(test.steps)]
    ).astype(float)
    if not weights.size or not np.isfinite(weights).all():
        return {}
    values = {
        "mean": weights.mean(),
        "over_frames": weights.std(axis=1).mean(),
        "lowest": weights.min(),
        "highest": weights.max(),
    }
    return {"attention": {name: round(float(value), 4) for name, value in values.items()}}


@contextlib.contextmanager
def _without_optimizer(model):
    """Without this, `.keras` holds the optimiser, too, which is twice as large as the weights."""
    if not model.compiled:
        yield
        return
    optimizer, model.optimizer, model.compiled = model.optimizer, None, False
    try:
        yield
    finally:
        model.optimizer, model.compiled = optimizer, True


def _course(epochs):
    """The part of a record that comes from the logs of the epochs."""
    names = {
        "train_loss": "loss",
        "train_accuracy": "accuracy",
        "test_loss": "val_loss",
        "test_accuracy": "val_accuracy",
    }
    history = {
        name: [epoch[log] if math.isfinite(epoch.get(log, math.nan)) else None for epoch in epochs]
        for name, log in names.items()
    }
    test_accuracy = [accuracy for accuracy in history["test_accuracy"] if accuracy is not None]
    return {
        "history": history,
        "diverged": _diverged(epochs),
        "last_epoch_test_accuracy": test_accuracy[-1] if test_accuracy else None,
        "best_epoch_test_accuracy": max(test_accuracy, default=None),
        "best_epoch": int(np.argmax(test_accuracy)) + 1 if test_accuracy else None,
    }


def _diverged(epochs):
    return bool(epochs) and not math.isfinite(epochs[-1]["loss"])


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


def _shared_by(devices, batch):
    """The scope in which to build a model that several devices train together."""
    if devices == 1:
        return contextlib.nullcontext()
    if keras.backend.backend() != "tensorflow":
        raise InputError("several devices a run need the TensorFlow backend")
    import tensorflow as tf

    available = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(available) < devices:
        raise InputError(f"{devices} devices are too many: there are {len(available)}")
    if batch % devices:
        raise InputError(f"a batch of {batch} can't be shared equally by {devices} devices")
    return tf.distribute.MirroredStrategy([logical.name for logical in available[:devices]]).scope()
