"""`mans stream`: the actions in a long recording."""

from pathlib import Path

import click

from mans_keras.cli.common import EXTENSION, FILE, SAVED_MODEL, UNIT, show, warn
from mans_keras.errors import InputError


@click.command("stream")
@SAVED_MODEL
@click.argument("recording", type=click.Path(path_type=Path))  # or a folder with a file for each frame
@click.option("--window", type=click.IntRange(1), help="Frames. Default: the median of the training recordings.")
@click.option("--every", default=1, type=click.IntRange(1), help="Classify at every N-th frame.")
@UNIT
@click.option("--plot", metavar="OUT", type=FILE, help="Draw the scores over time: .png, .pdf or .svg.")
@EXTENSION
def command(model, recording, window, every, unit, plot):
    """Find the actions in a long RECORDING, as if its frames arrived one at a time.

    Prints a line whenever the top class changes. For a UT-Kinect recording with actionLabel.txt in its folder, also
    draws the true segments and prints the frame accuracy.
    """
    import numpy as np

    from mans_keras.recognition import advice, stream
    from mans_keras.recognition.recognizer import Recognizer
    from mans_keras.reports import record_plots

    if plot and plot.suffix not in (".png", ".pdf", ".svg"):
        raise InputError(f"{plot} must end with .png, .pdf or .svg")
    recognizer = Recognizer(model)
    online = stream.Stream(recognizer, window)
    content, segments = recognizer.parsed(recording, unit=unit), stream.true_segments(recording) or []
    joints = content.joints
    for note in filter(None, [*content.notes(), advice.size(recognizer, joints), advice.upright(recognizer, joints)]):
        warn(f"{recording}: {note}")
    scores = stream.over_time(online, joints, every)
    segments = [segment for segment in segments if segment[0] in recognizer.class_names]
    for first, _, index in stream.leading(scores):
        action = "nobody" if index is None else f"{recognizer.class_names[index]} {scores[first, index]:.0%}"
        show(f"frame {first}: {action}")
    best = np.where(np.isnan(scores[:, 0]), -1, scores.argmax(axis=1))
    right = [best[first : last + 1] == recognizer.class_names.index(name) for name, first, last in segments]
    if segments:
        share, frames = np.concatenate(right).mean(), sum(map(len, right))
        show(f"{share:.2%} of the {frames} frames in {len(right)} segments are right")
    if plot:
        name = recording.name + record_plots.MAPPED * bool(content.mapping)
        title = f"{name}: scores of the last {online.window} frames"
        picture = record_plots.scores_over_time(scores, recognizer.class_names, segments, title)
        record_plots.save(picture, plot, [plot.suffix[1:]])
        warn(f"{recording} is drawn in {plot}")
