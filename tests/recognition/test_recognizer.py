import json
import os
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
from click.testing import CliRunner
from helpers import ACTIONS, script, standing_body, tensor_file, ut_kinect_folder
from helpers import tiny_model as saved_tiny_model
from test_training import exploding_model, make_run, tiny_model

import mans_keras
from mans_keras import cli
from mans_keras.errors import InputError
from mans_keras.models import attention
from mans_keras.recognition.recognizer import Recognizer
from mans_keras.skeletons import recording, ut_kinect
from mans_keras.tensors.store import Tensors
from mans_keras.tensors.transforms import to_frames
from mans_keras.training.network import build
from mans_keras.training.run import MODELS
from mans_keras.training.train_run import train_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small UT-Kinect and a model of random weights with its preparation: raw/, ut_kinect_50.h5, m.h5, m.keras."""
    folder = tmp_path_factory.mktemp("inference")
    raw = ut_kinect_folder(folder / "raw")
    assert script("data_prep/ut_kinect.py", raw, folder).returncode == 0
    tensors = Tensors(folder / "ut_kinect_50.h5")
    model = build(make_run(tensors), len(tensors.class_names))
    model.preparation = tensors.preparation()
    for name in ("m.h5", "m.keras"):
        model.save(folder / name, include_optimizer=False)
    return folder


@pytest.fixture(scope="module", params=["m.h5", pytest.param("m.keras", marks=pytest.mark.slow)])
def recognizer(folder, request):
    return Recognizer(folder / request.param)


def test_a_saved_model_knows_its_recordings(recognizer):
    attributes = (recognizer.scale, recognizer.layout, recognizer.coordinates, recognizer.bodies, recognizer.joints)
    assert attributes == (50, "resize", "body", 1, 20)
    assert recognizer.class_names[:3] == ACTIONS and len(recognizer.class_names) == 10


def test_an_array_becomes_the_tensor_that_training_saw(recognizer, folder):
    tensors = Tensors(folder / "ut_kinect_50.h5")
    _, joints = recording.ut_kinect.read_recording(folder / "raw/joints_s01_e01.txt")
    first = joints[:6]  # frames 10 to 20: walk
    np.testing.assert_array_equal(recognizer.tensor(recognizer.read(first)), tensors.read([0])[0])
    (prediction,) = recognizer.predict([first])
    expected = recognizer.model.predict(tensors.read([0]), verbose=0)[0]
    np.testing.assert_allclose(prediction.scores, expected, rtol=1e-5, atol=1e-6)
    assert prediction.scores.sum() == pytest.approx(1, abs=1e-5)


def test_the_top_classes_are_those_with_the_highest_scores(recognizer):
    (prediction,) = recognizer.predict([standing_body()])
    top = prediction.top(3)
    assert [score for _, score in top] == sorted(prediction.scores.astype(float), reverse=True)[:3]
    assert top[0][0] == recognizer.class_names[prediction.scores.argmax()]


def test_every_frame_has_its_attention(recognizer):
    short, long = recognizer.predict([standing_body(7), standing_body(120)])
    assert short.attention.shape == (7, 3) and long.attention.shape == (120, 3)
    tensor = recognizer.tensor(short.joints)[None]
    for axis, name in enumerate("xyz"):
        weights = recognizer.model.get_layer(f"tarm_{name}").attention_weights(tensor[..., axis])
        weights = keras.ops.convert_to_numpy(weights)[0, :, 0]
        assert short.attention[0, axis] == pytest.approx(weights[0], rel=1e-5)
        assert short.attention[-1, axis] == pytest.approx(weights[-1], rel=1e-5)


@pytest.mark.slow
def test_a_batch_of_recordings_gets_the_scores_of_single_recordings(recognizer, monkeypatch):
    monkeypatch.setattr("mans_keras.recognition.recognizer.BATCH", 2)
    sources = [standing_body(5 + frames) for frames in range(5)]
    together, alone = recognizer.predict(sources), [recognizer.predict([source])[0] for source in sources]
    for in_batch, single in zip(together, alone, strict=True):
        np.testing.assert_allclose(in_batch.scores, single.scores, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("array", "complaint"),
    [
        (np.random.default_rng(0).normal(size=(5, 25, 3)), "25 joints, where the model expects 20"),
        (np.zeros((0, 20, 3)), "not a recording: numbers .frames, joints, 3. or"),
        (np.zeros((5, 20, 2)), "not a recording: numbers .frames, joints, 3. or"),
        (np.full((5, 20, 3), np.nan), "no body in any frame"),
        (np.full((5, 20, 3), np.inf), "infinite"),
        (standing_body() * 1000, "metres are expected, not millimetres"),
        (np.array([["a"]]), "not a recording"),
    ],
    ids=str,
)
def test_a_recording_that_does_not_fit_is_refused(recognizer, array, complaint):
    with pytest.raises(ValueError, match=complaint):
        recognizer.predict([array])


def test_of_too_many_bodies_those_that_move_most_are_kept(recognizer):
    still = np.repeat(standing_body(1, facing=90), 8, axis=0)
    both = np.stack([still, standing_body(8)], axis=1)
    np.testing.assert_array_equal(recognizer.read(both)[:, 0], standing_body(8))
    both[[0, 1, 6, 7], 0] = 0  # appearing and disappearing is no movement
    np.testing.assert_array_equal(recognizer.read(both)[:, 0], standing_body(8))
    both[:, 0] = 0
    both[3:6, 0] = standing_body(3) + np.arange(3)[:, None, None]  # and passing by is no action
    np.testing.assert_array_equal(recognizer.read(both)[:, 0], standing_body(8))


def test_a_recording_is_read_from_each_format(tmp_path):
    joints = standing_body(4)
    np.save(tmp_path / "a.npy", joints)
    np.savez(tmp_path / "a.npz", joints=joints)
    (tmp_path / "a.json").write_text(json.dumps(joints.tolist()))
    np.savetxt(tmp_path / "a.csv", joints.reshape(4, -1), delimiter=",")
    for suffix in (".npy", ".npz", ".json", ".csv"):
        np.testing.assert_allclose(recording.read(tmp_path / f"a{suffix}", 20).joints[:, 0], joints, atol=1e-12)


def test_a_skeleton_file_needs_no_name_of_ntu(tmp_path):
    from mans_keras.skeletons.formats import skeleton_file

    joints = np.repeat(standing_body(20)[:, None, :1], 25, axis=2) + np.arange(25)[:, None] / 10
    skeleton_file.write(tmp_path / "friday.skeleton", joints, [72057594037931101])
    np.testing.assert_allclose(recording.read(tmp_path / "friday.skeleton").joints[:, :1], joints, rtol=1e-5)


@pytest.mark.parametrize("name", ["a.doc", "a.npy", "missing.json"])
def test_the_message_names_a_file_that_is_no_recording(tmp_path, name):
    if name != "missing.json":
        (tmp_path / name).write_text("nothing")
    with pytest.raises(ValueError, match=name):
        recording.read(tmp_path / name)


@pytest.mark.parametrize(
    ("frames", "layout", "expected"),
    [
        (3, "resize", [0, 1.5, 3]),
        (1, "resize", [0]),
        (7, "resize", [0, 0.5, 1, 1.5, 2, 2.5, 3]),
        (2, "pad", [1, 2]),
        (4, "pad", [0, 1, 2, 3]),
        (7, "pad", [0, 0.5, 1, 1.5, 2, 2.5, 3]),
    ],
)
def test_rows_of_a_tensor_are_mapped_back_to_frames(frames, layout, expected):
    np.testing.assert_allclose(to_frames(np.arange(4.0), frames, layout), expected)


@pytest.mark.slow
def test_a_model_without_attention_predicts_without_it(folder, tmp_path, monkeypatch):
    monkeypatch.setitem(MODELS, "mans-9", tiny_model)
    tensors = Tensors(folder / "ut_kinect_50.h5")
    train_run(make_run(tensors, epochs=1, batch=2), tensors, model_path=tmp_path / "m.h5")
    (prediction,) = Recognizer(tmp_path / "m.h5").predict([standing_body()])
    assert prediction.attention is None and len(prediction.scores) == 10


def test_a_file_that_is_no_model_of_ours_is_refused(tmp_path):
    inputs = keras.Input((3,))
    keras.Model(inputs, keras.layers.Dense(2)(inputs)).save(tmp_path / "other.keras")
    (tmp_path / "garbage.h5").write_text("garbage")
    for name, complaint in (
        ("other.keras", "not a Memory Attention Network"),
        ("garbage.h5", "not a model that can be loaded safely"),
        ("missing.h5", "does not exist"),
    ):
        with pytest.raises(ValueError, match=complaint):
            Recognizer(tmp_path / name)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("predict", "x.npy"), ("stream", "x.npy"), ("summary",)], ids=lambda a: a[0])
def test_a_model_without_preparation_is_refused_by_the_line_that_mends_it(tmp_path, arguments):
    path = tmp_path / "bare.keras"
    mans_keras.MANs9(3, (8, 8, 3), units=4, alpha=2).save(path)
    command, *rest = arguments
    done = mans(command, path, *rest)
    assert done.exit_code == 1 and done.stderr.count("\n") == 1
    assert f"{path} does not say how its recordings were prepared" in done.stderr
    assert "model.preparation = tensors.preparation()" in done.stderr


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_a_model_with_code_in_its_file_is_refused_and_the_code_does_not_run(tmp_path, suffix):
    marker = tmp_path / "it ran"
    inputs = keras.Input((3,))
    code = keras.layers.Lambda(lambda x, path=str(marker): (open(path, "w").close(), x)[1])
    model = keras.Model(inputs, code(inputs))
    model.save(tmp_path / f"m.{suffix}")
    marker.unlink(missing_ok=True)
    with pytest.raises(ValueError, match="not a model that can be loaded safely"):
        Recognizer(tmp_path / f"m.{suffix}")
    assert not marker.exists()


def mans(*arguments):
    return CliRunner().invoke(cli.main, [*map(str, arguments)])


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


def test_a_part_of_a_recording_is_asked_about_by_its_frames(recognizer, folder, tmp_path):
    joints = recording.read(folder / "raw/joints_s01_e01.txt", 20).joints
    np.save(tmp_path / "a.npy", joints)
    (whole,) = recognizer.predict([joints[5:21]])
    (part,) = recognizer.predict([tmp_path / "a.npy"], frames=(5, 20))
    np.testing.assert_array_equal(part.scores, whole.scores)
    with pytest.raises(InputError, match=r"a\.npy: its frames are 0 to 29, and not 90 to 99"):
        recognizer.predict([tmp_path / "a.npy"], frames=(90, 99))


def test_of_a_part_the_bodies_that_are_left_out_are_counted_in_the_part(recognizer, tmp_path):
    both = np.stack([standing_body(30), standing_body(30) * 0.5 + np.array([2, 0, 0])], axis=1)
    both[12:, 1] = 0
    np.save(tmp_path / "a.npy", both)
    (part,) = recognizer.predict([tmp_path / "a.npy"], frames=(10, 19))
    assert part.notes == ("1 body is left out, seen in 2 of 10 frames",)


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
    assert "long.npy has 600 frames" in message and "mans stream" in message and message.count("\n") == 1


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
    assert f"{accuracy}  of 2 sequences, whether the model was trained on them" in evaluation
    assert "the recipe best uses coordinates upright; these tensors use body" in done.stderr
    assert "at the last epoch, on 2 sequences (odd_even)" in done.stdout
    everything = mans("evaluate", made, folder / "ut_kinect_50.h5").stdout
    assert everything.rstrip().endswith("sequences, whether the model was trained on them or not")
    assert "--fold needs a --protocol" in mans("evaluate", made, folder / "ut_kinect_50.h5", "--fold", "0").stderr
    assert "walk, sitDown, standUp" in mans("summary", made).stdout
    assert sorted(path.name for path in made.parent.iterdir()) == ["mine.h5", "mine.h5.json"]


@pytest.mark.slow
def test_a_diverged_training_leaves_a_record_and_no_model(folder, monkeypatch):
    monkeypatch.setitem(MODELS, "mans-9", exploding_model)
    done = mans("train", folder / "ut_kinect_50.h5", folder / "nan" / "m.h5", "--protocol", "odd_even", "--epochs", "3")
    assert done.exit_code == 1 and "Error: DIVERGED after 1 epochs" in done.stderr
    assert [path.name for path in (folder / "nan").iterdir()] == ["m.h5.diverged.json"]


def test_the_mans_command_is_there_and_helps():
    done = subprocess.run([sys.executable, "-m", "mans_keras.cli", "-h"], capture_output=True, text=True)
    assert done.returncode == 0 and all(name in done.stdout for name in ("predict", "train", "evaluate", "summary"))


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


@pytest.mark.parametrize("file", ["m.h5", "m.keras"])
def test_a_model_with_an_attention_that_is_not_registered_says_what_is_missing(tmp_path, monkeypatch, file):
    class UnknownLater(mans_keras.GateAttention):
        pass

    monkeypatch.setattr(attention, "ATTENTIONS", {})
    attention.attention("own")(UnknownLater)
    path = saved_tiny_model(tmp_path / file, attention="own")
    attention.ATTENTIONS.clear()
    with pytest.raises(ValueError, match=rf"{file} .*'own' is not known.*load_extension\(file\)$"):
        Recognizer(path)
