"""The `mans` command: ask a trained model, train one, evaluate it, look at it. Thin over the package."""

import json
import sys
from pathlib import Path

import click

from mans_keras.errors import InputError

FILE = click.Path(dir_okay=False, path_type=Path)


def _there(context, parameter, path):
    """Report a missing model before Keras is loaded, which takes seconds."""
    if not path.is_file():
        raise InputError(f"{path} does not exist")
    return path


SAVED_MODEL = click.argument("model", type=FILE, callback=_there)
LONG = 5  # times the usual length: more than one action, probably


class _Group(click.Group):
    """Bad input is one line on stderr, as everywhere in this project."""

    def invoke(self, context):
        try:
            return super().invoke(context)
        except (InputError, OSError) as error:
            raise click.ClickException(str(error)) from None


def _tell_vertical(name, recognizer, joints):
    """A line on stderr if y does not point up in a recording whose model rests on it."""
    from mans_keras.skeletons.view import vertical

    up = vertical(joints, recognizer.body)
    if recognizer.coordinates == "upright" and up != "+y":
        told = f"{name}: by shoulders and hips, {up} points up, where the model expects y to"
        click.echo(f"{told}: unless somebody lies down or bends there, turn the recording first", err=True)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
def main():
    """Memory Attention Networks: which action is it, and which moments decided that?"""


@main.command()
@SAVED_MODEL
@click.argument("files", metavar="FILE...", type=FILE, nargs=-1, required=True)
@click.option("--top", default=5, show_default=True, type=click.IntRange(1), help="How many classes to show of each.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a recording, with the attention of every frame.")
@click.option(
    "--plot",
    type=FILE,
    metavar="OUT",
    help="Also draw each: OUT.png or .pdf, attention and key poses; OUT.gif or .mp4, the moving skeleton; OUT.html, a "
    "page that plays it. For several FILEs, OUT's name goes on with theirs.",
)
def predict(model, files, top, as_json, plot):
    """Say which action each recording shows.

    MODEL is a file saved by `mans train`. A FILE is a recording of one person's (or one pair's) action: .skeleton, .amc
    beside its .asf, .mat, .txt (UT-Kinect), .npy, .npz, .csv or .json. One that does not fit the model is told, and the
    others are answered.
    """
    if plot:  # matplotlib takes its time
        from mans_keras.reports import prediction_pictures

        prediction_pictures.check(plot)
    from mans_keras.recognition.recognizer import Recognizer

    recognizer = Recognizer(model)
    failed = False
    for file, drawn in zip(files, prediction_pictures.paths(plot, files) if plot else [None] * len(files), strict=True):
        try:
            (prediction,) = recognizer.predict([file])
        except (InputError, OSError) as error:
            click.echo(f"Error: {error}", err=True)
            failed = True
            continue
        if drawn:
            prediction_pictures.write(prediction, drawn)
            click.echo(f"{prediction.name} is drawn in {drawn}", err=True)
        _tell_vertical(prediction.name, recognizer, prediction.joints)
        frames, usual = len(prediction.joints), recognizer.frames
        if usual and frames > LONG * usual:
            told = f"{prediction.name} has {frames} frames, and its model's data set has {usual:.0f} in the median"
            click.echo(f"{told}: if it shows several actions, `mans stream` says which is when", err=True)
        if as_json:
            attention = None if prediction.attention is None else prediction.attention.round(6).tolist()
            told = {"file": prediction.name, "scores": dict(prediction.top(top)), "attention": attention}
            click.echo(json.dumps(told))
            continue
        click.echo(f"{prediction.name}, {len(prediction.joints)} frames")
        for name, score in prediction.top(top):
            click.echo(f"  {score:7.2%}  {name}")
    sys.exit(failed)


@main.command()
@click.argument("tensors", type=FILE)
@click.argument("model", type=FILE)
@click.option("--network", default="mans-9", show_default=True, help="One of the paper's five, e.g. mans-resnet18.")
@click.option("--protocol", help="Which sequences train and which test; default: the first of the data set's.")
@click.option("--fold", default=0, show_default=True, type=click.IntRange(0), help="Which fold of the protocol.")
@click.option("--recipe", default="released", show_default=True, help="paper, released or best.")
@click.option("--epochs", type=click.IntRange(1), help="Default: the recipe's.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0))
def train(tensors, model, network, protocol, fold, recipe, epochs, seed):
    """Train a network on TENSORS and save it as MODEL, with its record as MODEL.json beside it.

    TENSORS is a file that a script in data_prep/ wrote; MODEL ends with .h5 or .keras.
    """
    import mans_keras.models  # noqa: F401 - first, since it keeps TensorFlow quiet
    from mans_keras.tensors import protocols
    from mans_keras.tensors.store import Tensors
    from mans_keras.training import recipes, records
    from mans_keras.training.run import MODELS, SCALES, Run
    from mans_keras.training.train_run import train_run

    if model.suffix not in (".h5", ".keras"):
        raise InputError(f"{model} must end with .h5 or .keras")
    for value, known, what in ((network, MODELS, "network"), (recipe, recipes.RECIPES, "recipe")):
        if value not in known:
            raise InputError(f"no {what} {value!r}: there are {', '.join(known)}")
    opened = Tensors(tensors)
    if not opened.joints:
        raise InputError(f"{tensors} does not tell how many joints a recording has: prepare it again")
    if opened.scale != SCALES[network]:
        raise InputError(f"{network} wants tensors of scale {SCALES[network]}, and {tensors} has {opened.scale}")
    protocol = protocol or next(iter(protocols.of_dataset(opened.dataset)))
    folds = protocols.folds(opened, protocol)
    if fold >= len(folds):
        raise InputError(f"the folds of {protocol} are 0-{len(folds) - 1}")
    chosen = recipes.RECIPES[recipe]
    run = Run(
        experiment="mans_train",
        dataset=opened.dataset,
        protocol=protocol,
        fold=folds[fold],
        model=network,
        variant=network,
        arguments={},
        recipe=chosen,
        epochs=epochs or recipes.for_dataset(chosen.epochs, opened.dataset),
        batch=recipes.for_dataset(chosen.batch, opened.dataset),
        seed=seed,
        precision="float32",
        tensors=opened.digest(),
    )
    model.parent.mkdir(parents=True, exist_ok=True)
    for departure in recipes.departures(
        chosen.name, opened.coordinates, opened.layout, recipes.mirrors(chosen, opened)
    ):
        click.echo(departure, err=True)

    def tell(epoch, logs):
        click.echo(f"epoch {epoch} of {run.epochs}: test accuracy {logs['val_accuracy']:.2%}", err=True)

    checkpoint = model.with_suffix(".checkpoint.npz")
    record, _ = train_run(run, opened, on_epoch=tell, checkpoint=checkpoint, model_path=model)
    # a model that was there before keeps its own record
    told = model.with_name(f"{model.name}{'.diverged' if record['diverged'] else ''}.json")
    records.write_record(told, record)
    checkpoint.unlink(missing_ok=True)
    if record["diverged"]:
        epochs = len(record["history"]["train_loss"])
        raise InputError(f"DIVERGED after {epochs} epochs: {model} is not saved, and {told} is the record")
    accuracy, tested = record["last_epoch_test_accuracy"], len(run.fold.test)
    click.echo(f"{model}: test accuracy {accuracy:.2%} at the last epoch, on {tested} sequences ({run.fold.name})")


@main.command()
@SAVED_MODEL
@click.argument("tensors", type=FILE)
@click.option("--protocol", help="Evaluate on a fold's test sequences; default: on all, those of training too.")
@click.option("--fold", type=click.IntRange(0), help="Which fold of the protocol; default: 0.")
def evaluate(model, tensors, protocol, fold):
    """Say how many of the sequences in TENSORS a saved MODEL names rightly, class by class."""
    import numpy as np

    from mans_keras.recognition.recognizer import BATCH, Recognizer
    from mans_keras.tensors import protocols
    from mans_keras.tensors.store import Tensors

    recognizer, opened = Recognizer(model), Tensors(tensors)
    for what in ("scale", "layout", "coordinates", "bodies", "joints", "classes"):
        ours, theirs = (
            ", ".join(one.class_names) if what == "classes" else getattr(one, what) for one in (recognizer, opened)
        )
        if ours != theirs:
            raise InputError(f"{tensors} is not what {model} was trained on: {what} {theirs}, where it was {ours}")
    if fold is not None and not protocol:
        raise InputError("--fold is of a --protocol: name that, too")
    chosen = np.arange(len(opened))
    if protocol:
        folds = protocols.folds(opened, protocol)
        fold = fold or 0
        if fold >= len(folds):
            raise InputError(f"the folds of {protocol} are 0-{len(folds) - 1}")
        chosen = folds[fold].test
    x, label = opened.read(chosen), opened.label[chosen]
    right = recognizer.model.predict(x, batch_size=BATCH, verbose=0).argmax(axis=-1) == label
    for index, name in enumerate(opened.class_names):
        if (label == index).any():
            click.echo(f"{right[label == index].mean():8.2%}  {name} ({(label == index).sum()})")
    click.echo(f"{right.mean():8.2%}  of {len(chosen)} sequences, whether the model was trained on them or not")


@main.command()
@SAVED_MODEL
def summary(model):
    """Say what a saved MODEL is, and which recordings it understands."""
    from mans_keras.recognition.recognizer import Recognizer

    recognizer = Recognizer(model)
    network = recognizer.model
    click.echo(f"{network.name}: {network.count_params():,} parameters, {len(recognizer.class_names)} classes")
    click.echo(f"recordings: {recognizer.bodies} x {recognizer.joints} joints, {recognizer.coordinates} coordinates")
    click.echo(f"tensors: {recognizer.scale} x {recognizer.scale}, layout {recognizer.layout}")
    click.echo("classes: " + ", ".join(recognizer.class_names))


@main.command()
@click.argument("record", metavar="RECORD.json", type=FILE)
@click.argument("out", metavar="OUT.html", type=FILE)
def report(record, out):
    """Write one HTML file of a run: its accuracies, curves, confusion matrix, mistakes and settings.

    RECORD.json is a run record, as `mans train` and the experiments write them. OUT.html opens without a network.
    """
    from mans_keras.reports import page
    from mans_keras.training.records import read_record

    page.check_name(out)
    page.write(out, page.of_record(read_record(record)))
    click.echo(f"Written to {out}")


@main.command()
@SAVED_MODEL
@click.argument("recording", type=FILE)
@click.option("--window", type=click.IntRange(1), help="Frames; default: the median of the model's data set.")
@click.option("--every", default=1, show_default=True, type=click.IntRange(1), help="Ask the model at each N-th frame.")
@click.option("--plot", metavar="OUT", type=FILE, help="Draw the scores over time: .png, .pdf or .svg.")
def stream(model, recording, window, every, plot):
    """Say which action a long RECORDING shows when, as if its frames arrived one at a time.

    A line is said whenever another class leads. Of a UT-Kinect recording beside its actionLabel.txt, the true segments
    are drawn too, and how many of their frames are named rightly is said.
    """
    import numpy as np

    from mans_keras.recognition import stream
    from mans_keras.recognition.recognizer import Recognizer
    from mans_keras.reports import record_plots

    if plot and plot.suffix not in (".png", ".pdf", ".svg"):
        raise InputError(f"{plot} must end with .png, .pdf or .svg")
    recognizer = Recognizer(model)
    online = stream.Stream(recognizer, window)
    joints, segments = recognizer.read(recording), stream.true_segments(recording) or []
    _tell_vertical(recording, recognizer, joints)
    scores = stream.over_time(online, joints, every)
    segments = [one for one in segments if one[0] in recognizer.class_names]
    leading = np.where(np.isnan(scores[:, 0]), -1, scores.argmax(axis=1))
    for first in np.flatnonzero(np.diff(leading, prepend=-2)):
        index = leading[first]
        click.echo(
            f"frame {first}: "
            + (f"{recognizer.class_names[index]} {scores[first, index]:.0%}" if index >= 0 else "nobody")
        )
    right = [leading[first : last + 1] == recognizer.class_names.index(name) for name, first, last in segments]
    if segments:
        share, frames = np.concatenate(right).mean(), sum(map(len, right))
        click.echo(f"{share:.2%} of the {frames} frames in {len(right)} segments are right")
    if plot:
        title = f"{recording.name}: scores of the last {online.window} frames"
        record_plots.save(
            record_plots.scores_over_time(scores, recognizer.class_names, segments, title), plot, [plot.suffix[1:]]
        )
        click.echo(f"{recording} is drawn in {plot}", err=True)


@main.command()
@SAVED_MODEL
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--batch", type=click.IntRange(1), help="The fixed number of tensors of a call; default: any number.")
def export(model, out, batch):
    """Write MODEL in another format: OUT.tflite (LiteRT), OUT.onnx (ONNX), or a folder OUT (SavedModel).

    What was written is kept only if it gives the scores that Keras gives; then both are timed.
    """
    from mans_keras.recognition import export as exports
    from mans_keras.recognition.recognizer import load

    network = load(model)
    run = exports.export(network, out, batch)
    click.echo(f"{out}: the scores of Keras, to {exports.TOLERANCE:g}")
    for count in (batch,) if batch else (1, 32):
        x = exports.random_tensors(network, count)
        exported, original = (exports.milliseconds(function, x) for function in (run, network.predict_on_batch))
        click.echo(f"  {count} at once: {exported:.1f} ms, Keras {original:.1f} ms (median)")


if __name__ == "__main__":
    sys.exit(main())
