"""The `mans` command: predict with a trained model, train a model, evaluate it, describe it, export it."""

import dataclasses
import functools
import json
import sys
from pathlib import Path

import click

from mans_keras.errors import InputError, printable

FILE = click.Path(dir_okay=False, path_type=Path)


def _check_exists(context, parameter, path):
    """Report a missing model before Keras is loaded, which takes seconds."""
    if not path.is_file():
        raise InputError(f"{path} does not exist")
    return path


def _frames(context, parameter, text):
    """click callback: (first, last) of FIRST:LAST; None without the option."""
    if text is None:
        return None
    first, colon, last = text.partition(":")
    if not (colon and first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
        raise click.BadParameter(f"{text!r} is not FIRST:LAST, such as 120:185")
    return int(first), int(last)


SAVED_MODEL = click.argument("model", type=FILE, callback=_check_exists)
LONG = 5  # a recording of this many times the usual length probably shows more than one action


def _show(line, **options):
    """Print a line; the names of files and classes in it may have control characters, which are escaped."""
    click.echo(printable(line), **options)


_warn = functools.partial(_show, err=True)


class _Group(click.Group):
    """Reports bad input in one line on stderr, as all commands of this project do."""

    def invoke(self, context):
        try:
            return super().invoke(context)
        except (InputError, OSError) as error:
            raise click.ClickException(printable(error)) from None


def _check_vertical(name, recognizer, joints):
    """Print a line on stderr if the model needs y to point up, and it does not in this recording."""
    from mans_keras.skeletons.view import vertical

    up = vertical(joints, recognizer.body)
    if recognizer.coordinates == "upright" and up != "+y":
        _warn(
            f"{name}: by shoulders and hips, {up} points up, but the model expects +y. Turn the recording, unless the "
            "person in it lies down or bends"
        )


def _choose_fold(folds, protocol, number):
    """One of the folds of a protocol; `InputError` if there is no such number."""
    if number >= len(folds):
        raise InputError(f"the folds of {protocol} are 0-{len(folds) - 1}")
    return folds[number]


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
def main():
    """Recognise actions in recordings of skeletons: predict, train, evaluate, export."""


@main.command()
@SAVED_MODEL
@click.argument("files", metavar="FILE...", type=FILE, nargs=-1, required=True)
@click.option("--top", default=5, type=click.IntRange(1), help="How many classes to show per recording.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object per recording, with each frame's attention.")
@click.option(
    "--plot",
    type=FILE,
    metavar="OUT",
    help="Also draw each recording: attention and key poses (OUT.png, .pdf), the moving skeleton (OUT.gif, .mp4), or a "
    "page that plays it (OUT.html). With several FILEs, each FILE's name is added to OUT's.",
)
@click.option(
    "--frames",
    metavar="FIRST:LAST",
    callback=_frames,
    help="Only these frames, both included, counted from 0; of UT-Kinect's .txt, as its actionLabel.txt numbers them.",
)
@click.option(
    "--bones",
    "drawn_bones",
    metavar="PAIRS",
    help="With --plot: the joints that bones connect, by name or number, such as hip-knee,knee-foot. Default: by the "
    "joints' names, or by their number.",
)
def predict(model, files, top, as_json, plot, frames, drawn_bones):
    """Predict which action each recording shows.

    MODEL is a file saved by `mans train`. A FILE is a recording of an action of one person or two: .skeleton, .amc (its
    .asf in the same folder), .bvh, .trc, .c3d, .mat, .txt (UT-Kinect), .npy, .npz, .csv or .json. Recordings that do
    not fit the model are reported; the others are still classified.
    """
    if plot:  # importing matplotlib takes a second
        from mans_keras.reports import prediction_pictures

        prediction_pictures.check(plot)
    from mans_keras.recognition.recognizer import Recognizer
    from mans_keras.skeletons.named_bones import read_bones

    recognizer = Recognizer(model)
    pairs = None
    if drawn_bones is not None:
        pairs = read_bones(drawn_bones, recognizer.joint_names, recognizer.joints)
    failed = False
    pictures = prediction_pictures.paths(plot, files) if plot else [None] * len(files)
    for file, picture in zip(files, pictures, strict=True):
        try:
            (prediction,) = recognizer.predict([file], frames)
        except (InputError, OSError) as error:
            _warn(f"Error: {error}")
            failed = True
            continue
        if picture:
            prediction_pictures.write(dataclasses.replace(prediction, bones=pairs), picture)
            _warn(f"{prediction.name} is drawn in {picture}")
        for note in prediction.notes:
            _warn(f"{prediction.name}: {note}")
        _check_vertical(prediction.name, recognizer, prediction.joints)
        number, usual = len(prediction.joints), recognizer.frames
        if usual and number > LONG * usual:
            typical = f"the training recordings have {usual:.0f} (median)"
            _warn(
                f"{prediction.name} has {number} frames; {typical}. `mans stream` finds several actions in a "
                "recording; --frames FIRST:LAST takes one of them"
            )
        if as_json:
            attention = None if prediction.attention is None else prediction.attention.round(6).tolist()
            scores = dict(prediction.top(top))
            click.echo(json.dumps({"file": prediction.name, "scores": scores, "attention": attention}))
            continue
        _show(f"{prediction.name}, {number} frames")
        for name, score in prediction.top(top):
            _show(f"  {score:7.2%}  {name}")
    sys.exit(failed)


@main.command()
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
def train(tensors, model, network, protocol, fold, recipe, epochs, seed):
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
    _warn(f"training {network} on {trains} sequences, testing on {tests} ({run.fold.name}), {run.epochs} epochs")
    mirrors = recipes.mirrors(run.recipe, opened)
    for departure in recipes.departures(recipe, opened.coordinates, opened.layout, mirrors):
        _warn(f"note: {departure}")

    def print_epoch(epoch, logs):
        _warn(f"epoch {epoch} of {run.epochs}: test accuracy {logs['val_accuracy']:.2%}")

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
    _show(f"{model}: test accuracy {accuracy:.2%} at the last epoch, on {tested} sequences ({run.fold.name})")


@main.command()
@SAVED_MODEL
@click.argument("tensors", type=FILE)
@click.option("--protocol", help="Use only the test sequences of a fold. Default: all sequences.")
@click.option("--fold", type=click.IntRange(0), help="The fold of the protocol. Default: 0.")
def evaluate(model, tensors, protocol, fold):
    """Print the accuracy of a saved MODEL on the sequences in TENSORS, class by class.

    Without --protocol these are all sequences, those that the model was trained on, too. TENSORS may have fewer classes
    than MODEL; they are compared by their names.
    """
    import numpy as np

    from mans_keras.recognition import fitting
    from mans_keras.recognition.recognizer import BATCH, Recognizer
    from mans_keras.tensors import protocols
    from mans_keras.tensors.store import Tensors

    recognizer, opened = Recognizer(model), Tensors(tensors)
    fitting.check(recognizer, opened, f"{tensors} does not fit {model}")
    if fold is not None and not protocol:
        raise InputError("--fold needs a --protocol")
    chosen = np.arange(len(opened))
    if protocol:
        chosen = _choose_fold(protocols.folds(opened, protocol), protocol, fold or 0).test
    x, label = opened.read(chosen), opened.label[chosen]
    place = np.array([recognizer.class_names.index(name) for name in opened.class_names])
    right = recognizer.model.predict(x, batch_size=BATCH, verbose=0).argmax(axis=-1) == place[label]
    for index, name in enumerate(opened.class_names):
        if (label == index).any():
            _show(f"{right[label == index].mean():8.2%}  {name} ({(label == index).sum()})")
    _show(f"{right.mean():8.2%}  of {len(chosen)} sequences, whether the model was trained on them or not")


@main.command()
@SAVED_MODEL
def summary(model):
    """Describe a saved MODEL and the recordings that it expects."""
    from mans_keras.recognition.recognizer import Recognizer

    recognizer = Recognizer(model)
    network = recognizer.model
    _show(f"{network.name}: {network.count_params():,} parameters, {len(recognizer.class_names)} classes")
    _show(f"recordings: {recognizer.bodies} x {recognizer.joints} joints, {recognizer.coordinates} coordinates")
    _show(f"tensors: {recognizer.scale} x {recognizer.scale}, layout {recognizer.layout}")
    _show("classes: " + ", ".join(recognizer.class_names))
    if recognizer.joint_names:
        _show("joints: " + ", ".join(recognizer.joint_names))


@main.command()
@click.argument("record", metavar="RECORD.json", type=FILE)
@click.argument("out", metavar="OUT.html", type=FILE)
def report(record, out):
    """Write an HTML page about a run: accuracies, curves, confusion matrix, mistakes and settings.

    RECORD.json is the record of a run, as written by `mans train` and the experiments. OUT.html needs no internet.
    """
    from mans_keras.reports import page
    from mans_keras.training.records import read_record

    page.check_name(out)
    page.write(out, page.of_record(read_record(record)))
    _show(f"Written to {out}")


@main.command()
@SAVED_MODEL
@click.argument("recording", type=FILE)
@click.option("--window", type=click.IntRange(1), help="Frames. Default: the median of the training recordings.")
@click.option("--every", default=1, type=click.IntRange(1), help="Classify at every N-th frame.")
@click.option("--plot", metavar="OUT", type=FILE, help="Draw the scores over time: .png, .pdf or .svg.")
def stream(model, recording, window, every, plot):
    """Find the actions in a long RECORDING, as if its frames arrived one at a time.

    Prints a line whenever the top class changes. For a UT-Kinect recording with actionLabel.txt in its folder, also
    draws the true segments and prints the frame accuracy.
    """
    import numpy as np

    from mans_keras.recognition import stream
    from mans_keras.recognition.recognizer import Recognizer
    from mans_keras.reports import record_plots

    if plot and plot.suffix not in (".png", ".pdf", ".svg"):
        raise InputError(f"{plot} must end with .png, .pdf or .svg")
    recognizer = Recognizer(model)
    online = stream.Stream(recognizer, window)
    content, segments = recognizer.parsed(recording), stream.true_segments(recording) or []
    joints = content.joints
    for note in content.notes():
        _warn(f"{recording}: {note}")
    _check_vertical(recording, recognizer, joints)
    scores = stream.over_time(online, joints, every)
    segments = [segment for segment in segments if segment[0] in recognizer.class_names]
    leading = np.where(np.isnan(scores[:, 0]), -1, scores.argmax(axis=1))
    for first in np.flatnonzero(np.diff(leading, prepend=-2)):
        index = leading[first]
        action = f"{recognizer.class_names[index]} {scores[first, index]:.0%}" if index >= 0 else "nobody"
        _show(f"frame {first}: {action}")
    right = [leading[first : last + 1] == recognizer.class_names.index(name) for name, first, last in segments]
    if segments:
        share, frames = np.concatenate(right).mean(), sum(map(len, right))
        _show(f"{share:.2%} of the {frames} frames in {len(right)} segments are right")
    if plot:
        title = f"{recording.name}: scores of the last {online.window} frames"
        picture = record_plots.scores_over_time(scores, recognizer.class_names, segments, title)
        record_plots.save(picture, plot, [plot.suffix[1:]])
        _warn(f"{recording} is drawn in {plot}")


@main.command()
@SAVED_MODEL
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--batch", type=click.IntRange(1), help="A fixed number of tensors per call. Default: any number.")
def export(model, out, batch):
    """Write MODEL in another format: OUT.tflite (LiteRT), OUT.onnx (ONNX), or a folder OUT (SavedModel).

    The result is kept only if it gives the same scores as Keras. Then both are timed.
    """
    from mans_keras.recognition import export as exports
    from mans_keras.recognition.recognizer import load

    network = load(model)
    run = exports.export(network, out, batch)
    _show(f"{out}: the scores of Keras, to {exports.TOLERANCE:g}")
    for count in (batch,) if batch else (1, 32):
        x = exports.random_tensors(network, count)
        exported, in_keras = (exports.milliseconds(function, x) for function in (run, network.predict_on_batch))
        _show(f"  {count} at once: {exported:.1f} ms, Keras {in_keras:.1f} ms (median)")


if __name__ == "__main__":
    sys.exit(main())
