"""Recordings -> what the page shows of them: HTML and pictures."""

import functools
import html
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mans_keras.errors import InputError, printable
from mans_keras.recognition import advice, stream
from mans_keras.recognition.recognizer import Prediction, Recognizer
from mans_keras.reports import page, prediction_pictures, record_plots
from mans_keras.skeletons.sequence import KINECT_1_NAMES, KINECT_2_NAMES
from mans_keras.skeletons.synthetic import examples

SHIPPED = Path(__file__).parents[2] / "experiments" / "results" / "trained"
MOST_WINDOWS = 300  # of a long recording; of a longer one, every second frame is classified, every third, ...


def model_files(folder: Path | None) -> dict[str, Path]:
    """{name: path} of the shipped models and of those directly in a folder.

    Raises `InputError` if there are none, or if the folder does not exist.
    """
    if folder is not None and not folder.is_dir():
        raise InputError(f"{folder} is not a folder")
    folders = [SHIPPED] if folder is None else [SHIPPED, folder]
    files = [path for place in folders for suffix in ("h5", "keras") for path in sorted(place.glob(f"*.{suffix}"))]
    if not files:
        raise InputError("no model is shipped with this installation: name a folder of yours, --models FOLDER")
    return {str(path) if path.parent == folder else path.name: path for path in files}


@functools.lru_cache(maxsize=2)
def recognizer(path: Path) -> Recognizer:
    """The model of a file, which is loaded once."""
    return Recognizer(path)


def describe(model: Recognizer) -> str:
    """HTML: the classes that a model knows, and the recordings that it expects."""
    people = "one person" if model.bodies == 1 else "one person or two"
    return paragraph(
        f"Knows {', '.join(model.class_names)}. It answers with one of these, whatever the recording shows. Expects "
        f"{model.joints} joints of {people}, in metres."
    )


def example(name: str, model: Recognizer, folder: str) -> Path:
    """Write a SYNTHETIC recording for a model into a folder; `name` is one of `examples.ACTIONS`, or all of them.

    Its joints have names, since the model's may be in another order.
    """
    actions = [name] if name in examples.ACTIONS else examples.SEVERAL
    names = KINECT_2_NAMES if model.joints == 25 else KINECT_1_NAMES
    frames = examples.record(*actions, joints=len(names)).round(4).tolist()
    path = Path(folder, f"SYNTHETIC {name}.json")
    path.write_text(json.dumps([{"joints": dict(zip(names, frame, strict=True))} for frame in frames]))
    return path


def recording(uploads: Sequence[str], folder: str) -> Path:
    """Put uploads next to each other in a folder, and return the one that is a recording.

    An .amc needs its .asf there. Raises `InputError` unless exactly one of the uploads is a recording.
    """
    files = [Path(shutil.copy(upload, folder)) for upload in uploads]
    recordings = [file for file in files if file.suffix.lower() != ".asf"]
    if len(recordings) != 1:
        raise InputError("drop one recording at a time; an .amc together with its .asf")
    return recordings[0]


def viewer(prediction: Prediction) -> str:
    """HTML: the page of a prediction in a frame of its own, which has no rights on the page around it."""
    content = html.escape(page.of_prediction(prediction))
    return f'<iframe class="viewer" title="Answer" sandbox="allow-scripts" srcdoc="{content}"></iframe>'


def remarks(model: Recognizer, joints: np.ndarray, notes: Sequence[str]) -> str:
    """HTML: what a file holds that the model was not given (`notes`), and what `advice` says of its joints."""
    sentences = [*notes, advice.size(model, joints), advice.pose(joints), advice.upright(model, joints)]
    return "".join(paragraph(f"Note: {sentence}.", "note") for sentence in sentences if sentence)


def length(model: Recognizer, joints: np.ndarray) -> str:
    """HTML: what to do with a recording that probably shows several actions; "" for the others."""
    long = advice.length(model, joints)
    return paragraph(f'Note: {long}: "Several actions" finds when each of them happens.', "note") if long else ""


def pictures(prediction: Prediction, folder: str) -> list[str]:
    """Draw a prediction in all formats that need no other program; without attention there is no still picture."""
    suffixes = (".gif", ".html") if prediction.attention is None else (".png", ".gif", ".html")
    paths = [Path(folder, f"{Path(prediction.name).stem}{suffix}") for suffix in suffixes]
    for path in paths:
        prediction_pictures.write(prediction, path)
    return [str(path) for path in paths]


def over_time(model: Recognizer, path: Path, unit: float | None, window: int, folder: str) -> tuple[str, str, str]:
    """Which class leads when in a recording: remarks in HTML, a picture of the scores, a table in HTML.

    unit: its metres, as for `Recognizer.parsed`, whose `InputError` this raises, too.
    """
    online = stream.Stream(model, window)
    content = model.parsed(path, unit=unit)
    every = -(-len(content.joints) // MOST_WINDOWS)
    scores = stream.over_time(online, content.joints, every)
    stands_for = f", and stands for {every}" if every > 1 else ""
    text = f"Each answer is about the last {online.window} frames{stands_for}"
    title = path.name + record_plots.MAPPED * bool(content.mapping)
    figure = record_plots.scores_over_time(scores, model.class_names, [], title)
    (picture,) = record_plots.save(figure, Path(folder, path.stem))
    above = remarks(model, content.joints, content.notes()) + paragraph(f"{text}.")
    return above, str(picture), _table_of_leading(scores, model.class_names)


def _table_of_leading(scores, class_names):
    rows = ["<tr><th>frames</th><th>action</th><th>highest score</th></tr>"]
    for first, last, index in stream.leading(scores):
        name, score = "nobody", ""
        if index is not None:
            name, score = class_names[index], f"{scores[first : last + 1, index].max():.0%}"
        rows.append(f"<tr><td>{first} - {last}</td><td>{_safe(name)}</td><td>{score}</td></tr>")
    return f'<table class="leading">{"".join(rows)}</table>'


def paragraph(text: str, kind: str = "") -> str:
    """HTML: a paragraph of plain text."""
    return f'<p class="{kind}">{_safe(text)}</p>'


def _safe(text):
    return html.escape(printable(text))
