"""`mans predict`: the classes of recordings, and pictures of the answers."""

import dataclasses
import json
import sys
from pathlib import Path

import click

from mans_keras.cli.common import EXTENSION, FILE, SAVED_MODEL, UNIT, show, warn
from mans_keras.errors import InputError, counted

# Compiling a network takes as long as about so many recordings take without it.
FEW = 20


def _frames(context, parameter, text):
    """click callback: (first, last) of FIRST:LAST; None without the option."""
    if text is None:
        return None
    first, colon, last = text.partition(":")
    if not (colon and first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
        raise click.BadParameter(f"{text!r} is not FIRST:LAST, such as 120:185")
    return int(first), int(last)


@click.command("predict")
@SAVED_MODEL
@click.argument("files", metavar="FILE...", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--top", default=5, type=click.IntRange(1), help="How many classes to show per recording.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print a JSON object per recording, with each frame's attention and all notes.",
)
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
@UNIT
@click.option(
    "--bones",
    "drawn_bones",
    metavar="PAIRS",
    help="With --plot: the joints that bones connect, by name or number, such as hip-knee,knee-foot. Default: by the "
    "joints' names, or by their number.",
)
@EXTENSION
def command(model, files, top, as_json, plot, frames, unit, drawn_bones):
    """Predict which action each recording shows.

    MODEL is a file saved by `mans train`. A FILE is a recording of an action of one person or two: .skeleton, .amc (its
    .asf in the same folder or next to it), .bvh, .trc, .c3d, .mat, .txt, .npy, .npz, .csv or .json, or a folder with a
    file for each frame. Recordings that do not fit the model are reported; the others are still classified.
    """
    if plot:  # importing matplotlib takes a second
        from mans_keras.reports import prediction_pictures

        prediction_pictures.check(plot)
    from mans_keras.recognition import advice
    from mans_keras.recognition.recognizer import Recognizer
    from mans_keras.skeletons.bones import read_bones

    recognizer = Recognizer(model, compiled=len(files) > FEW)
    pairs = None
    if drawn_bones is not None:
        pairs = read_bones(drawn_bones, recognizer.joint_names, recognizer.joints)
    failed = False
    pictures = prediction_pictures.paths(plot, files) if plot else [None] * len(files)
    for file, picture in zip(files, pictures, strict=True):
        try:
            (prediction,) = recognizer.predict([file], frames, unit)
        except (InputError, OSError) as error:
            warn(f"Error: {error}")
            failed = True
            continue
        long = advice.length(recognizer, prediction.joints)
        if long:
            long = f"{long}. `mans stream` finds several actions in a recording; --frames FIRST:LAST takes one"
        upright = advice.upright(recognizer, prediction.joints)
        remarks = advice.size(recognizer, prediction.joints), advice.pose(prediction.joints), upright, long
        notes = [note for note in (*prediction.notes, *remarks) if note]
        for note in notes:
            warn(f"{prediction.name}: {note}")
        if as_json:
            attention = None if prediction.attention is None else prediction.attention.round(6).tolist()
            scores = dict(prediction.top(top))
            answer = {"file": prediction.name, "scores": scores, "attention": attention, "notes": notes}
            click.echo(json.dumps(answer))
        else:
            show(f"{prediction.name}, {counted(len(prediction.joints), 'frame')}")
            for name, score in prediction.top(top):
                show(f"  {score:7.2%}  {name}")
        if picture:
            try:
                prediction_pictures.write(dataclasses.replace(prediction, bones=pairs), picture)
            except (InputError, OSError) as error:
                warn(f"Error: {error}")
                failed = True
            else:
                warn(f"{prediction.name} is drawn in {picture}")
    sys.exit(failed)
