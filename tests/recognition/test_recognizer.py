import json
import subprocess
import sys

import keras
import numpy as np
import pytest
from helpers import ACTIONS, standing_body, tiny_model

import mans_keras
from mans_keras.errors import InputError
from mans_keras.models import attention
from mans_keras.recognition.recognizer import Recognizer
from mans_keras.skeletons import recording
from mans_keras.tensors.store import Tensors
from mans_keras.tensors.transforms import to_frames


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
    expected = keras.ops.convert_to_numpy(recognizer.model(tensors.read([0])))[0]
    np.testing.assert_allclose(prediction.scores, expected, rtol=1e-5, atol=1e-6)
    assert prediction.scores.sum() == pytest.approx(1, abs=1e-5)


def test_without_compiling_the_answers_are_the_same(recognizer, folder):
    uncompiled = Recognizer(folder / "m.h5", compiled=False)
    (expected,), (answer,) = (each.predict([standing_body(9)]) for each in (recognizer, uncompiled))
    np.testing.assert_allclose(answer.scores, expected.scores, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(answer.attention, expected.attention, rtol=1e-4, atol=1e-6)


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
        (np.zeros((5, 20, 2)), "not a recording: a joint has 2 values: x y z are expected, and z is missing"),
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


def test_a_model_without_attention_predicts_without_it(tmp_path, eager):
    (prediction,) = Recognizer(tiny_model(tmp_path / "m.h5", tarm=False)).predict([standing_body()])
    assert prediction.attention is None and len(prediction.scores) == 3


@pytest.mark.slow
def test_a_model_gives_the_same_answers_from_a_file_of_either_format(recognizer, folder, eager):
    other = Recognizer(folder / "m.keras")
    assert other.preparation == recognizer.preparation
    (first,), (second,) = (asked.predict([standing_body(7)]) for asked in (recognizer, other))
    np.testing.assert_allclose(second.scores, first.scores, rtol=1e-5)
    np.testing.assert_allclose(second.attention, first.attention, rtol=1e-5)


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


@pytest.mark.parametrize("module", ["mans_keras", "mans_keras.cli"])
def test_the_mans_command_is_there_and_helps(module):
    done = subprocess.run([sys.executable, "-m", module, "-h"], capture_output=True, text=True)
    assert done.returncode == 0 and all(name in done.stdout for name in ("predict", "train", "evaluate", "summary"))


@pytest.mark.parametrize("file", ["m.h5", "m.keras"])
def test_a_model_with_an_attention_that_is_not_registered_says_what_is_missing(tmp_path, monkeypatch, file):
    class UnknownLater(mans_keras.GateAttention):
        pass

    monkeypatch.setattr(attention, "ATTENTIONS", {})
    attention.attention("own")(UnknownLater)
    path = tiny_model(tmp_path / file, attention="own")
    attention.ATTENTIONS.clear()
    with pytest.raises(ValueError, match=rf"{file} .*'own' is not known.*load_extension\(file\)$"):
        Recognizer(path)
