"""A prediction or a run record -> an HTML page: one file that opens from disk and needs no network.

The files in `templates/` draw the page; this module collects their data. The data are in the page as JSON, escaped so
that no text in them can be read as HTML, and the page forbids every request (Content-Security-Policy).
"""

import base64
import importlib.resources
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import numpy as np

from mans_keras.errors import InputError
from mans_keras.files import replacing
from mans_keras.reports import record_plots, tables
from mans_keras.skeletons.view import axes
from mans_keras.training.recipes import departures
from mans_keras.training.records import check

if TYPE_CHECKING:  # it would load Keras
    from mans_keras.recognition.recognizer import Prediction

# The parts of a record that the page shows elsewhere, and not among the settings.
SHOWN_APART = ("history", "predictions", "class_names", "diverged")
SHOWN_APART += ("last_epoch_test_accuracy", "best_epoch_test_accuracy", "best_epoch")
# The parts that it does not show: the first two are in the notes, and the third says nothing to a reader.
LEFT_OUT = ("departures", "mirroring", "fingerprint")


def of_prediction(prediction: "Prediction") -> str:
    """The page of a `Prediction`: scores, and a 3D player whose time slider shows the attention.

    Joints are rounded to the millimetre and turned as in `skeletons.view`; scores and attention are rounded to 1e-5.
    """
    joints = np.asarray(prediction.joints, float)
    joints = joints @ axes(np.nan_to_num(joints, posinf=0, neginf=0), prediction.body)
    attention = prediction.attention
    return _filled(
        "prediction.html",
        {
            "name": Path(prediction.name).name + record_plots.MAPPED * bool(prediction.mapping),
            "scores": [[name, _number(score, 5)] for name, score in prediction.top(len(prediction.scores))],
            "frames": [[_body(body) for body in frame] for frame in joints],
            "bones": prediction.drawn_bones,
            "attention": None
            if attention is None
            else [[_number(weight, 5) for weight in frame] for frame in attention],
        },
    )


def of_record(record: dict) -> str:
    """The page of a run record: accuracies, error curves, confusion matrix, classes, mistakes, settings.

    Raises `InputError` if the record is not complete.
    """
    check(record)
    if "untested" in record:
        raise InputError(f"{record['untested']}. A page shows a test: write its card instead, OUT.md")
    names, predictions = record["class_names"], record["predictions"]
    dataset = "SYNTHETIC recordings" if record["dataset"] == "synthetic" else record["dataset"]
    title = f"{record['variant']} on {dataset}"
    caption = f"{record['protocol']}, fold {record['fold']}, seed {record['seed']}, recipe {record['recipe']['name']}"
    pairs = zip(predictions["name"], predictions["true"], predictions["predicted"], strict=True)
    mistakes = [[name, names[true], names[predicted]] for name, true, predicted in pairs if true != predicted]
    epochs = len(record["history"]["test_accuracy"])
    with matplotlib.rc_context({"svg.hashsalt": "mans_keras"}):
        pictures = {
            "curves": _picture(record_plots.errors_of_run(record)),
            "confusion": _picture(record_plots.confusion(tables.confusion([record]), names, "")),
        }
    return _filled(
        "run.html",
        {
            "title": title,
            "caption": caption,
            "headline": [
                [f"{record['last_epoch_test_accuracy']:.2%}", f"at the last epoch ({epochs})"],
                [
                    f"{record['best_epoch_test_accuracy']:.2%}",
                    f"at the best epoch ({record['best_epoch']}), chosen on the test set as in the released code. That "
                    "is a leak: the last epoch is the honest number",
                ],
            ],
            "notes": [
                *(["DIVERGED: the loss was no longer finite"] if record["diverged"] else []),
                *departures(record["recipe"]["name"], record["coordinates"], record["layout"], _mirroring(record)),
            ],
            "pictures": pictures,
            "classes": [tables.CLASSES_HEADER, [[str(cell) for cell in row] for row in tables.classes([record])]],
            "tested": len(predictions["true"]),
            "mistakes": [["Sequence", "true class", "predicted class"], mistakes],
            "settings": [
                [name, _text(value)] for name, value in record.items() if name not in (*SHOWN_APART, *LEFT_OUT)
            ],
        },
    )


def _mirroring(record):
    """The record's `mirroring`, see `recipes.mirrors`; records of older versions have a sentence instead."""
    if any("mirroring" in sentence for sentence in record.get("departures", ())):
        return False
    return record.get("mirroring")


def write(path: str | Path, html: str) -> None:
    """Write a page, completely or not at all. Raises `InputError` if the name does not end with `.html`."""
    check_name(path)
    with replacing(path) as part:
        part.write_text(html, encoding="utf-8")


def check_name(path: str | Path) -> None:
    """Raise `InputError` if the file would not open in a browser."""
    if Path(path).suffix != ".html":
        raise InputError(f"{path} must end with .html")


def _filled(name, data):
    """A template with its style and its data; characters that could end the script around the data are escaped."""
    folder = importlib.resources.files("mans_keras.reports") / "templates"
    template, style = ((folder / file).read_text(encoding="utf-8") for file in (name, "style.css"))
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return template.replace("{{style}}", style).replace("{{data}}", text)


def _number(value, digits):
    """A float for JSON, which has no NaN: None stands for it."""
    return round(float(value), digits) if np.isfinite(value) else None


def _body(joints):
    """[[x, y, z], ...] in whole millimetres of (joints, 3) metres, None for a missing one; None for an absent body."""
    seen = np.isfinite(joints).all(axis=1)
    if not joints[seen].any():
        return None
    millimetres = np.rint(1000 * np.where(seen[:, None], joints, 0)).astype(int).tolist()
    return [joint if is_seen else None for joint, is_seen in zip(millimetres, seen, strict=True)]


def _picture(figure):
    """A figure as a data: address, for an image's src."""
    svg = io.BytesIO()
    figure.savefig(svg, format="svg", transparent=True, metadata={"Date": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.getvalue()).decode()}"


def _text(value):
    if isinstance(value, dict):
        return "; ".join(f"{name} {_text(item)}" for name, item in value.items()) or "-"
    if isinstance(value, list):
        return ", ".join(map(_text, value)) or "-"
    return "-" if value is None else str(value)
