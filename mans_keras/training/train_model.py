"""Training in one call: tensors, a model and a recipe by name -> a record and a model."""

import inspect
import math
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from rich.console import Console

from mans_keras.errors import InputError, counted, listed
from mans_keras.models.attention import ATTENTIONS, as_config
from mans_keras.models.network import MemoryAttentionNetwork
from mans_keras.tensors import protocols
from mans_keras.tensors.store import Tensors
from mans_keras.training import recipes
from mans_keras.training.progress import EpochProgress
from mans_keras.training.recipe_values import with_values
from mans_keras.training.run import MODELS, SCALES, Run
from mans_keras.training.train_run import train_run

LAG = 0.05  # the share of its first step in an average, from which on the average says little of the last steps


def train(
    tensors: Tensors,
    model: str = "mans-9",
    *,
    protocol: str | None = None,
    fold: int | str = 0,
    recipe: str = "best",
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
        protocol: how sequences are split into training and test; default: the first one of the dataset. "all" trains on
            all sequences and tests nothing, which the record says.
        fold: of the protocol, its number from 0 or its name, e.g. "loso-s03".
        recipe: "paper", "released" or "best".
        attention: as in `mans_keras.MANs`.
        epochs: default: the recipe's for the dataset.
        seed: from 0, of all that is random: first weights, order and changes of the sequences, dropout. On the same
            CPU, the same seed gives the same record.
        model_path: where the model is also saved, `.h5` or `.keras`.

    Returns: the run's record, as the experiments write it, and the trained model, which `save` makes a file for
    `mans predict`. If the loss is no longer finite, training stops, `record["diverged"]` is true, nothing is saved,
    and a warning says so.

    Raises: `InputError`, a `ValueError`, for a name, fold or file that does not fit; `ValueError` for the attention.
    """
    if model_path and Path(model_path).suffix not in (".h5", ".keras"):
        raise InputError(f"{model_path} must end with .h5 or .keras")
    run = plan_run(tensors, model, protocol, fold, recipe, epochs, seed, attention)
    for note in notes(run, tensors):
        print(f"note: {note}")
    # Notebooks claim to be terminals, but they keep every state of a bar.
    console = Console(force_terminal=sys.stdout.isatty(), force_jupyter=False)
    with EpochProgress(run.epochs, console) as progress:
        record, trained = train_run(run, tensors, progress, model_path=model_path)
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
    recipe: str = "best",
    epochs: int | None = None,
    seed: int = 0,
    attention: str | dict | keras.layers.Layer | None = "residual",
    alpha: int | None = None,
    values: Sequence[str] = (),
    experiment: str = "train",
) -> Run:
    """The run that these arguments of `train` describe; `InputError` where they do not fit together.

    alpha: the ratio of Eq. 8, default: the recipe's; values: changes of the recipe, see `recipe_values.with_values`.
    """
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
        several = f"it has 0-{len(folds) - 1}, named {folds[0].name} to {folds[-1].name}"
        one_fold = f"{protocol} has one fold, 0"
        raise InputError(f"no fold {fold!r} of {protocol}: {several if len(folds) > 1 else one_fold}")
    chosen = with_values(recipes.RECIPES[recipe], values)
    if chosen.plateau and protocol == protocols.ALL:
        raise InputError(
            f"the recipe {recipe} lowers its rate by the test loss, and training on all tests nothing: take another "
            "recipe, such as best"
        )
    attention = as_config(attention)
    arguments = {} if attention == "residual" else {"attention": attention}
    alphas = {} if alpha in (None, chosen.alpha) else {"alpha": alpha}
    if alphas:
        _check_alpha(alpha, attention, tensors.scale)
    own = attention["class_name"] if isinstance(attention, dict) else attention or "no-attention"
    return Run(
        experiment=experiment,
        dataset=tensors.dataset,
        protocol=protocol,
        fold=known_folds[fold],
        model=model,
        variant="-".join([model, *([] if attention == "residual" else [own]), *(f"alpha{alpha}" for _ in alphas)]),
        arguments=arguments | alphas,
        recipe=chosen,
        epochs=epochs or recipes.for_dataset(chosen.epochs, tensors.dataset),
        batch=recipes.for_dataset(chosen.batch, tensors.dataset),
        seed=seed,
        precision="float32",
        tensors=tensors.digest(),
    )


def _check_alpha(alpha, attention, frames):
    """Raise `InputError` if this attention has no alpha, or if it must be another."""
    kind = ATTENTIONS.get(attention) if isinstance(attention, str) else None
    if kind and "alpha" not in inspect.signature(kind).parameters:
        raise InputError(f"alpha={alpha}: the attention {attention} has no alpha")
    if attention is None or not 1 <= alpha <= frames:
        limits = "a network without attention has none" if attention is None else f"it must be from 1 to {frames}"
        raise InputError(f"alpha={alpha}: {limits}")


def notes(run: Run, tensors: Tensors) -> list[str]:
    """Sentences about what in these tensors does not suit the run; to be read before it begins."""
    mirrors = recipes.mirrors(run.recipe, tensors)
    sentences = recipes.departures(run.recipe.name, tensors.coordinates, tensors.layout, mirrors)
    if tensors.coordinates != run.recipe.coordinates:
        sentences.append(f"to follow the recipe, prepare the tensors with --coordinates {run.recipe.coordinates}")
    for side, indices in (("train", run.fold.train), ("test", run.fold.test)):
        counts = np.bincount(tensors.label[indices], minlength=len(tensors.class_names))
        absent = [name for name, count in zip(tensors.class_names, counts, strict=True) if not count]
        if absent and len(indices) > 1:
            which = f"{len(absent)} of {len(counts)} classes: {listed(absent)}"
            sentences.append(f"the fold {run.fold.name} has no sequence to {side} of {which}")
    if len(run.fold.train) < run.batch:
        sentences.append(
            f"{len(run.fold.train)} training sequences are fewer than a batch of {run.batch}: each epoch is one step"
        )
    steps = run.epochs * math.ceil(len(run.fold.train) / run.batch)
    momentum = max(run.recipe.weight_average or 0, recipes.for_dataset(run.recipe.batch_norm_momentum, run.dataset))
    if momentum**steps > LAG:
        sentences.append(
            f"this training has {counted(steps, 'step')}, and the saved weights are an average over about "
            f"{round(1 / (1 - momentum))} steps: its accuracy will be far below that of the training. Train more epochs"
        )
    return sentences
