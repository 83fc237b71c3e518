"""A run record -> the card of its model: data, protocol, accuracy, use, limits. All its results are the records'."""

import re
from collections.abc import Sequence
from pathlib import Path

from mans_keras.errors import InputError, counted, printable
from mans_keras.files import replacing
from mans_keras.reports import tables
from mans_keras.training.records import check

# What the data sets are, for the card of a model that was trained on one.
DATASETS = {
    "ut_kinect": "UT-Kinect Action3D (Xia, Chen and Aggarwal, CVPRW 2012): ten people, one Kinect v1 in one room",
    "nw_ucla": "Northwestern-UCLA Multiview Action 3D (Wang et al., CVPR 2014): ten people, three Kinects v1",
    "utd_mhad": "UTD-MHAD (Chen, Jafari and Kehtarnavaz, ICIP 2015): eight people, one Kinect v1",
    "hdm05": "HDM05 (Mueller et al., 2007): five people, optical motion capture",
    "sysu_3d": "SYSU 3D HOI (Hu et al., CVPR 2015): forty people, one Kinect v1",
    "ntu_rgbd": "NTU RGB+D (Shahroudy et al., CVPR 2016): forty people, three Kinects v2",
    "ntu_rgbd_120": "NTU RGB+D 120 (Liu et al., TPAMI 2019): 106 people, three Kinects v2",
    "synthetic": "SYNTHETIC recordings, made by this package: they say nothing about real ones",
}
# Who tests, in the protocols whose names do not say it to somebody new.
PROTOCOLS = {
    "all": "All sequences train, none tests.",
    "loocv": "One sequence tests, all others train, also those of the same person.",
    "loso": "One person tests, all others train.",
    "cross_actor": "One person tests, all others train.",
    "odd_even": "People with odd numbers train, those with even numbers test.",
    "holdout": "Of each class 70 % of the sequences train and 30 % test, of the same people.",
    "kfold": "A part of each class tests, the others train, of the same people.",
}
UP = {
    "upright": "The y axis must point up. ",
    "body": "",
    "released": "",
    "hip": "",
    "raw": "The sensor's axes count. ",
}
MADE_HERE = (
    "The recipe `best` was made after looking at errors on the people of this data set. On other people its accuracy "
    "may well be lower."
)
# What makes two trainings the same but for who is tested.
SAME = ("dataset", "model", "arguments", "recipe", "epochs", "batch", "precision", "layout", "coordinates", "tensors")


def of_record(record: dict, model: str, tested: Sequence[dict] = ()) -> str:
    """The card as Markdown.

    model: the name of the model's file. tested: records of the same training, tested by a protocol; they stand for the
    accuracy of a model that nothing tested. Raises `InputError` if a record is not complete, or if `tested` holds
    another training.
    """
    check(record)
    for other in tested:
        check(other)
        different = [name for name in SAME if other[name] != record[name]]
        if different or "untested" in other:
            reason = f"differs in {', '.join(different)}" if different else "is not tested either"
            raise InputError(f"a record of --tested {reason}: it says nothing about this model")
    return "\n".join(
        [
            f"# {_plain_text(model)}: {record['variant']} on {record['dataset']}",
            "",
            *_data(record),
            *_protocol(record),
            *_accuracy(record, tested),
            *_use(record),
        ]
    )


def _plain_text(name):
    """A name in which Markdown sees no tag, code or link."""
    return re.sub(r"([<>&`*\[\]])", r"\\\1", printable(name))


def _data(record):
    sequences = record.get("sequences")
    trained = f", {sequences['train']} of them trained this model, {sequences['test']} tested it" if sequences else ""
    total = f"{sum(sequences.values())} sequences{trained}. " if sequences else ""
    return [
        "## Data",
        "",
        f"{DATASETS.get(record['dataset'], 'Recordings of its owner: ' + record['dataset'])}. {total}"
        f"{len(record['class_names'])} classes: {', '.join(map(_plain_text, record['class_names']))}. Tensors of "
        f"{record['scale']} x {record['scale']}, {record['coordinates']} coordinates, layout {record['layout']}.",
        "",
    ]


def _protocol(record):
    who = PROTOCOLS.get(record["protocol"])
    return [
        "## Protocol",
        "",
        f"`{record['protocol']}`, fold `{record['fold']}`. {f'{who} ' if who else ''}Recipe "
        f"`{record['recipe']['name']}`, "
        f"{counted(record['epochs'], 'epoch')}, batch {record['batch']}, seed {record['seed']}. "
        f"{record['parameters']:,} parameters.",
        "",
    ]


def _accuracy(record, tested):
    lines = ["## Accuracy", ""]
    if "untested" in record:
        lines += ["Of this model: not known, since all sequences trained it and nothing tested it.", ""]
    else:
        number = len(record["predictions"]["true"])
        lines += [
            f"{record['last_epoch_test_accuracy']:.2%} of {number} test sequences, at the last epoch. (The best epoch, "
            f"{record['best_epoch']}, has {record['best_epoch_test_accuracy']:.2%}; it is chosen on the test set, a "
            "leak.)",
            "",
        ]
    if tested:
        rows = []
        for protocol in dict.fromkeys(other["protocol"] for other in tested):
            cell = [other for other in tested if other["protocol"] == protocol]
            accuracy, runs = tables.mean_and_deviation(cell, "last"), tables.number_of_runs(cell)
            rows.append([f"`{protocol}`", PROTOCOLS.get(protocol, "-"), accuracy, runs])
        header = ["protocol", "who tests", "accuracy at the last epoch, %", "runs"]
        lines += ["The same training, tested on sequences that were left out:", "", tables.markdown(header, rows)]
    tested_records = [record] if "untested" not in record else list(tested)
    if tested_records:
        rows = [[_plain_text(cell) for cell in row] for row in tables.classes(tested_records)]
        together = ", all these runs together; a sequence counts in each run that it tested" * (len(tested_records) > 1)
        lines += [
            f"Class by class{together}:",
            "",
            tables.markdown(tables.CLASSES_HEADER, rows),
        ]
        if record["dataset"] == "ut_kinect" and record["recipe"]["name"] == "best":
            lines += [MADE_HERE, ""]
    return lines


def _use(record):
    classes = len(record["class_names"])
    return [
        "## Intended use",
        "",
        f"To name which of its {classes} actions a recording shows, where the recording holds one action from its "
        f"beginning to its end, as joints in metres. {UP[record['coordinates']]}To try this package, to compare, to "
        "teach, and to start from. `mans summary` lists the joints.",
        "",
        "## Limits",
        "",
        f"- It answers one of its {classes} classes to every recording, also to one that shows none of them. A high "
        "score is no proof.",
        "- Its accuracy is for people, sensor and room like those of its data. Others can cost much; measure it with "
        "`mans evaluate` on your own recordings.",
        "- A few people are not a population: nothing here says how it does on children, old people, or people who "
        "move differently.",
        "- Not for decisions about persons, such as in medicine, security or work.",
        "",
    ]


def write(path: str | Path, text: str) -> None:
    """Write a card, completely or not at all."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")
