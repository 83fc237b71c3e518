"""What the page of `mans demo` shows of a recording, without the page."""

from types import SimpleNamespace

import numpy as np
import pytest
from helpers import ACTIONS, standing_body, tiny_model

from mans_keras.demo import answers
from mans_keras.errors import InputError
from mans_keras.recognition.recognizer import Recognizer
from mans_keras.skeletons import recording
from mans_keras.skeletons.sequence import KINECT_1_NAMES, KINECT_2_NAMES
from mans_keras.skeletons.synthetic import examples

pytestmark = pytest.mark.usefixtures("eager")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return Recognizer(tiny_model(tmp_path_factory.mktemp("model") / "m.h5", bodies=1))


def test_the_models_are_the_shipped_ones_and_those_of_the_folder(tmp_path):
    (tmp_path / "mine.keras").touch()
    shipped, own = answers.model_files(None), answers.model_files(tmp_path)
    assert "mans9_ut_kinect.h5" in shipped
    assert own == shipped | {str(tmp_path / "mine.keras"): tmp_path / "mine.keras"}
    with pytest.raises(InputError, match="is not a folder"):
        answers.model_files(tmp_path / "missing")


def test_uploads_are_one_recording_and_an_amc_comes_with_its_asf(tmp_path):
    for name in ("walk.amc", "walk.asf", "run.npy"):
        (tmp_path / name).touch()
    (tmp_path / "place").mkdir()
    amc, asf, npy = (str(tmp_path / name) for name in ("walk.amc", "walk.asf", "run.npy"))
    assert answers.recording([asf, amc], tmp_path / "place") == tmp_path / "place/walk.amc"
    assert (tmp_path / "place/walk.asf").exists()
    for uploads in ([amc, npy], [asf]):
        with pytest.raises(InputError, match="one recording at a time"):
            answers.recording(uploads, tmp_path / "place")


def test_an_example_is_answered_by_a_page_in_a_frame_without_rights_and_by_pictures(model, tmp_path):
    (prediction,) = model.predict([answers.example("waves both hands", model, tmp_path)])
    frame = answers.viewer(prediction)
    assert 'sandbox="allow-scripts"' in frame and frame.count("<") == 2 and prediction.top(1)[0][0] in frame
    files = answers.pictures(prediction, tmp_path)
    assert files == [f"{tmp_path}/SYNTHETIC waves both hands{suffix}" for suffix in (".png", ".gif", ".html")]


def test_of_a_long_recording_the_table_says_which_class_leads_when(model, tmp_path):
    joints = standing_body(4)
    joints[:2] = 0
    np.save(tmp_path / "a.npy", joints)
    remarks, picture, table = answers.over_time(model, tmp_path / "a.npy", None, 2, tmp_path)
    assert "Each answer is about the last 2 frames." in remarks
    assert picture == f"{tmp_path}/a.png"
    assert "<td>0 - 1</td><td>nobody</td>" in table and any(f"<td>{name}</td>" in table for name in ACTIONS)


def test_what_a_page_shows_of_a_name_is_no_html():
    assert answers.paragraph("<b>\x1b", "problem") == r'<p class="problem">&lt;b&gt;\x1b</p>'


@pytest.mark.parametrize("names", [KINECT_1_NAMES, KINECT_2_NAMES])
def test_a_synthetic_example_gets_the_order_of_the_models_joints(tmp_path, names):
    model = SimpleNamespace(joints=len(names))
    path = answers.example("claps", model, tmp_path)
    content = recording.read(path, len(names), False, names[::-1])
    joints = examples.record("claps", joints=len(names))[:, ::-1]
    np.testing.assert_allclose(content.joints[:, 0], joints, atol=1e-4)
