"""NW-UCLA: its JSON files, their names, its protocols and the script; on generated and on real files."""

import json
import os

import numpy as np
import pytest
from helpers import SHARED, script, standing_body, tensor_file
from mutations import mutants

from mans_keras.errors import InputError
from mans_keras.skeletons import nw_ucla, recording, view
from mans_keras.skeletons.sequence import KINECT_1, KINECT_1_NAMES, Dropped
from mans_keras.tensors import protocols
from mans_keras.tensors.store import Tensors


def content(skeletons, **more):
    return json.dumps({"file_name": "a", "skeletons": skeletons, "label": 1, **more}).encode()


def frames(number=4):
    return standing_body(number).tolist()


@pytest.fixture
def put(tmp_path):
    """Write bytes as the file of a sequence."""

    def put_file(data, name="a08_s10_e02_v03.json"):
        path = tmp_path / "all_sqe" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return path

    return put_file


def test_joints_class_subject_and_view_are_read(put):
    sequence = nw_ucla.read(put(content(frames())))
    np.testing.assert_array_equal(sequence.joints, standing_body(4)[:, None])
    assert (sequence.name, sequence.label, sequence.subject, sequence.camera) == ("a08_s10_e02_v03", 6, 10, 3)
    assert nw_ucla.CLASS_NAMES[sequence.label] == "donning"


def test_one_frame_and_whole_numbers_are_kept(put):
    body = np.arange(60).reshape(1, 20, 3)
    np.testing.assert_array_equal(nw_ucla.read(put(content(body.tolist()))).joints, body[:, None])


def test_frames_without_a_body_stay_zeros(put):
    body = standing_body(3)
    body[1] = 0
    assert nw_ucla.read(put(content(body.tolist()))).joints.any(axis=(1, 2, 3)).tolist() == [True, False, True]


def test_a_joint_at_zero_in_one_frame_is_completed(put):
    body = standing_body(4)
    body[1, 7] = 0
    np.testing.assert_allclose(nw_ucla.read(put(content(body.tolist()))).joints[:, 0], standing_body(4))


def changed(value, frames=4):
    """JSON of a body with one coordinate that is the text `value`."""
    body = standing_body(frames).tolist()
    body[1][2][0] = "HERE"
    return content(body).replace(b'"HERE"', value)


WRONG = {
    "nothing": b"",
    "no JSON": b"{skeletons}",
    "no text": b"\xff\xfe\x00",
    "a list": json.dumps(frames()).encode(),
    "another key": json.dumps({"frames": frames()}).encode(),
    "no list": content("standing"),
    "no frame": content([]),
    "19 joints": content(standing_body(2)[:, 1:].tolist()),
    "two coordinates": content(standing_body(2)[..., :2].tolist()),
    "a body too many": content([frames(), frames()]),
    "numbers alone": content([1.0, 2.0]),
    "a frame without its last joint": content([*frames(2), frames(1)[0][1:]]),
    "text": changed(b'"0.5"'),
    "a long text": changed(b'"' + b"9" * 2**20 + b'"'),
    "a list in place of a number": changed(b"[0.5]"),
    "null": changed(b"null"),
    "true": changed(b"true"),
    "NaN": changed(b"NaN"),
    "infinity": changed(b"-Infinity"),
    "1e999": changed(b"1e999"),
    "5,000 figures": changed(b"9" * 5000),
    "kilometres": changed(b"101"),
    "zeros alone": content(np.zeros((2, 20, 3)).tolist()),
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"skeletons":' * 100_000,
    "deep skeletons": content([]).replace(b"[]", b"[" * 200 + b"]" * 200),
    "a million lists": content([]).replace(b"[]", b"[" + b"[]," * 2**20 + b"[]]"),
    "too many frames": content([[[1] * 3] * 20] * 10_001),
}


@pytest.mark.parametrize("data", WRONG.values(), ids=WRONG)
def test_another_file_is_dropped_with_a_reason(put, data):
    with pytest.raises(Dropped, match=r"\w+ \w+"):
        nw_ucla.read(put(data))


def test_a_huge_file_and_a_pipe_are_dropped_unread(put, tmp_path):
    path = put(b"")
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(Dropped, match="larger than 16 MiB"):
        nw_ucla.read(path)
    os.mkfifo(tmp_path / "a01_s01_e00_v01.json")
    with pytest.raises(Dropped, match="not a file"):
        nw_ucla.read(tmp_path / "a01_s01_e00_v01.json")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a07_s01_e00_v01", "a07, is not one of the 10 actions"),
        ("a13_s01_e00_v01", "not one of the 10 actions"),
        ("a1_s01_e00_v01", "not aAA_sSS_eEE_vVV"),
        ("a01_s01_e00_v01 (copy)", "not aAA_sSS_eEE_vVV"),
    ],
)
def test_another_name_is_dropped(put, name, reason):
    with pytest.raises(Dropped, match=reason):
        nw_ucla.read(put(content(frames()), f"{name}.json"))


@pytest.mark.slow
def test_2000_broken_files_are_finite_or_dropped(put):
    outcomes = {True: 0, False: 0}
    for mutant in mutants(content(standing_body(2).round(3).tolist()).replace(b"[[", b"\n[["), 2000):
        path = put(mutant)
        try:
            joints = nw_ucla.read(path).joints
        except Dropped:
            outcomes[False] += 1
        else:
            assert joints.shape[1:] == (1, 20, 3) and np.isfinite(joints).all()
            outcomes[True] += 1
    assert min(outcomes.values()) > 100


def test_sources_are_the_files_of_a_folder_or_of_those_in_it(put, tmp_path):
    for name in ("a02_s01_e00_v01.json", "a01_s02_e00_v01.json"):
        put(b"", name)
    for folder in (tmp_path, tmp_path / "all_sqe"):
        assert [nw_ucla.source_name(path) for path in nw_ucla.sources(folder)] == ["a01_s02_e00_v01", "a02_s01_e00_v01"]
    (tmp_path / "a01_s02_e00_v01.json").touch()
    with pytest.raises(InputError, match="have the same name"):
        nw_ucla.sources(tmp_path)


def test_a_folder_without_recordings_says_where_to_get_them(tmp_path):
    with pytest.raises(InputError, match=r"no aAA_sSS_eEE_vVV\.json.*https://"):
        nw_ucla.sources(tmp_path)


@pytest.fixture
def tensors(tmp_path):
    return Tensors(tensor_file(tmp_path / "nw_ucla_50.h5", "nw_ucla", subjects=(1, 2), cameras=(1, 2, 3)))


def test_views_1_and_2_train_and_view_3_tests(tensors):
    (fold,) = protocols.folds(tensors, "cross_view")
    assert set(tensors.camera[fold.train]) == {1, 2} and set(tensors.camera[fold.test]) == {3}
    assert set(tensors.subject[fold.train]) == set(tensors.subject[fold.test]) == {1, 2}
    assert protocols.defaults("nw_ucla") == ("cross_view",)


def test_loso_tests_one_subject_a_fold(tensors):
    assert [set(tensors.subject[fold.test]) for fold in protocols.folds(tensors, "loso")] == [{1}, {2}]


def test_the_script_writes_what_it_keeps_and_names_what_it_drops(put, tmp_path):
    for name, number in (("a01_s01_e00_v01", 1), ("a12_s02_e00_v03", 6)):
        put(content(frames(number)), f"{name}.json")
    put(b"{", "a02_s02_e00_v02.json")
    put(b"[]", "labels.json")
    done = script("data_prep/nw_ucla.py", tmp_path, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "4 sequences found, 2 kept, 2 dropped" in done.stdout and "a02_s02_e00_v02" in done.stdout
    tensors = Tensors(tmp_path / "out/nw_ucla_50.h5")
    assert (tensors.label.tolist(), tensors.subject.tolist(), tensors.camera.tolist()) == ([0, 9], [1, 2], [1, 3])
    assert tensors.num_frames.tolist() == [1, 6] and tensors.class_names == list(nw_ucla.CLASS_NAMES)


def test_a_recording_is_read_whatever_its_name(put):
    path = put(content(frames()), "friday.json")
    np.testing.assert_array_equal(recording.read(path).joints, standing_body(4)[:, None])


def test_a_recording_of_any_name_has_kinects_joints_by_name(put):
    backwards = tuple(reversed(KINECT_1_NAMES))
    read = recording.read(put(content(frames()), "friday.json"), names=backwards)
    np.testing.assert_array_equal(read.joints, standing_body(4)[:, None, ::-1])


def test_a_broken_recording_is_named_with_the_reason(put):
    with pytest.raises(InputError, match=r"friday\.json: frames\[0\]\[1\]: a joint has 2 values"):
        recording.read(put(content([[[1, 2, 3], [1, 2]]]), "friday.json"))


def test_your_own_json_with_frames_is_read_as_before(put):
    data = json.dumps({"frames": standing_body(4)[:, :5].tolist(), "skeletons": 1}).encode()
    np.testing.assert_array_equal(recording.read(put(data, "own.json")).joints, standing_body(4)[:, None, :5])


@pytest.fixture(scope="module")
def real():
    folder = SHARED / "data/nw_ucla"
    if not folder.is_dir():
        pytest.skip("the real NW-UCLA is not next to the checkout")
    return folder


@pytest.mark.slow
def test_the_real_recordings_give_1484_sequences(real, tmp_path):
    done = script("data_prep/nw_ucla.py", real, tmp_path)
    assert "1484 sequences found, 1484 kept, 0 dropped" in done.stdout
    tensors = Tensors(tmp_path / "nw_ucla_50.h5")
    assert np.bincount(tensors.label).tolist() == [150, 152, 141, 173, 148, 149, 142, 142, 145, 142]
    assert np.bincount(tensors.camera).tolist() == [0, 516, 504, 464] and set(tensors.subject) == set(range(1, 11))
    assert (tensors.num_frames.min(), tensors.num_frames.max()) == (1, 201) and sum(tensors.num_frames == 1) == 2
    (fold,) = protocols.folds(tensors, "cross_view")
    assert (len(fold.train), len(fold.test)) == (1020, 464)
    assert len(protocols.folds(tensors, "loso")) == 10


def test_real_bodies_are_upright_face_the_sensor_and_have_their_toes_in_front(real):
    ups, facing, toes = [], [], []
    for path in nw_ucla.sources(real)[::20]:
        joints = nw_ucla.read(path).joints
        ups.append(view.vertical(joints, KINECT_1))
        body = joints[:, 0]
        forward = np.cross([0, 1, 0], body[:, KINECT_1.right_hip] - body[:, KINECT_1.left_hip])
        facing.append(forward[:, 2].mean() < 0)
        feet, ankles = (body[:, list(pair)].mean(axis=1) for pair in (KINECT_1.feet, KINECT_1.ankles))
        toes.append(((feet - ankles) * forward).sum(axis=1).mean() > 0)
    assert ups.count("+y") >= len(ups) - 1 and np.mean(facing) > 0.95 and np.mean(toes) > 0.9
