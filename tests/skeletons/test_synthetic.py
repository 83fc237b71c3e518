"""The synthetic data set: its bodies' movements, how hard it is, and that the same seed gives the same files."""

import subprocess
import sys

import numpy as np
import pytest
from helpers import ROOT

from mans_keras.skeletons import ntu, synthetic
from mans_keras.skeletons.formats import skeleton_file
from mans_keras.skeletons.synthetic import examples
from mans_keras.skeletons.synthetic.actions import ACTIONS, TIME_ONLY_PAIRS
from mans_keras.tensors.store import Tensors

SCRIPT = ROOT / "data_prep" / "synthetic.py"
TRAINING_SUBJECTS = (1, 2, 4, 5, 8, 9)


def name_of(action, subject=1, repetition=1, camera=1):
    return f"S001C{camera:03}P{subject:03}R{repetition:03}A{synthetic.CLASS_NAMES.index(action) + 1:03}"


def bone_lengths(joints):
    """(frames, bodies, 24): every joint's distance to its parent."""
    return np.linalg.norm(joints - joints[:, :, skeleton_file.PARENTS], axis=-1)[..., 1:]


def test_every_subject_does_every_action_before_every_camera():
    names = synthetic.names()
    assert len(names) == len(set(names)) == 720
    seen = {ntu.parse_name(name, len(ACTIONS)) for name in names}
    assert seen == {(label, subject, camera) for label in range(12) for subject in range(1, 11) for camera in (1, 2, 3)}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    name = name_of("push other person")
    folders = [tmp_path / folder for folder in "abc"]
    for folder, seed in zip(folders, (7, 7, 8), strict=True):
        folder.mkdir()
        synthetic.write(folder, name, seed)
    first, second, other = ((folder / f"{name}.skeleton").read_bytes() for folder in folders)
    assert first == second != other


@pytest.mark.parametrize("action", ACTIONS)
def test_bones_keep_their_lengths_until_the_sensor_adds_noise(action):
    lengths = bone_lengths(synthetic.perform(name_of(action)))
    np.testing.assert_allclose(lengths, np.broadcast_to(lengths[0], lengths.shape), atol=1e-9)


def test_a_subject_has_the_same_bones_in_every_action_and_other_bones_than_another_subject():
    waving, kicking, other = (
        bone_lengths(synthetic.perform(name_of(action, subject)))[0, 0]
        for action, subject in (("wave", 3), ("kick", 3), ("wave", 4))
    )
    np.testing.assert_allclose(waving, kicking)
    assert (np.abs(waving - other) > 0.001).any()


@pytest.mark.parametrize("action", ACTIONS)
def test_only_a_hop_lifts_both_feet_off_the_floor(action):
    heights = synthetic.perform(name_of(action))[..., 1]
    lower_foot = heights[:, :, [15, 19]].min(axis=-1)
    assert lower_foot.min() > -1e-9
    assert (lower_foot.max() > 0.1) == (action == "hop on one leg")
    assert heights.min() > -0.05 and heights.max() < 2.6


def test_two_persons_are_there_in_two_person_actions():
    for action in ("shake hands", "push other person"):
        for subject in synthetic.SUBJECTS:
            assert synthetic.perform(name_of(action, subject)).shape[1] == 2


def test_hands_that_shake_meet():
    for subject in synthetic.SUBJECTS:
        joints = synthetic.perform(name_of("shake hands", subject))
        hands = joints[:, 0, [7, 11]][:, :, None] - joints[:, 1, [7, 11]][:, None]
        assert np.linalg.norm(hands, axis=-1).min() < 0.35


def test_a_kicking_foot_comes_up_to_the_hips():
    for subject in synthetic.SUBJECTS:
        joints = synthetic.perform(name_of("kick", subject))[:, 0]
        assert (joints[:, [15, 19], 1].max(axis=-1) > 0.6 * joints[:, 0, 1]).any()


def test_time_only_pairs_take_every_angle_to_the_same_values():
    for pair in TIME_ONLY_PAIRS:
        first, second = (np.stack([goal for _, goal in ACTIONS[action].steps]) for action in pair)
        assert [set(angle) for angle in first.T] == [set(angle) for angle in second.T]
        assert first.tolist() != second.tolist()


def test_cameras_see_one_performance_each_with_its_own_noise_and_cut():
    performances = [synthetic.perform(name_of("kick", camera=camera)) for camera in (1, 2, 3)]
    np.testing.assert_array_equal(performances[0], performances[1])
    np.testing.assert_array_equal(performances[0], performances[2])
    recordings = [synthetic.record(name_of("kick", camera=camera)) for camera in (1, 2, 3)]
    assert len({joints[0, 0, 0].tobytes() for joints in recordings}) == 3
    assert len({len(joints) for joints in recordings}) > 1


def test_people_stand_before_the_camera():
    for name in synthetic.names()[::31]:
        depth = synthetic.record(name)[..., 2]
        assert depth.min() > 1 and depth.max() < 6


def test_a_file_reads_as_what_was_recorded(tmp_path):
    name = name_of("wave", subject=3, repetition=2, camera=2)
    sequence = synthetic.read(synthetic.write(tmp_path, name))
    joints = synthetic.record(name)
    assert (sequence.name, sequence.label, sequence.subject, sequence.camera) == (name, 0, 3, 2)
    assert len(sequence.joints) == len(joints)
    np.testing.assert_allclose(sequence.joints[:, 0], joints[:, 0], atol=1e-6)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """The output of data_prep/synthetic.py and its folder, in which a killed run had left half a file."""
    out = tmp_path_factory.mktemp("synthetic")
    (out / "synthetic_raw").mkdir()
    (out / "synthetic_raw" / f"{synthetic.names()[0]}.skeleton").write_text("80\n1\n")
    done = subprocess.run([sys.executable, SCRIPT, out], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout, out


@pytest.mark.slow
def test_the_script_writes_raw_files_and_then_their_tensors(prepared):
    printed, out = prepared
    assert "720 sequences found, 720 kept, 0 dropped" in printed
    assert [path.stem for path in ntu.sources(out / "synthetic_raw")] == sorted(synthetic.names())
    tensors = Tensors(out / "synthetic_50.h5")
    assert tensors.class_names == list(ACTIONS)
    assert list(tensors.name) == synthetic.names()
    assert set(tensors.num_bodies) == {1, 2}


@pytest.mark.slow
def test_a_linear_classifier_stays_below_70_percent_across_subjects(prepared):
    """The best test accuracy of ridge classifiers over their penalties: no honest choice can be better."""
    tensors = Tensors(prepared[1] / "synthetic_50.h5")
    x = tensors.read(range(len(tensors))).reshape(len(tensors), -1).astype(float)
    train = np.isin(tensors.subject, TRAINING_SUBJECTS)
    x -= x[train].mean(axis=0)
    targets = 2 * np.eye(12)[tensors.label[train]] - 1
    accuracies = []
    for scale in (1, np.maximum(x[train].std(axis=0), 1e-6)):
        scaled = x / scale
        kernel = scaled @ scaled[train].T
        for penalty in 10.0 ** np.arange(-1, 6):
            weights = np.linalg.solve(kernel[train] + penalty * np.eye(train.sum()), targets)
            accuracies.append(((kernel[~train] @ weights).argmax(axis=1) == tensors.label[~train]).mean())
    assert 0.2 < max(accuracies) < 0.7


@pytest.mark.parametrize("joints", [20, 25])
def test_an_example_of_several_actions_lasts_as_long_as_all_of_them(joints):
    parts = [examples.record(action, joints=joints) for action in examples.SEVERAL]
    whole = examples.record(*examples.SEVERAL, joints=joints)
    assert whole.shape[1:] == (joints, 3) and np.isfinite(whole).all()
    pauses = examples.PAUSE * examples.RATE * (len(parts) - 1)
    assert 0 < len(whole) - sum(map(len, parts)) < 1.5 * pauses
    np.testing.assert_array_equal(whole, examples.record(*examples.SEVERAL, joints=joints))
