"""The data in the pages of predictions and of run records."""

import dataclasses
import json
import re

import numpy as np
import pytest
from click.testing import CliRunner
from helpers import standing_body
from test_reports import record

from mans_keras import cli
from mans_keras.errors import InputError
from mans_keras.recognition.recognizer import Prediction
from mans_keras.reports import page, prediction_pictures
from mans_keras.skeletons.sequence import KINECT_1

HOSTILE = ("</script><b>bold</b>", "<!--<script>", "a & b", '"\\', "{{data}}", "$\\frac$", "\u2028")


def prediction(joints=None, attention="rising", class_names=("walk", "run"), scores=(0.25, 0.75)):
    """By default one body in 10 frames; the attention rises in x, twice as much in y, and stays at 0.5 in z."""
    joints = standing_body(10)[:, None] if joints is None else joints
    if isinstance(attention, str):
        rise = np.linspace(0, 0.4, len(joints))
        attention = np.stack([0.5 + rise / 2, 0.5 + rise, np.full(len(joints), 0.5)], axis=1)
    return Prediction("a/b/take.npy", tuple(class_names), np.array(scores), attention, joints)


def run_record(**changes):
    """A record of two classes and four test sequences; t1 is misclassified."""
    settings = {
        "epochs": 2,
        "predictions": {"name": ["t0", "t1", "t2", "t3"], "true": [0, 1, 1, 1], "predicted": [0, 0, 1, 1]},
        **changes,
    }
    return record(**settings)


def embedded(html):
    """The data of a page, as a browser reads them; the JSON must be strict."""

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    (text,) = re.findall(r'<script id="data" type="application/json">(.*?)</script>', html, re.DOTALL)
    return json.loads(text, parse_constant=refuse)


@pytest.fixture(scope="module")
def run_page():
    """The page of `run_record()`, whose pictures are drawn once."""
    return page.of_record(run_record())


@pytest.fixture
def undrawn(monkeypatch):
    """The pages of this test have no pictures, which take most of the time."""
    monkeypatch.setattr(page, "_picture", lambda figure: "")


def test_scores_start_with_the_highest_and_the_file_has_no_folders():
    data = embedded(page.of_prediction(prediction()))
    assert data["scores"] == [["run", 0.75], ["walk", 0.25]] and data["name"] == "take.npy"


def test_joints_are_whole_millimetres_and_absent_bodies_are_null():
    joints = np.zeros((2, 2, 3, 3))
    joints[0, 0] = [[0.0014, -2.0006, 0], [1, 2, 3], [0, 0, 0]]
    joints[1, 1] = 0.1
    joints[1, 1, 2, 0] = np.nan
    frames = embedded(page.of_prediction(prediction(joints)))["frames"]
    # seen from the sensor, its right is -x, and towards it is -z
    assert frames == [[[[-1, -2001, 0], [-1000, 2000, -3000], [0, 0, 0]], None],
                      [None, [[-100, 100, -100], [-100, 100, -100], None]]]  # fmt: skip


@pytest.mark.parametrize("facing", [0, 90, 200])
def test_a_person_is_seen_from_the_front(facing):
    made = dataclasses.replace(prediction(standing_body(4, facing)[:, None]), body=KINECT_1)
    ((body,), *_) = embedded(page.of_prediction(made))["frames"]
    left, right, foot, ankle = body[4], body[8], body[15], body[14]
    assert left[0] > right[0] + 300  # millimetres
    assert foot[2] > ankle[2] + 100  # the toes point to the viewer


def test_numbers_that_are_not_finite_are_null():
    attention = np.array([[0.1, np.nan, np.inf]] * 10)
    data = embedded(page.of_prediction(prediction(attention=attention, scores=(np.nan, 0.5))))
    assert data["attention"][0] == [0.1, None, None]
    assert ["walk", None] in data["scores"]


def test_a_known_body_has_bones_and_an_unknown_one_has_none():
    assert [2, 3] in embedded(page.of_prediction(prediction()))["bones"]
    assert embedded(page.of_prediction(prediction(standing_body(3)[:, None, :7])))["bones"] == []


def test_no_name_is_read_as_html(run_page):
    classes = len(HOSTILE)
    hostile = prediction(class_names=HOSTILE, scores=np.arange(classes)[::-1])
    plain = prediction(class_names="abcdefg", scores=np.arange(classes)[::-1])
    html = page.of_prediction(hostile)
    assert [name for name, _ in embedded(html)["scores"]] == list(HOSTILE)
    assert html.count("<") == page.of_prediction(plain).count("<")

    predictions = {"name": list(HOSTILE), "true": list(range(classes)), "predicted": [*range(1, classes), 0]}
    html = page.of_record(run_record(class_names=list(HOSTILE), predictions=predictions))
    _, rows = embedded(html)["mistakes"]
    assert rows == [[name, name, (*HOSTILE, HOSTILE[0])[place + 1]] for place, name in enumerate(HOSTILE)]
    assert html.count("<") == run_page.count("<")


def test_a_run_shows_the_last_epoch_first_and_calls_the_best_a_leak(run_page):
    (last, at_last), (best, at_best) = embedded(run_page)["headline"]
    assert (last, at_last) == ("50.00%", "at the last epoch (2)")
    assert best == "75.00%" and "best epoch (1), chosen on the test set" in at_best and "leak" in at_best


def test_a_run_lists_what_was_misclassified(run_page):
    data = embedded(run_page)
    assert data["mistakes"][1] == [["t1", "run", "walk"]] and data["tested"] == 4
    assert data["classes"][1][1] == ["run", "3", "66.67", "100.00", "walk (1)"]


def test_a_run_shows_its_settings_and_its_departures_from_the_recipe(undrawn):
    data = embedded(page.of_record(run_record(arguments={"attention": None}, layout="pad", diverged=True)))
    settings = dict(data["settings"])
    assert settings["arguments"] == "attention -" and settings["batch"] == "8"
    assert not {"history", "predictions"} & settings.keys()
    assert [note.split(":")[0] for note in data["notes"]] == [
        "DIVERGED",
        "the recipe `paper` uses coordinates `raw`; these tensors use `body`",
        "the recipe `paper` uses layout `resize`; these tensors use `pad`",
    ]


def test_of_an_older_record_only_the_note_on_mirroring_is_kept(undrawn):
    old = ["coordinates: body, where the released recipe's source has raw", "mirroring: none, since ..."]
    data = embedded(page.of_record(run_record(departures=old, coordinates="raw")))
    assert data["notes"] == ["no sequence is mirrored: the tensors do not say which joints are left and right"]
    assert not {"departures", "fingerprint"} & dict(data["settings"]).keys()


def test_a_record_of_an_unknown_recipe_has_a_page_and_one_without_a_recipe_is_refused(undrawn):
    assert embedded(page.of_record(run_record(recipe={"name": "mine"})))["notes"] == []
    with pytest.raises(InputError, match=r"recipe\.name is missing"):
        page.of_record(run_record(recipe={}))


def test_a_run_on_synthetic_recordings_says_so(undrawn):
    assert "SYNTHETIC" in embedded(page.of_record(run_record(dataset="synthetic")))["title"]


def test_the_same_record_gives_the_same_page(run_page):
    assert page.of_record(run_record()) == run_page


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"history": None}, "history is missing"),
        ({"predictions": {"true": [0], "predicted": [0]}}, "predictions.name is missing"),
        ({"predictions": {"name": ["a"], "true": [0], "predicted": [2]}}, "not one of its 2 classes"),
    ],
)
def test_a_record_that_is_not_complete_is_refused_in_one_line(tmp_path, changes, complaint):
    made = {name: value for name, value in run_record(**changes).items() if value is not None}
    (tmp_path / "r.json").write_text(json.dumps(made))
    done = CliRunner().invoke(cli.main, ["report", str(tmp_path / "r.json"), str(tmp_path / "r.html")])
    assert done.exit_code == 1 and done.output.count("\n") == 1 and complaint in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_mans_report_writes_the_page_of_a_record(run_page, tmp_path):
    (tmp_path / "r.json").write_text(json.dumps(run_record()))
    done = CliRunner().invoke(cli.main, ["report", str(tmp_path / "r.json"), str(tmp_path / "new" / "r.html")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "new" / "r.html").read_text() == run_page


def test_the_picture_of_a_prediction_may_be_its_page(tmp_path):
    prediction_pictures.write(prediction(), tmp_path / "p.html")
    assert (tmp_path / "p.html").read_text() == page.of_prediction(prediction())


def test_the_name_of_a_page_must_end_with_html(tmp_path):
    with pytest.raises(InputError, match=r"must end with \.html"):
        page.write(tmp_path / "r.pdf", "")


def test_a_page_that_fails_to_be_written_leaves_the_old_one(tmp_path):
    page.write(tmp_path / "r.html", "old")
    with pytest.raises(UnicodeEncodeError):
        page.write(tmp_path / "r.html", "new \ud800")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]
