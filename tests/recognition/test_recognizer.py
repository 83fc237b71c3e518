import json
import os
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
from mans_keras.recognition.recognizer import Recognizer
from mans_keras.skeletons import recording
from mans_keras.tensors.store import Tensors
from mans_keras.tensors.transforms import to_frames
from mans_keras.training import run as training


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """UT-Kinect in small, and a model of random weights that knows it: raw/, ut_kinect_50.h5, m.h5, m.keras."""
    folder = tmp_path_factory.mktemp("inference")
    raw = ut_kinect_folder(folder / "raw")
    assert script("data_prep/ut_kinect.py", raw, folder).returncode == 0
    tensors = Tensors(folder / "ut_kinect_50.h5")
    model = training.build(make_run(tensors), len(tensors.class_names))
    model.preparation = json.dumps(training.preparation(tensors))
    for name in ("m.h5", "m.keras"):
        model.save(folder / name, include_optimizer=False)
    return folder


@pytest.fixture(scope="module", params=["m.h5", "m.keras"])
def recognizer(folder, request):
    return Recognizer(folder / request.param)


def test_a_saved_model_knows_its_recordings(recognizer):
    told = (recognizer.scale, recognizer.layout, recognizer.coordinates, recognizer.bodies, recognizer.joints)
    assert told == (50, "resize", "body", 1, 20)
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


def test_many_recordings_are_predicted_as_one_by_one(recognizer, monkeypatch):
    monkeypatch.setattr("mans_keras.recognition.recognizer.BATCH", 2)
    sources = [standing_body(5 + frames) for frames in range(5)]
    together, alone = recognizer.predict(sources), [recognizer.predict([source])[0] for source in sources]
    for one, same in zip(together, alone, strict=True):
        np.testing.assert_allclose(one.scores, same.scores, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("array", "complaint"),
    [
        (np.zeros((5, 25, 3)) + 0.5, "25 joints, where the model expects 20"),
        (np.zeros((0, 20, 3)), "no recording: .frames, joints, 3. was expected"),
        (np.zeros((5, 20, 2)), "no recording: .frames, joints, 3. was expected"),
        (np.full((5, 20, 3), np.nan), "no body in any frame"),
        (np.full((5, 20, 3), np.inf), "infinite"),
        (standing_body() * 1000, "metres are expected, not millimetres"),
        (np.array([["a"]]), "no recording"),
    ],
    ids=str,
)
def test_a_recording_that_does_not_fit_is_refused(recognizer, array, complaint):
    with pytest.raises(ValueError, match=complaint):
        recognizer.predict([array])


def test_of_more_bodies_than_the_model_knows_those_that_move_most_stay(recognizer):
    still = np.repeat(standing_body(1, facing=90), 8, axis=0)
    both = np.stack([still, standing_body(8)], axis=1)
    np.testing.assert_array_equal(recognizer.read(both)[:, 0], standing_body(8))
    both[[0, 1, 6, 7], 0] = 0  # to come and to go is no movement
    np.testing.assert_array_equal(recognizer.read(both)[:, 0], standing_body(8))
    both[:, 0] = 0
    both[3:6, 0] = standing_body(3) + np.arange(3)[:, None, None]  # nor is to pass by an action
    np.testing.assert_array_equal(recognizer.read(both)[:, 0], standing_body(8))


def test_a_recording_is_read_whatever_its_format_and_name(tmp_path):
    joints = standing_body(4)
    np.save(tmp_path / "a.npy", joints)
    np.savez(tmp_path / "a.npz", joints=joints)
    (tmp_path / "a.json").write_text(json.dumps(joints.tolist()))
    np.savetxt(tmp_path / "a.csv", joints.reshape(4, -1), delimiter=",")
    for suffix in (".npy", ".npz", ".json", ".csv"):
        np.testing.assert_allclose(recording.read_joints(tmp_path / f"a{suffix}", 20)[:, 0], joints, atol=1e-12)


def test_a_skeleton_file_needs_no_name_of_ntu(tmp_path):
    from mans_keras.skeletons import ntu

    joints = np.repeat(standing_body(20)[:, None, :1], 25, axis=2) + np.arange(25)[:, None] / 10
    ntu.write(tmp_path / "friday.skeleton", joints, [72057594037931101])
    np.testing.assert_allclose(recording.read_joints(tmp_path / "friday.skeleton")[:, :1], joints, rtol=1e-5)


@pytest.mark.parametrize("name", ["a.doc", "a.npy", "missing.json"])
def test_a_file_that_is_no_recording_is_named(tmp_path, name):
    if name != "missing.json":
        (tmp_path / name).write_text("nothing")
    with pytest.raises(ValueError, match=name):
        recording.read_joints(tmp_path / name)


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


def test_a_model_without_attention_predicts_without_it(folder, tmp_path, monkeypatch):
    monkeypatch.setitem(training.MODELS, "mans-9", tiny_model)
    tensors = Tensors(folder / "ut_kinect_50.h5")
    training.train(make_run(tensors, epochs=1, batch=2), tensors, model_path=tmp_path / "m.h5")
    (prediction,) = Recognizer(tmp_path / "m.h5").predict([standing_body()])
    assert prediction.attention is None and len(prediction.scores) == 10


def test_a_file_that_is_no_model_of_ours_is_refused(tmp_path):
    mans_keras.MANs9(3, (8, 8, 3), units=4, alpha=2).save(tmp_path / "bare.keras")
    inputs = keras.Input((3,))
    keras.Model(inputs, keras.layers.Dense(2)(inputs)).save(tmp_path / "other.keras")
    (tmp_path / "garbage.h5").write_text("garbage")
    for name, complaint in (
        ("bare.keras", "does not tell how its recordings were prepared"),
        ("other.keras", "not a Memory Attention Network"),
        ("garbage.h5", "not a model that can be loaded safely"),
        ("missing.h5", "does not exist"),
    ):
        with pytest.raises(ValueError, match=complaint):
            Recognizer(tmp_path / name)


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


def test_mans_predict_names_the_classes_of_each_file(folder):
    file = folder / "raw/joints_s01_e01.txt"
    done = mans("predict", folder / "m.h5", file, file, "--top", "2", "--json")
    assert done.exit_code == 0, done.output
    one, same = map(json.loads, done.stdout.splitlines())
    assert list(one["scores"]) == list(same["scores"]) and len(one["scores"]) == 2
    assert one["attention"] == same["attention"] and len(one["attention"]) == 30
    shown = mans("predict", folder / "m.h5", file).stdout.splitlines()
    assert shown[0] == f"{file}, 30 frames" and len(shown) == 6
    assert shown[1].split()[-1] == next(iter(one["scores"]))


def test_a_bad_recording_is_told_and_the_others_are_answered(folder, tmp_path):
    file = folder / "raw/joints_s01_e01.txt"
    (tmp_path / "bad.npy").write_bytes(b"nothing")
    done = mans("predict", folder / "m.h5", tmp_path / "bad.npy", file)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"Error: {tmp_path / 'bad.npy'}") and done.stderr.count("\n") == 1
    assert done.stdout.startswith(f"{file}, 30 frames")


def test_a_recording_far_longer_than_those_of_training_is_told(folder, tmp_path):
    np.save(tmp_path / "long.npy", np.repeat(standing_body(), 100, axis=0))
    shown = mans("predict", folder / "m.h5", tmp_path / "long.npy").stderr
    assert "long.npy has 600 frames" in shown and "mans stream" in shown and shown.count("\n") == 1


def test_a_recording_whose_body_frame_is_unknown_is_told_by_its_name(folder, tmp_path):
    joints = standing_body()
    joints[:, 16] = joints[:, 12]
    np.save(tmp_path / "hips.npy", joints)
    shown = mans("predict", folder / "m.h5", tmp_path / "hips.npy").stderr
    assert shown.startswith(f"Error: {tmp_path / 'hips.npy'}: no body frame") and shown.count("\n") == 1


def test_a_body_whose_head_is_not_up_is_told_where_the_model_expects_it(tmp_path):
    model = saved_tiny_model(tmp_path / "m.h5", coordinates="upright")
    np.save(tmp_path / "y_up.npy", standing_body())
    np.save(tmp_path / "y_down.npy", standing_body() * (1, -1, -1))
    done = mans("predict", model, tmp_path / "y_up.npy", tmp_path / "y_down.npy")
    assert done.exit_code == 0 and done.stderr.count("\n") == 1
    told = f"{tmp_path / 'y_down.npy'}: by shoulders and hips, -y points up"
    assert done.stderr.startswith(told)
    assert mans("stream", model, tmp_path / "y_down.npy").stderr.startswith(told)


def test_a_file_name_that_is_not_utf_8_can_be_drawn(tmp_path):
    file = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.npy")
    np.save(file, standing_body())
    done = mans("predict", saved_tiny_model(tmp_path / "m.h5"), file, "--plot", tmp_path / "o.png")
    assert done.exit_code == 0 and r"caf\xe9.npy" in done.stdout and (tmp_path / "o.png").exists()


def test_tensors_of_other_bodies_or_joints_are_not_evaluated(tmp_path):
    tensors = tensor_file(tmp_path / "ut_kinect_8.h5", scale=8)
    assert "bodies 1, the model expects 2" in mans("evaluate", saved_tiny_model(tmp_path / "m.h5"), tensors).stderr


def test_other_classes_than_the_models_are_named(folder, tmp_path):
    other = tensor_file(tmp_path / "ut_kinect_50.h5")  # three of the model's ten
    assert f"classes {', '.join(ACTIONS)}, the model expects walk" in mans("evaluate", folder / "m.h5", other).stderr


def test_mans_train_evaluate_and_summary_go_hand_in_hand(folder, monkeypatch):
    monkeypatch.setitem(training.MODELS, "mans-9", tiny_model)
    made = folder / "new" / "mine.h5"
    done = mans("train", folder / "ut_kinect_50.h5", made, "--protocol", "odd_even", "--epochs", "1")
    assert done.exit_code == 0, done.output
    record = json.loads((folder / "new" / "mine.h5.json").read_text())
    shown = mans("evaluate", made, folder / "ut_kinect_50.h5", "--protocol", "odd_even").stdout
    assert f"{record['last_epoch_test_accuracy']:.2%}  of 2 sequences, whether the model was trained on them" in shown
    assert "the recipe released is made for layout pad; these tensors have resize" in done.stderr
    assert "at the last epoch, on 2 sequences (odd_even)" in done.stdout
    everything = mans("evaluate", made, folder / "ut_kinect_50.h5").stdout
    assert everything.rstrip().endswith("sequences, whether the model was trained on them or not")
    assert "--fold needs a --protocol" in mans("evaluate", made, folder / "ut_kinect_50.h5", "--fold", "0").stderr
    assert "walk, sitDown, standUp" in mans("summary", made).stdout
    assert sorted(path.name for path in made.parent.iterdir()) == ["mine.h5", "mine.h5.json"]


def test_a_diverged_training_leaves_a_record_and_no_model(folder, monkeypatch):
    monkeypatch.setitem(training.MODELS, "mans-9", exploding_model)
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
