"""UTD-MHAD: its MATLAB files, their names, its protocols and the script; on generated and on real files."""

import io
import os

import numpy as np
import pytest
import scipy.io
from helpers import SHARED, script, standing_body, tensor_file
from mutations import mutants

from mans_keras.errors import InputError
from mans_keras.skeletons import recording, utd_mhad, view
from mans_keras.skeletons.sequence import KINECT_1, Dropped
from mans_keras.tensors import protocols
from mans_keras.tensors.store import Tensors

# The order in the owners' Skeleton_joint_order.txt, and Kinect v1's.
LIMBS = [f"{side}_{joint}" for side in ("left", "right") for joint in ("shoulder", "elbow", "wrist", "hand")]
LIMBS += [f"{side}_{joint}" for side in ("left", "right") for joint in ("hip", "knee", "ankle", "foot")]
IN_THE_FILE = ["head", "shoulder_center", "spine", "hip_center", *LIMBS]
IN_KINECT_1 = ["hip_center", "spine", "shoulder_center", "head", *LIMBS]
TO_THE_FILE = [IN_KINECT_1.index(name) for name in IN_THE_FILE]


def matlab_5(**arrays):
    file = io.BytesIO()
    scipy.io.savemat(file, arrays, do_compression=True)
    return file.getvalue()


def d_skel(frames=4):
    """20 x 3 x frames, in the owners' order of joints."""
    return standing_body(frames)[:, TO_THE_FILE].transpose(1, 2, 0)


@pytest.fixture
def put(tmp_path):
    """Write bytes as the file of a sequence."""

    def put_file(data, name="a27_s8_t4_skeleton.mat"):
        path = tmp_path / "Skeleton" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return path

    return put_file


def test_joints_are_read_in_the_order_of_kinect_1_with_class_and_subject(put):
    sequence = utd_mhad.read(put(matlab_5(d_skel=d_skel())))
    np.testing.assert_array_equal(sequence.joints, standing_body(4)[:, None])
    assert (sequence.name, sequence.label, sequence.subject, sequence.camera) == ("a27_s8_t4", 26, 8, -1)
    assert utd_mhad.CLASS_NAMES[sequence.label] == "squat" and len(set(utd_mhad.CLASS_NAMES)) == 27


def test_a_single_frame_has_no_third_axis(put):
    np.testing.assert_array_equal(
        utd_mhad.read(put(matlab_5(d_skel=d_skel(1)[..., 0]))).joints, standing_body(1)[:, None]
    )


WRONG = {
    "another name": {"SW": d_skel()},
    "19 joints": {"d_skel": d_skel()[1:]},
    "axes the other way round": {"d_skel": d_skel().T},
    "a fourth axis": {"d_skel": d_skel()[..., None].repeat(2, axis=-1)},
    "text": {"d_skel": "standing"},
    "complex": {"d_skel": d_skel() + 1j},
    "not a number": {"d_skel": np.where(d_skel() > 0.5, np.nan, d_skel())},
    "kilometres away": {"d_skel": d_skel() * 1e6},
    "zeros alone": {"d_skel": d_skel() * 0},
    "too many frames": {"d_skel": np.ones((20, 3, 10_001), np.int8)},
    "no frame": {"d_skel": np.ones((20, 3, 0))},
}


@pytest.mark.parametrize("arrays", WRONG.values(), ids=WRONG)
def test_another_array_is_dropped_with_a_reason(put, arrays):
    with pytest.raises(Dropped, match=r"\w+ \w+"):
        utd_mhad.read(put(matlab_5(**arrays)))


def test_a_huge_file_and_a_pipe_are_dropped_unread(put, tmp_path):
    path = put(b"")
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(Dropped, match="larger than 16 MiB"):
        utd_mhad.read(path)
    os.mkfifo(tmp_path / "a1_s1_t1_skeleton.mat")
    with pytest.raises(Dropped, match="not a file"):
        utd_mhad.read(tmp_path / "a1_s1_t1_skeleton.mat")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a28_s1_t1_skeleton", "a28, is not one of the 27 actions"),
        ("a0_s1_t1_skeleton", "not one of the 27 actions"),
        ("a1_s1_skeleton", "not aA_sS_tT"),
        (f"a1_s{'9' * 99}_t1_skeleton", "not aA_sS_tT"),
    ],
)
def test_another_name_is_dropped(put, name, reason):
    with pytest.raises(Dropped, match=reason):
        utd_mhad.read(put(matlab_5(d_skel=d_skel()), f"{name}.mat"))


@pytest.mark.slow
def test_2000_broken_files_are_finite_or_dropped(put):
    outcomes = {True: 0, False: 0}
    file = io.BytesIO()
    scipy.io.savemat(file, {"d_skel": d_skel(2)})
    for mutant in mutants(file.getvalue(), 2000):
        path = put(mutant)
        try:
            joints = utd_mhad.read(path).joints
        except Dropped:
            outcomes[False] += 1
        else:
            assert joints.shape[1:] == (1, 20, 3) and np.isfinite(joints).all()
            outcomes[True] += 1
    assert min(outcomes.values()) > 100


def test_sources_are_in_the_order_of_action_subject_and_trial(put, tmp_path):
    for name in ("a10_s1_t1_skeleton.mat", "a2_s8_t4_skeleton.mat", "a2_s1_t1_skeleton.mat", "a2_s1_t1_depth.mat"):
        put(b"", name)
    for folder in (tmp_path, tmp_path / "Skeleton"):
        names = [utd_mhad.source_name(path) for path in utd_mhad.sources(folder)]
        assert names == ["a2_s1_t1", "a2_s8_t4", "a10_s1_t1"]
    (tmp_path / "a2_s8_t4_skeleton.mat").touch()
    with pytest.raises(InputError, match="have the same name"):
        utd_mhad.sources(tmp_path)


def test_a_folder_without_recordings_says_where_to_get_them(tmp_path):
    with pytest.raises(InputError, match=r"no aA_sS_tT_skeleton\.mat.*https://"):
        utd_mhad.sources(tmp_path)


@pytest.fixture
def tensors(tmp_path):
    return Tensors(tensor_file(tmp_path / "utd_mhad_50.h5", "utd_mhad", subjects=range(1, 9), repetitions=1))


def test_odd_subjects_train_and_even_ones_test(tensors):
    (fold,) = protocols.folds(tensors, "cross_subject")
    assert set(tensors.subject[fold.train]) == {1, 3, 5, 7} and set(tensors.subject[fold.test]) == {2, 4, 6, 8}
    assert protocols.defaults("utd_mhad") == ("cross_subject",)


def test_loso_tests_one_subject_a_fold(tensors):
    assert [set(tensors.subject[fold.test]) for fold in protocols.folds(tensors, "loso")] == [{n} for n in range(1, 9)]


def test_the_script_writes_what_it_keeps_and_names_what_it_drops(put, tmp_path):
    for name in ("a1_s1_t1", "a10_s2_t1"):
        put(matlab_5(d_skel=d_skel(6)), f"{name}_skeleton.mat")
    put(b"MATLAB", "a9_s2_t1_skeleton.mat")
    done = script("data_prep/utd_mhad.py", tmp_path, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "3 sequences found, 2 kept, 1 dropped" in done.stdout and "a9_s2_t1" in done.stdout
    tensors = Tensors(tmp_path / "out/utd_mhad_50.h5")
    assert (tensors.label.tolist(), tensors.subject.tolist()) == ([0, 9], [1, 2])
    assert tensors.class_names == list(utd_mhad.CLASS_NAMES) and tensors.body == KINECT_1


def test_a_matlab_recording_is_recognised_by_the_name_of_its_array(put):
    for arrays in ({"d_skel": d_skel()}, {"SW": standing_body(4).transpose(1, 2, 0)}):
        path = put(matlab_5(**arrays), "friday.mat")
        np.testing.assert_array_equal(recording.read(path).joints, standing_body(4)[:, None])
    for arrays, reason in (
        ({"other": d_skel()}, r"neither an array SW \(SYSU-3D\) nor d_skel \(UTD-MHAD\)"),
        ({"d_skel": d_skel()[1:]}, "d_skel is 19 x 3 x 4: 20 x 3 x frames is expected"),
    ):
        with pytest.raises(InputError, match=rf"friday\.mat: .*{reason}"):
            recording.read(put(matlab_5(**arrays), "friday.mat"))


@pytest.fixture(scope="module")
def real():
    folder = SHARED / "data/utd_mhad"
    if not folder.is_dir():
        pytest.skip("the real UTD-MHAD is not next to the checkout")
    return folder


@pytest.mark.slow
def test_the_real_recordings_give_861_sequences(real, tmp_path):
    done = script("data_prep/utd_mhad.py", real, tmp_path)
    assert "861 sequences found, 861 kept, 0 dropped" in done.stdout
    tensors = Tensors(tmp_path / "utd_mhad_50.h5")
    assert np.bincount(tensors.label).tolist() == [31 if action in (8, 23, 27) else 32 for action in range(1, 28)]
    assert (tensors.num_frames.min(), tensors.num_frames.max()) == (41, 125)
    (fold,) = protocols.folds(tensors, "cross_subject")
    assert (len(fold.train), len(fold.test)) == (431, 430)
    assert set(tensors.subject[fold.train]) == {1, 3, 5, 7} and set(tensors.subject[fold.test]) == {2, 4, 6, 8}
    assert len(protocols.folds(tensors, "loso")) == 8


def of_class(folder, name):
    """Joints (frames, 20, 3) of each real sequence of a class."""
    number = utd_mhad.CLASS_NAMES.index(name) + 1
    return [
        utd_mhad.read(path).joints[:, 0] for path in utd_mhad.sources(folder) if path.name.startswith(f"a{number}_")
    ]


def test_the_joint_order_is_the_owners(real):
    text = (real / "Skeleton_joint_order.txt").read_text()
    names = [line.split(".")[1].strip(" ;") for line in text.splitlines() if line[:1].isdigit()]
    assert names == IN_THE_FILE
    assert [IN_THE_FILE[place] for place in utd_mhad.ORDER] == IN_KINECT_1


def test_real_bodies_are_upright_face_the_sensor_and_use_the_right_hand(real):
    """In these actions, people face the sensor and move the right arm."""
    right, left = (IN_KINECT_1.index(f"{side}_hand") for side in ("right", "left"))
    sideways = []
    for name, direction in (("swipe left", -1), ("swipe right", 1)):
        for joints in of_class(real, name):
            assert view.vertical(joints[:, None], KINECT_1) == "+y"
            assert (joints[:, KINECT_1.right_hip, 0] > joints[:, KINECT_1.left_hip, 0]).all()
            moved = np.linalg.norm(np.diff(joints[:, [right, left]], axis=0), axis=-1).sum(axis=0)
            assert moved[0] > 2 * moved[1]
            raised = joints[joints[:, right, 1] > joints[:, 0, 1], right, 0]  # above the hips
            sideways.append(direction * (raised[-1] - raised[0]) > 0)
    assert len(sideways) == 64 and np.mean(sideways) > 0.9  # a few come back before the hand is down


@pytest.mark.parametrize(("name", "sign"), [("draw circle (clockwise)", -1), ("draw circle (counter clockwise)", 1)])
def test_circles_turn_as_their_class_says(real, name, sign):
    for joints in of_class(real, name):
        x, y = joints[:, IN_KINECT_1.index("right_hand"), :2].T
        assert sign * np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) > 0  # twice the area, x to the person's right
