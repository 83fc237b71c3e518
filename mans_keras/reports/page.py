"""Self-contained HTML: one file that opens from disk and asks no network, of one prediction or of one run record.

The templates beside this file hold all that is drawn and written; here their data are gathered. They travel as JSON
that no text in them can break out of, and the page itself forbids every request (Content-Security-Policy).
"""

import base64
import importlib.resources
import io
import json
from pathlib import Path

import matplotlib
import numpy as np

from mans_keras.errors import InputError
from mans_keras.files import replacing
from mans_keras.reports import record_plots, tables
from mans_keras.skeletons.bones import bones
from mans_keras.skeletons.view import axes
from mans_keras.training.recipes import departures

# Of a record, what the page shows elsewhere than among the settings.
SHOWN_APART = ("history", "predictions", "class_names", "diverged")
SHOWN_APART += ("last_epoch_test_accuracy", "best_epoch_test_accuracy", "best_epoch")
# What it does not show: the notes have the first two, and the third means nothing to a reader.
LEFT_OUT = ("departures", "mirroring", "fingerprint")
NEEDED = (*SHOWN_APART, "dataset", "protocol", "fold", "variant", "recipe", "seed", "epochs", "coordinates", "layout")


def of_prediction(prediction):
    """HTML of an `recognizer.Prediction`: scores, and a 3D player whose time slider shows the attention.

    Joints are kept to the millimetre, turned as `skeletons.view` sees them; scores and attention to 1e-5.
    """
    joints = np.asarray(prediction.joints, float)
    joints = joints @ axes(np.nan_to_num(joints, posinf=0, neginf=0), prediction.body)
    attention = prediction.attention
    return _filled(
        "prediction.html",
        {
            "name": Path(prediction.name).name,
            "scores": [[name, _number(score, 5)] for name, score in prediction.top(len(prediction.scores))],
            "frames": [[_body(body) for body in frame] for frame in joints],
            "bones": bones(joints.shape[2], prediction.body),
            "attention": None if attention is None else [[_number(one, 5) for one in frame] for frame in attention],
        },
    )


def of_record(record):
    """HTML of a run record: accuracies, error curves, confusion matrix, classes, what was misclassified, settings.

    Raises `InputError` if the record is not complete.
    """
    _check(record)
    names, predictions = record["class_names"], record["predictions"]
    dataset = "SYNTHETIC recordings" if record["dataset"] == "synthetic" else record["dataset"]
    title = f"{record['variant']} on {dataset}"
    told = f"{record['protocol']}, fold {record['fold']}, seed {record['seed']}, recipe {record['recipe']['name']}"
    pairs = zip(predictions["name"], predictions["true"], predictions["predicted"], strict=True)
    mistakes = [[name, names[true], names[predicted]] for name, true, predicted in pairs if true != predicted]
    epochs = len(record["history"]["test_accuracy"])
    # a class may be called "$"
    with matplotlib.rc_context({"text.parse_math": False, "svg.hashsalt": "mans_keras"}):
        pictures = {
            "curves": _picture(record_plots.error_curves({record["variant"]: [record]}, "")),
            "confusion": _picture(record_plots.confusion(tables.confusion([record]), names, "")),
        }
    return _filled(
        "run.html",
        {
            "title": title,
            "told": told,
            "headline": [
                [f"{record['last_epoch_test_accuracy']:.2%}", f"at the last epoch ({epochs})"],
                [
                    f"{record['best_epoch_test_accuracy']:.2%}",
                    f"at the best epoch ({record['best_epoch']}), chosen on the test set, a leak, as in the released "
                    "code; the other is the honest one",
                ],
            ],
            "notes": [
                *(["DIVERGED: the loss was no longer finite"] if record["diverged"] else []),
                *departures(record["recipe"]["name"], record["coordinates"], record["layout"], _mirroring(record)),
            ],
            "pictures": pictures,
            "classes": [tables.CLASSES_HEADER, [[str(cell) for cell in row] for row in tables.classes([record])]],
            "tested": len(predictions["true"]),
            "mistakes": [["Sequence", "is", "was taken for"], mistakes],
            "settings": [
                [name, _text(value)] for name, value in record.items() if name not in (*SHOWN_APART, *LEFT_OUT)
            ],
        },
    )


def _mirroring(record):
    """As `recipes.mirrors` says; records of older versions have a sentence instead."""
    if any("mirroring" in sentence for sentence in record.get("departures", ())):
        return False
    return record.get("mirroring")


def write(path, html):
    """Write a page, complete or not at all. Raises `InputError` if the name does not end with `.html`."""
    check_name(path)
    with replacing(path) as part:
        part.write_text(html, encoding="utf-8")


def check_name(path):
    """Raise `InputError` if the file would not open in a browser."""
    if Path(path).suffix != ".html":
        raise InputError(f"{path} must end with .html")


def _check(record):
    absent = [name for name in NEEDED if name not in record]
    if absent:
        raise InputError(f"the record is not complete: {', '.join(absent)} is missing")
    if not isinstance(record["recipe"], dict) or "name" not in record["recipe"]:
        raise InputError("the record is not complete: its recipe has no name")
    predictions, classes = record["predictions"], len(record["class_names"])
    if "name" not in predictions:
        raise InputError("the record is not complete: the names of its predictions are missing")
    if not all(0 <= label < classes for which in ("true", "predicted") for label in predictions[which]):
        raise InputError(f"the record is damaged: a prediction is none of its {classes} classes")


def _filled(name, data):
    """A template with its style and its data. What would end the script it lies in, or begin a comment, is escaped."""
    folder = importlib.resources.files("mans_keras.reports") / "templates"
    template, style = ((folder / one).read_text(encoding="utf-8") for one in (name, "style.css"))
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return template.replace("{{style}}", style).replace("{{data}}", text)


def _number(value, digits):
    """A float for JSON, which knows no NaN: that is None."""
    return round(float(value), digits) if np.isfinite(value) else None


def _body(joints):
    """[[x, y, z], ...] in whole millimetres of (joints, 3) metres, None for a missing one; None for an absent body."""
    known = np.isfinite(joints).all(axis=1)
    if not joints[known].any():
        return None
    millimetres = np.rint(1000 * np.where(known[:, None], joints, 0)).astype(int).tolist()
    return [joint if there else None for joint, there in zip(millimetres, known, strict=True)]


def _picture(figure):
    """A figure as the address of an image that holds it."""
    svg = io.BytesIO()
    figure.savefig(svg, format="svg", transparent=True, metadata={"Date": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.getvalue()).decode()}"


def _text(value):
    if isinstance(value, dict):
        return "; ".join(f"{name} {_text(one)}" for name, one in value.items()) or "-"
    if isinstance(value, list):
        return ", ".join(map(_text, value)) or "-"
    return "-" if value is None else str(value)
