import pickle
import zipfile

import h5py
import numpy as np
import pytest
from helpers import run, standing_body
from mutations import mutants

from data_prep import ntu_rgbd
from mans_keras.errors import InputError
from mans_keras.skeletons import ntu, ntu_packed
from mans_keras.skeletons.formats import pickled
from mans_keras.skeletons.sequence import Dropped
from mans_keras.tensors import protocols
from mans_keras.tensors.store import Tensors

BODY = np.concatenate([standing_body(6), standing_body(6)[:, :5]], axis=1).astype("f4")  # (frames, 25, 3)
NAMES = [f"S00{setup}C00{camera}P00{person}R001A0{action:02}" for setup, camera, person, action in
         [(1, 1, 1, 1), (1, 2, 3, 2), (2, 1, 1, 2), (2, 3, 3, 60), (1, 3, 2, 60)]]  # fmt: skip


def annotations():
    return [
        {"frame_dir": name, "label": int(name[-2:]) - 1, "keypoint": BODY[None] + number, "total_frames": len(BODY)}
        for number, name in enumerate(NAMES)
    ]


def pyskl(**more):
    split = {"xsub_train": NAMES[:2], "xsub_val": NAMES[2:], "xview_train": NAMES[1:2], "xview_val": NAMES[:1]}
    return {"split": split, "annotations": annotations()} | more


@pytest.fixture
def put(tmp_path):
    def put(content, name="ntu60_3danno.pkl", protocol=4):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else pickle.dumps(content, protocol))
        return path

    return put


def npz(path, **arrays):
    count = {"train": 3, "test": 2}
    joints = np.zeros((3, 10, 150), "f4")
    joints[:, :6, :75] = BODY.reshape(6, 75) + np.arange(3)[:, None, None]
    content = {f"x_{side}": joints[:n] for side, n in count.items()}
    content |= {f"y_{side}": np.eye(60)[[0, 1, 59][:n]] for side, n in count.items()}
    np.savez(path, **content | arrays)
    return path


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_pyskls_pickle_is_read_with_its_splits(put, protocol):
    sources, splits = ntu_packed.sources(put(pyskl(), protocol=protocol))
    sequences = [ntu_packed.read(source) for source in sources]
    assert [(result.name, result.label, result.subject, result.camera) for result in sequences][4] == (
        NAMES[4],
        59,
        2,
        3,
    )
    np.testing.assert_allclose(sequences[4].joints[:, 0], BODY + 4)
    assert not sequences[4].joints[:, 1].any()
    assert splits["xview"] == {NAMES[1]: 1, NAMES[0]: 0} and list(splits) == ["xsub", "xview"]


def test_types_orders_and_labels_of_numpy_are_read(put):
    for array in (BODY.astype("f2"), BODY.astype(">f8"), np.asfortranarray(BODY[None])[0], BODY[:1]):
        both = np.asfortranarray(np.stack([array, array + 1]))
        for protocol in (2, 5):
            content = pyskl(annotations=[{"frame_dir": "a", "label": np.int64(7), "keypoint": both}], split={})
            ((source,), splits) = ntu_packed.sources(put(content, protocol=protocol))
            result = ntu_packed.read(source)
            assert result.label == 7 and splits == {}
            np.testing.assert_array_equal(result.joints, np.moveaxis(both, 0, 1))


def test_ctr_gcns_file_is_read_with_its_split_and_without_the_zeros_at_the_end(tmp_path):
    sources, splits = ntu_packed.sources(npz(tmp_path / "NTU60_CS.npz"))
    result = ntu_packed.read(sources[2])
    assert result.joints.shape == (6, 2, 25, 3) and (result.label, result.subject) == (59, -1)
    np.testing.assert_array_equal(result.joints[:, 0], BODY + 2)
    assert splits == {"cross_subject": {f"train_0000{n}": 1 for n in range(3)} | {f"test_0000{n}": 0 for n in range(2)}}


def test_pyskls_joints_at_zero_are_completed_but_not_ctr_gcns_origin(put, tmp_path):
    gap = np.repeat(BODY[None], 2, axis=0)
    gap[1] += 1
    gap[1, 2, 7] = 0
    ((source,), _) = ntu_packed.sources(put(annotation(keypoint=gap)))
    np.testing.assert_allclose(ntu_packed.read(source).joints[2, 1, 7], gap[1, [1, 3], 7].mean(axis=0))
    moving = BODY - BODY[:1, 1:2] + 0.01 * np.arange(6)[:, None, None]
    x = np.zeros((3, 10, 150), "f4")
    x[:, :6, :75] = moving.reshape(6, 75)
    joints = ntu_packed.read(ntu_packed.sources(npz(tmp_path / "a.npz", x_train=x))[0][0]).joints
    assert not joints[0, 0, 1].any() and joints[1, 0, 1].all()


class Runs:
    def __init__(self, function, *arguments):
        self.made = function, arguments

    def __reduce__(self):
        return self.made


def test_a_pickle_that_would_run_code_does_not(put, tmp_path):
    trap = tmp_path / "trap"
    for protocol in (0, 2, 4):
        with pytest.raises(InputError, match="could run code"):
            ntu_packed.sources(put(pyskl(more=Runs(trap.touch)), protocol=protocol))
    assert not trap.exists()


BAD = {
    "an object array": (pyskl(annotations=[{"frame_dir": "a", "keypoint": np.array([None])}]), "of the type"),
    "no annotations": ([1, 2], "not pyskl's form"),
    "no name": (pyskl(annotations=[{"label": 1}]), r"annotations\[0\] is not a dict with a text frame_dir"),
    "two of a name": (pyskl(annotations=annotations() * 2), "the same frame_dir"),
    "an unknown name": (pyskl(split={"xsub_val": ["other"]}), "which is no annotation"),
    "on both sides": (pyskl(split={"a_train": NAMES, "a_val": NAMES}), "both trains and tests"),
    "not a pickle": (b"hello", "not a pickle"),
    "empty": (b"", "can't be read|not a pickle"),
    "cut short": (pickle.dumps(pyskl())[:-900], "not a pickle|cut short"),
    "a huge claim": (b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7f", "not a pickle"),
    "a huge place in the memo": (b"\x80\x02]r\xff\xff\xff\x7f.", "not pyskl's form"),
    "too many parts": (b"\x80\x02(" + b"]" * 100_000 + b"l.", "more and smaller parts"),
}


@pytest.mark.parametrize(("content", "reason"), BAD.values(), ids=BAD)
def test_another_file_is_refused_with_a_reason(put, content, reason):
    with pytest.raises(InputError, match=reason):
        ntu_packed.sources(put(content))


def annotation(**changed):
    return pyskl(annotations=[annotations()[0] | changed], split={})


DROPPED = {
    "17 joints in the image": (annotation(keypoint=np.ones((1, 6, 17, 2), "f4")), r"\(bodies, frames, 25, 3\)"),
    "another label than its name's": (annotation(label=5), "its label 5 does not fit its name"),
    "millimetres": (annotation(keypoint=BODY[None] * 1000), "beyond 100 m"),
    "zeros": (annotation(keypoint=BODY[None] * 0), "no body"),
    "three bodies": (annotation(keypoint=np.stack([BODY] * 3)), "3 bodies"),
    "listed by the owners": (annotation(frame_dir="S001C002P005R002A008", label=7), "listed by the owners"),
    "a class of 120": (annotation(frame_dir="S001C002P005R002A061", label=60), "not one of the 60 classes"),
    "a class that can't be": (annotation(frame_dir="a", label=-1), "its label -1 is not"),
    "no joints": (annotation(keypoint=None), "no array keypoint"),
    "signalling NaN": (annotation(keypoint=np.full(BODY[None].shape, 0x7FA00000, "u4").view("f4")), "is not finite"),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("content", "reason"), DROPPED.values(), ids=DROPPED)
def test_a_sequence_that_can_not_be_used_is_dropped_with_a_reason(put, content, reason):
    ((source,), _) = ntu_packed.sources(put(content))
    with pytest.raises(Dropped, match=reason):
        ntu_packed.read(source)


def test_an_npz_of_another_form_is_refused(tmp_path):
    for name, arrays, reason in (
        ("a.npz", {"x_train": np.ones((3, 10, 75))}, "x_train"),
        ("b.npz", {"y_train": np.ones((2, 60))}, "y_train"),
        ("b.npz", {"y_train": np.ones(3)}, "or n integers"),
        ("b.npz", {"x_train": np.ones((3, 0, 150))}, "x_train"),
        ("c.npz", {"x_test": np.array([None])}, "not a .npy array of numbers"),
    ):
        with pytest.raises(InputError, match=reason):
            ntu_packed.sources(npz(tmp_path / name, **arrays))
    with zipfile.ZipFile(tmp_path / "d.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x_train.npy", bytes(1000))
    with pytest.raises(InputError, match=r"is compressed: save the arrays again, by numpy\.savez"):
        ntu_packed.sources(tmp_path / "d.npz")


def test_the_script_keeps_the_splits_and_prints_their_counts(put, tmp_path):
    done = run(ntu_rgbd.main, put(pyskl()), tmp_path)
    assert done.returncode == 0, done.stderr
    assert "xsub: 2 train, 3 test" in done.stdout and "cross_view: 3 train, 2 test" in done.stdout
    tensors = Tensors(tmp_path / "ntu_rgbd_50.h5")
    (fold,) = protocols.folds(tensors, "xview")
    assert (tensors.name[fold.train].tolist(), tensors.name[fold.test].tolist()) == (NAMES[1:2], NAMES[:1])
    with h5py.File(tensors.path) as file:
        assert file["split/xview"][:].tolist() == [0, 1, -1, -1, -1]


def test_a_split_of_the_file_counts_before_a_protocol_of_the_same_name(tmp_path):
    done = run(ntu_rgbd.main, npz(tmp_path / "NTU60_CS.npz"), tmp_path)
    assert done.returncode == 0 and "cross_subject: 3 train, 2 test" in done.stdout


def test_120_classes_have_their_protocols(put, tmp_path):
    done = run(ntu_rgbd.main, put(pyskl()), tmp_path, "--classes", 120)
    assert done.returncode == 0 and "cross_setup: 2 train, 3 test" in done.stdout
    tensors = Tensors(tmp_path / "ntu_rgbd_120_50.h5")
    assert len(tensors.class_names) == 120 == len(set(tensors.class_names))
    assert len(ntu.missing_skeletons(120)) == 535 and ntu.missing_skeletons(120) > ntu.missing_skeletons()
    assert len(set(protocols.NTU_120_TRAINING_SUBJECTS)) == 53


def test_the_released_counts_need_the_skeleton_files(put, tmp_path):
    done = run(ntu_rgbd.main, put(pyskl()), tmp_path, "--counts", "released")
    assert done.returncode == 1 and "need the .skeleton files" in done.stderr


FUZZED = {"protocol 2": (".pkl", 2), "protocol 5": (".pkl", 5), "npz": (".npz", None)}


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("suffix", "protocol"), FUZZED.values(), ids=FUZZED)
def test_1000_mutants_become_sequences_or_a_reason(tmp_path, suffix, protocol):
    path = tmp_path / f"a{suffix}"
    original = pickle.dumps(pyskl(), protocol) if protocol else npz(path).read_bytes()
    outcomes = {"sequence": 0, "dropped": 0}
    for mutant in mutants(original, 1000):
        path.write_bytes(mutant)
        try:
            for source in ntu_packed.sources(path)[0]:
                assert np.isfinite(ntu_packed.read(source).joints).all()
            outcomes["sequence"] += 1
        except (Dropped, InputError) as reason:
            assert str(reason)
            outcomes["dropped"] += 1
    assert min(outcomes.values()) > 10


def test_a_pipe_is_no_pickle(tmp_path):
    with pytest.raises(Dropped, match="not a file"):
        pickled.read(tmp_path)
