"""`mans train`: one fold of a protocol."""

import click

from mans_keras.cli.common import FILE, show, warn
from mans_keras.errors import InputError


@click.command("train")
@click.argument("tensors", type=FILE)
@click.argument("model", type=FILE)
@click.option("--network", default="mans-9", help="One of the paper's five networks, e.g. mans-resnet18.")
@click.option("--protocol", help="How training and test are split. Default: the first for the dataset.")
@click.option(
    "--fold", default=0, type=click.IntRange(0), help="Which fold to train, from 0. The other folds are not trained."
)
@click.option("--recipe", default="released", help="paper, released or best.")
@click.option("--epochs", type=click.IntRange(1), help="Default: as the recipe has it.")
@click.option("--seed", default=0, type=click.IntRange(0))
def command(tensors, model, network, protocol, fold, recipe, epochs, seed):
    """Train a network on TENSORS and save it as MODEL, and its record as MODEL.json.

    TENSORS is a file that a script in data_prep/ wrote; MODEL ends with .h5 or .keras. If the training is interrupted,
    run the same command again to resume.
    """
    import mans_keras.models  # noqa: F401 - first, since it keeps TensorFlow quiet
    from mans_keras.tensors.store import Tensors
    from mans_keras.training import recipes, records
    from mans_keras.training.train_model import plan_run
    from mans_keras.training.train_run import train_run

    if model.suffix not in (".h5", ".keras"):
        raise InputError(f"{model} must end with .h5 or .keras")
    opened = Tensors(tensors)
    run = plan_run(opened, network, protocol, fold, recipe, epochs, seed, experiment="mans_train")
    model.parent.mkdir(parents=True, exist_ok=True)
    trains, tests = len(run.fold.train), len(run.fold.test)
    warn(f"training {network} on {trains} sequences, testing on {tests} ({run.fold.name}), {run.epochs} epochs")
    mirrors = recipes.mirrors(run.recipe, opened)
    for departure in recipes.departures(recipe, opened.coordinates, opened.layout, mirrors):
        warn(f"note: {departure}")

    def print_epoch(epoch, logs):
        warn(f"epoch {epoch} of {run.epochs}: test accuracy {logs['val_accuracy']:.2%}")

    checkpoint = model.with_suffix(".checkpoint.npz")
    record, _ = train_run(run, opened, on_epoch=print_epoch, checkpoint=checkpoint, model_path=model)
    # After a diverged training, an older model of this name stays, and so does its record.
    record_path = model.with_name(f"{model.name}{'.diverged' if record['diverged'] else ''}.json")
    records.write_record(record_path, record)
    checkpoint.unlink(missing_ok=True)
    if record["diverged"]:
        epochs = len(record["history"]["train_loss"])
        raise InputError(f"DIVERGED after {epochs} epochs: {model} is not saved; the record is {record_path}")
    accuracy, tested = record["last_epoch_test_accuracy"], len(run.fold.test)
    show(f"{model}: test accuracy {accuracy:.2%} at the last epoch, on {tested} sequences ({run.fold.name})")
