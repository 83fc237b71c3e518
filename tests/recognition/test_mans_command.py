import json
import os
import re

import numpy as np
import pytest
from click.testing import CliRunner
from helpers import standing_body, tensor_file
from helpers import tiny_model as saved_tiny_model
from test_training import exploding_model, tiny_model

import mans_keras
from mans_keras import cli
from mans_keras.errors import InputError
from mans_keras.recognition import recognizer
from mans_keras.skeletons import ut_kinect
from mans_keras.training.run import MODELS

pytestmark = pytest.mark.usefixtures("eager")


def mans(*arguments):
    return CliRunner().invoke(cli.main, [*map(str, arguments)])


@pytest.mark.slow
def test_a_model_without_preparation_is_refused_by_the_line_that_mends_it(tmp_path):
    path = tmp_path / "bare.keras"
    mans_keras.MANs9(3, (8, 8, 3), tarm=False).save(path)
    for command, *rest in (("predict", "x.npy"), ("stream", "x.npy"), ("summary",)):
        done = mans(command, path, *rest)
        assert done.exit_code == 1 and done.stderr.count("\n") == 1, command
        assert f"{path} does not say how its recordings were prepared" in done.stderr
        assert "model.preparation = tensors.preparation()" in done.stderr


@pytest.mark.slow
def test_mans_predict_names_the_classes_of_each_file(folder):
    file = folder / "raw/joints_s01_e01.txt"
    done = mans("predict", folder / "m.h5", file, file, "--top", "2", "--json")
    assert done.exit_code == 0, done.output
    first, second = map(json.loads, done.stdout.splitlines())
    assert list(first["scores"]) == list(second["scores"]) and len(first["scores"]) == 2
    assert first["attention"] == second["attention"] and len(first["attention"]) == 30
    lines = mans("predict", folder / "m.h5", file).stdout.splitlines()
    assert lines[0] == f"{file}, 30 frames" and len(lines) == 6
    assert lines[1].split()[-1] == next(iter(first["scores"]))


def test_the_network_is_compiled_only_for_many_recordings(tmp_path, monkeypatch):
    def complain(model, compiled):
        raise InputError("compiled" if compiled else "not compiled")

    monkeypatch.setattr(recognizer, "Recognizer", complain)
    model = tmp_path / "m.h5"
    model.touch()
    for number, expected in ((1, "Error: not compiled"), (100, "Error: compiled")):
        assert mans("predict", model, *["a.npy"] * number).stderr.strip() == expected


def test_frames_of_ut_kinect_have_the_numbers_of_the_file(folder):
    file = folder / "raw/joints_s01_e01.txt"
    numbers, _ = ut_kinect.read_recording(file)
    lines = mans("predict", folder / "m.h5", file, "--frames", f"{numbers[3]}:{numbers[12]}").stdout.splitlines()
    assert lines[0] == f"{file}, 10 frames"


@pytest.mark.slow
def test_bones_of_the_users_own_are_drawn(folder, tmp_path):
    file, page = folder / "raw/joints_s01_e01.txt", tmp_path / "a.html"
    done = mans("predict", folder / "m.h5", file, "--plot", page, "--bones", "0-1,7-19")
    assert done.exit_code == 0, done.output
    assert re.search(r'"bones": ?\[\[0, ?1\], ?\[7, ?19\]\]', page.read_text())


def test_a_folder_with_a_file_for_each_frame_is_a_recording(folder, tmp_path):
    (tmp_path / "frames").mkdir()
    for number, frame in enumerate(standing_body(12)):
        np.save(tmp_path / f"frames/{number}.npy", frame)
    np.save(tmp_path / "whole.npy", standing_body(12))
    done = mans("predict", folder / "m.h5", tmp_path / "frames", tmp_path / "whole.npy")
    lines = [line for line in done.stdout.splitlines() if "%" in line]
    half = len(lines) // 2
    assert lines[:half] == lines[half:] != []


@pytest.mark.parametrize("text", ["5", "9:5", "a:b", "1:-1"])
def test_frames_that_are_no_range_are_refused(folder, text):
    done = mans("predict", folder / "m.h5", folder / "raw/joints_s01_e01.txt", "--frames", text)
    assert done.exit_code == 2 and "is not FIRST:LAST, such as 120:185" in done.stderr


@pytest.mark.slow
def test_a_bad_recording_is_reported_and_the_others_are_classified(folder, tmp_path):
    file = folder / "raw/joints_s01_e01.txt"
    (tmp_path / "bad.npy").write_bytes(b"nothing")
    done = mans("predict", folder / "m.h5", tmp_path / "bad.npy", file)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"Error: {tmp_path / 'bad.npy'}") and done.stderr.count("\n") == 1
    assert done.stdout.startswith(f"{file}, 30 frames")


@pytest.mark.slow
def test_a_recording_far_longer_than_those_of_training_is_reported(folder, tmp_path):
    np.save(tmp_path / "long.npy", np.repeat(standing_body(), 100, axis=0))
    message = mans("predict", folder / "m.h5", tmp_path / "long.npy").stderr
    assert "long.npy: 600 frames" in message and "mans stream" in message and message.count("\n") == 1


def test_a_picture_that_can_not_be_drawn_costs_no_answer(folder, tmp_path):
    np.save(tmp_path / "a.npy", standing_body())
    done = mans("predict", folder / "m.h5", tmp_path / "a.npy", tmp_path / "a.npy", "--plot", "/proc/a.png")
    assert done.exit_code == 1 and done.stdout.count("a.npy, 6 frames") == 2
    assert done.stderr.count("Error: ") == 2 and "Traceback" not in done.stderr


def test_a_recording_in_which_nothing_moves_is_reported(folder, tmp_path):
    still = np.repeat(standing_body()[:1], 30, axis=0)
    np.save(tmp_path / "still.npy", still)
    np.save(tmp_path / "one.npy", still[:1])
    message = mans("predict", folder / "m.h5", tmp_path / "still.npy", tmp_path / "one.npy").stderr
    assert "still.npy: 30 frames with one pose" in message and "one.npy: 1 frame with one pose" in message


def test_a_body_that_is_no_persons_in_metres_is_reported(folder, tmp_path):
    np.save(tmp_path / "inches.npy", (standing_body() - standing_body().mean(axis=(0, 1))) / 0.0254)
    for command in ("predict", "stream"):
        message = mans(command, folder / "m.h5", tmp_path / "inches.npy").stderr
        assert "inches.npy: the body is 63 m tall or wide; if the file is not in metres, give its unit" in message
    assert "tall or wide" not in mans("predict", folder / "m.h5", tmp_path / "inches.npy", "--unit", "in").stderr


def test_a_recording_without_a_body_frame_is_reported_by_its_name(folder, tmp_path):
    joints = standing_body()
    joints[:, 16] = joints[:, 12]
    np.save(tmp_path / "hips.npy", joints)
    message = mans("predict", folder / "m.h5", tmp_path / "hips.npy").stderr
    assert message.startswith(f"Error: {tmp_path / 'hips.npy'}: no body frame") and message.count("\n") == 1


@pytest.mark.slow
def test_a_body_upside_down_is_reported_if_the_model_expects_it_upright(tmp_path):
    model = saved_tiny_model(tmp_path / "m.h5", coordinates="upright")
    np.save(tmp_path / "y_up.npy", standing_body())
    np.save(tmp_path / "y_down.npy", standing_body() * (1, -1, -1))
    done = mans("predict", model, tmp_path / "y_up.npy", tmp_path / "y_down.npy")
    assert done.exit_code == 0 and done.stderr.count("\n") == 1
    message = f"{tmp_path / 'y_down.npy'}: by shoulders and hips, -y points up"
    assert done.stderr.startswith(message)
    assert mans("stream", model, tmp_path / "y_down.npy").stderr.startswith(message)


@pytest.mark.slow
def test_a_file_name_that_is_not_utf_8_can_be_drawn(tmp_path):
    file = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.npy")
    np.save(file, standing_body())
    done = mans("predict", saved_tiny_model(tmp_path / "m.h5"), file, "--plot", tmp_path / "o.png")
    assert done.exit_code == 0 and r"caf\xe9.npy" in done.stdout and (tmp_path / "o.png").exists()


def test_tensors_of_other_bodies_or_joints_are_not_evaluated(tmp_path):
    tensors = tensor_file(tmp_path / "ut_kinect_8.h5", scale=8)
    assert "bodies 1, the model expects 2" in mans("evaluate", saved_tiny_model(tmp_path / "m.h5"), tensors).stderr


@pytest.mark.slow
def test_mans_evaluate_and_summary_take_what_mans_train_saved(folder, monkeypatch):
    monkeypatch.setitem(MODELS, "mans-9", tiny_model)
    made = folder / "new" / "mine.h5"
    done = mans("train", folder / "ut_kinect_50.h5", made, "--protocol", "odd_even", "--epochs", "1")
    assert done.exit_code == 0, done.output
    record = json.loads((folder / "new" / "mine.h5.json").read_text())
    evaluation = mans("evaluate", made, folder / "ut_kinect_50.h5", "--protocol", "odd_even").stdout
    accuracy = f"{record['last_epoch_test_accuracy']:.2%}"
    assert evaluation.endswith(f"{accuracy}  of 2 sequences\n")
    no_fold = mans("evaluate", made, folder / "ut_kinect_50.h5", "--protocol", "odd_even", "--fold", "3").stderr
    assert "no fold 3: odd_even has one fold, 0" in no_fold
    assert "the recipe `best` uses coordinates `upright`; these tensors use `body`" in done.stderr
    assert "at the last epoch, on 2 sequences (odd_even)" in done.stdout
    everything = mans("evaluate", made, folder / "ut_kinect_50.h5").stdout
    assert everything.rstrip().endswith("sequences, whether the model was trained on them or not")
    assert "--fold needs a --protocol" in mans("evaluate", made, folder / "ut_kinect_50.h5", "--fold", "0").stderr
    summary = mans("summary", made).stdout
    assert "walk, sitDown, standUp" in summary and "attention: none, the network has no TARMs" in summary
    again = mans("train", folder / "ut_kinect_50.h5", made, "--protocol", "odd_even", "--epochs", "1").stderr
    note = f"note: {made} exists, and is replaced with its record when this training ends"
    assert note in again and note not in done.stderr
    assert sorted(path.name for path in made.parent.iterdir()) == ["mine.h5", "mine.h5.json"]


@pytest.mark.slow
def test_a_diverged_training_leaves_a_record_and_no_model(folder, monkeypatch):
    monkeypatch.setitem(MODELS, "mans-9", exploding_model)
    done = mans("train", folder / "ut_kinect_50.h5", folder / "nan" / "m.h5", "--protocol", "odd_even", "--epochs", "3")
    assert done.exit_code == 1 and "Error: DIVERGED after 1 epoch:" in done.stderr
    assert [path.name for path in (folder / "nan").iterdir()] == ["m.h5.diverged.json"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["predict", "missing.h5", "x.npy"], "missing.h5 does not exist"),
        (["train", "missing.h5", "m.h5"], "missing.h5 does not exist"),
        (["train", "missing.h5", "m.txt"], "must end with .h5 or .keras"),
    ],
)
def test_bad_input_of_mans_is_one_line(arguments, complaint):
    done = mans(*arguments)
    assert done.exit_code != 0 and done.stderr.count("\n") == 1
    assert complaint in done.stderr
