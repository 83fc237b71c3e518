"""`mans train`: one fold of a protocol, or all sequences."""

import click

from mans_keras.cli.common import FILE, show, warn
from mans_keras.errors import InputError, counted


@click.command("train")
@click.argument("tensors", type=FILE)
@click.argument("model", type=FILE)
@click.option("--network", default="mans-9", help="One of the paper's five networks, e.g. mans-resnet18.")
@click.option("--protocol", help="How training and test are split. Default: the first for the dataset.")
@click.option(
    "--fold", default=0, type=click.IntRange(0), help="Which fold to train, from 0. The other folds are not trained."
)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Train on all sequences, for a model to use. Nothing tests it, and its record says so: test the same training "
    "by a protocol first.",
)
@click.option("--recipe", default="best", help="best, paper or released.")
@click.option(
    "--set",
    "values",
    multiple=True,
    metavar="NAME=VALUE",
    help="Another value in the recipe, such as learning_rate=0.02 or augmentation=none; may be repeated.",
)
@click.option(
    "--attention",
    default="residual",
    metavar="NAME|FILE.py",
    help="residual, song, none, frozen, weighted or gate, or a Python file with an attention of your own.",
)
@click.option("--alpha", type=click.IntRange(1), help="The ratio of Eq. 8. Default: 16.")
@click.option("--epochs", type=click.IntRange(1), help="Default: as the recipe has it.")
@click.option("--seed", default=0, type=click.IntRange(0))
def command(tensors, model, network, protocol, fold, everything, recipe, values, attention, alpha, epochs, seed):
    """Train a network on TENSORS and save it as MODEL, and its record as MODEL.json.

    TENSORS is a file that a script in data_prep/ wrote; MODEL ends with .h5 or .keras. If the training is interrupted,
    run the same command again to resume.
    """
    import mans_keras.models  # noqa: F401 - first, since it keeps TensorFlow quiet
    from mans_keras.files import make_folder
    from mans_keras.tensors import protocols
    from mans_keras.tensors.store import Tensors
    from mans_keras.training import recipe_values, recipes, records, train_model
    from mans_keras.training.progress import EpochProgress
    from mans_keras.training.train_run import train_run

    if model.suffix not in (".h5", ".keras"):
        raise InputError(f"{model} must end with .h5 or .keras")
    if everything and (protocol or fold):
        raise InputError("--all trains on all sequences: leave out --protocol and --fold")
    opened = Tensors(tensors)
    protocol = protocols.ALL if everything else protocol
    chosen = _attention(attention)
    run = train_model.plan_run(
        opened, network, protocol, fold, recipe, epochs, seed, chosen, alpha, values, experiment="mans_train"
    )
    make_folder(model.parent)
    if model.exists():
        warn(f"note: {model} exists, and is replaced with its record when this training ends")
    trains, tests = len(run.fold.train), len(run.fold.test)
    tested = f"testing on {tests} ({run.fold.name})" if tests else "testing on none"
    warn(f"training {run.variant} on {trains} sequences, {tested}, {counted(run.epochs, 'epoch')}, recipe {recipe}")
    for note in train_model.notes(run, opened):
        warn(f"note: {note}")
    for change in recipe_values.changed(run.recipe, recipes.RECIPES[recipe], opened.dataset):
        warn(f"{recipe} with {change}")

    checkpoint = model.with_suffix(".checkpoint.npz")
    try:
        with EpochProgress(run.epochs) as progress:
            record, _ = train_run(run, opened, on_epoch=progress, checkpoint=checkpoint, model_path=model)
    except KeyboardInterrupt:
        kept = f"the finished epochs are in {checkpoint}: " if checkpoint.exists() else ""
        warn(f"interrupted; {kept}run the same command again to resume")
        raise SystemExit(130) from None
    # After a diverged training, an older model of this name stays, and so does its record.
    record_path = model.with_name(f"{model.name}{'.diverged' if record['diverged'] else ''}.json")
    records.write_record(record_path, record)
    checkpoint.unlink(missing_ok=True)
    if record["diverged"]:
        epochs = len(record["history"]["train_loss"])
        raise InputError(
            f"DIVERGED after {counted(epochs, 'epoch')}: {model} is not saved; the record is {record_path}"
        )
    if tests:
        accuracy = record["last_epoch_test_accuracy"]
        show(f"{model}: test accuracy {accuracy:.2%} at the last epoch, on {tests} sequences ({run.fold.name})")
    else:
        show(f"{model}: {record['untested']}")
    show(f"record: {record_path}")


def _attention(text):
    """The name of an attention, or None for "none". A Python file is run, and must register one attention."""
    from mans_keras.models.attention import ATTENTIONS
    from mans_keras.models.extensions import load_extension

    if text.endswith(".py"):
        text, *others = load_extension(text)
        if others:
            raise InputError(f"the file registers {text} and {', '.join(others)}: put each attention in its own file")
        return text
    if text != "none" and text not in ATTENTIONS:
        known = ", ".join([*ATTENTIONS, "none"])
        raise InputError(f"no attention {text!r}: there are {known}, or a Python file with your own")
    return None if text == "none" else text
