"""Training in one call: tensors, a model and a recipe by name -> a record and a model."""

import warnings
from pathlib import Path

import keras

from mans_keras.errors import InputError
from mans_keras.models.attention import as_config
from mans_keras.models.network import MemoryAttentionNetwork
from mans_keras.tensors import protocols
from mans_keras.tensors.store import Tensors
from mans_keras.training import recipes
from mans_keras.training.run import MODELS, SCALES, Run
from mans_keras.training.train_run import train_run


def train(
    tensors: Tensors,
    model: str = "mans-9",
    *,
    protocol: str | None = None,
    fold: int | str = 0,
    recipe: str = "released",
    attention: str | keras.layers.Layer | None = "residual",
    epochs: int | None = None,
    seed: int = 0,
    model_path: str | Path | None = None,
) -> tuple[dict, MemoryAttentionNetwork]:
    """Train a model on one fold of a protocol, as the experiments do, and show the progress.

        record, model = train(Tensors("ut_kinect_50.h5"), "mans-9", protocol="odd_even", recipe="best")
        record["last_epoch_test_accuracy"]

    Args:
        tensors: an open tensor file.
        model: "mans-9", "mans-33" or "mans-61" for tensors of scale 50, "mans-resnet18" or "mans-densenet161" for 224.
        protocol: how sequences are split into training and test; default: the first one of the dataset.
        fold: of the protocol, its number from 0 or its name, e.g. "loso-s03".
        recipe: "paper", "released" or "best".
        attention: as in `mans_keras.MANs`.
        epochs: default: the recipe's for the dataset.
        model_path: where the model is also saved, `.h5` or `.keras`.

    Returns: the run's record, as the experiments write it, and the trained model, which `save` makes a file for
    `mans predict`. If the loss is no longer finite, training stops, `record["diverged"]` is true, nothing is saved,
    and a warning says so.

    Raises: `InputError`, a `ValueError`, for a name, fold or file that does not fit; `ValueError` for the attention.
    """
    if model_path and Path(model_path).suffix not in (".h5", ".keras"):
        raise InputError(f"{model_path} must end with .h5 or .keras")
    run = plan_run(tensors, model, protocol, fold, recipe, epochs, seed, attention)
    for departure in recipes.departures(
        recipe, tensors.coordinates, tensors.layout, recipes.mirrors(run.recipe, tensors)
    ):
        print(f"note: {departure}")
    progress = keras.utils.Progbar(run.epochs, unit_name="epoch", stateful_metrics=["test_accuracy"])
    record, trained = train_run(
        run,
        tensors,
        on_epoch=lambda epoch, logs: progress.update(epoch, [("test_accuracy", logs["val_accuracy"])]),
        model_path=model_path,
    )
    if record["diverged"]:
        warnings.warn(
            f"the loss was not finite after {len(record['history']['train_loss'])} of {run.epochs} epochs: the model "
            f"has learned nothing{f', and {model_path} is not saved' if model_path else ''}",
            stacklevel=2,
        )
    return record, trained


def plan_run(
    tensors: Tensors,
    model: str,
    protocol: str | None = None,
    fold: int | str = 0,
    recipe: str = "released",
    epochs: int | None = None,
    seed: int = 0,
    attention: str | dict | keras.layers.Layer | None = "residual",
    experiment: str = "train",
) -> Run:
    """The run that these arguments of `train` describe; `InputError` where they do not fit together."""
    for value, known, what in ((model, MODELS, "model"), (recipe, recipes.RECIPES, "recipe")):
        if value not in known:
            raise InputError(f"no {what} {value!r}: there are {', '.join(known)}")
    if tensors.scale != SCALES[model]:
        raise InputError(f"{model} needs tensors of scale {SCALES[model]}; {tensors.path} has scale {tensors.scale}")
    if not tensors.joints:
        raise InputError(f"{tensors.path} does not say how many joints a recording has: prepare it again")
    if epochs is not None and epochs < 1:
        raise InputError(f"epochs={epochs} must be at least 1")
    protocol = protocol or next(iter(protocols.of_dataset(tensors.dataset)))
    folds = [protocols.everything(tensors)] if protocol == protocols.ALL else protocols.folds(tensors, protocol)
    known_folds = {known.name: known for known in folds} | dict(enumerate(folds))
    if fold not in known_folds:
        raise InputError(
            f"no fold {fold!r} of {protocol}: it has 0-{len(folds) - 1}, named {folds[0].name} to {folds[-1].name}"
        )
    chosen = recipes.RECIPES[recipe]
    attention = as_config(attention)
    own = attention["class_name"] if isinstance(attention, dict) else attention or "no-attention"
    return Run(
        experiment=experiment,
        dataset=tensors.dataset,
        protocol=protocol,
        fold=known_folds[fold],
        model=model,
        variant=model if attention == "residual" else f"{model}-{own}",
        arguments={} if attention == "residual" else {"attention": attention},
        recipe=chosen,
        epochs=epochs or recipes.for_dataset(chosen.epochs, tensors.dataset),
        batch=recipes.for_dataset(chosen.batch, tensors.dataset),
        seed=seed,
        precision="float32",
        tensors=tensors.digest(),
    )
