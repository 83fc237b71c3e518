import h5py
import numpy as np
import pytest
from helpers import SHARED, joints_lines, run, script, standing_body, ut_kinect_folder
from mutations import mutants

from data_prep import ut_kinect as ut_kinect_script
from mans_keras.errors import InputError
from mans_keras.skeletons import ut_kinect
from mans_keras.skeletons.sequence import Dropped
from mans_keras.tensors.store import Tensors


@pytest.fixture
def raw(tmp_path):
    return ut_kinect_folder(tmp_path / "raw")


def test_a_segment_becomes_the_frames_of_its_range(raw):
    sequence = ut_kinect.read(ut_kinect.segments(raw)[1])
    assert sequence.name == "s01_e01_sitDown"
    assert sequence.joints.shape == (10, 1, 20, 3)
    assert (sequence.label, sequence.subject, sequence.camera) == (1, 1, -1)


def test_a_nan_label_is_dropped_with_its_reason(raw):
    segment = ut_kinect.segments(raw)[4]
    with pytest.raises(Dropped, match="NaN"):
        ut_kinect.read(segment)


def test_the_last_of_repeated_frame_numbers_stays_or_all_if_asked_for(raw):
    joints = standing_body(3)
    joints[2] += 1
    (raw / "joints_s01_e01.txt").write_text("\n".join(joints_lines(joints, [10, 12, 12])))
    frames, read = ut_kinect.read_recording(raw / "joints_s01_e01.txt")
    assert frames.tolist() == [10, 12]
    np.testing.assert_allclose(read, joints[[0, 2]], atol=1e-6)
    frames, read = ut_kinect.read_recording(raw / "joints_s01_e01.txt", repeated="all")
    assert frames.tolist() == [10, 12, 12]
    np.testing.assert_allclose(read, joints, atol=1e-6)


@pytest.mark.parametrize(
    "labels, push, carry",
    [
        ("printed", (3266, 3390), (1394, 1846)),
        ("corrected", (3266, 3316), (1394, 1846)),
        ("modified", (3266, 3300), (1394, 1676)),
    ],
)
def test_labels_are_as_printed_corrected_or_modified(tmp_path, labels, push, carry):
    text = "s09_e01\npush: 3266 3390\nwalk: 1 2\ns10_e01\ncarry: 1394 1846\n"
    printed = ut_kinect.labelled(ut_kinect_folder(tmp_path, text))
    frames = [(s.first, s.last) for s in ut_kinect.relabelled(printed, labels)]
    assert frames == [push, (1, 2), carry]


def test_labels_that_are_not_as_printed_are_left_as_they_are(tmp_path):
    printed = ut_kinect.labelled(ut_kinect_folder(tmp_path, "s09_e01\npush: 3266 3391\n"))
    assert all(ut_kinect.relabelled(printed, labels) == printed for labels in ut_kinect.LABELS)


@pytest.mark.skipif(not (SHARED / "data/ut_kinect").is_dir(), reason="the real UT-Kinect is not next to the checkout")
def test_modified_labels_are_those_of_the_independent_correction(tmp_path):
    modified = SHARED / "data/ut_kinect/actionLabel_modified.txt"
    (tmp_path / "actionLabel.txt").write_bytes(modified.read_bytes())
    printed = ut_kinect.labelled(SHARED / "data/ut_kinect")
    frames = [(s.first, s.last) for s in ut_kinect.labelled(tmp_path)]
    assert [(s.first, s.last) for s in ut_kinect.relabelled(printed, "modified")] == frames
    assert sum(a != (b.first, b.last) for a, b in zip(frames, printed, strict=True)) == 7


def _replace_line(path, number, line):
    lines = path.read_text().splitlines()
    lines[number - 1] = line
    path.write_text("\n".join(lines))


@pytest.mark.parametrize(
    "line", ["16 0.1 0.2", "16 " + "x " * 60, "16 " + "nan " * 60, "16.5 " + "0 " * 60, "16 " + "1e39 " * 60]
)
def test_a_garbled_joints_line_is_named(raw, line):
    _replace_line(raw / "joints_s01_e01.txt", 4, line)
    with pytest.raises(Dropped, match=r"joints_s01_e01\.txt, line 4: "):
        ut_kinect.read(ut_kinect.segments(raw)[0])


def _read_all(raw):
    """(sequences, number of dropped segments) of one recording."""
    ut_kinect.read_recording.cache_clear()
    sequences, dropped = [], 0
    for segment in ut_kinect.segments(raw):
        try:
            sequences.append(ut_kinect.read(segment))
        except Dropped:
            dropped += 1
    return sequences, dropped


@pytest.mark.slow
@pytest.mark.parametrize("file", ["joints_s01_e01.txt", "actionLabel.txt"])
def test_2000_broken_files_are_sequences_dropped_or_one_line(tmp_path, file):
    raw = ut_kinect_folder(tmp_path, "s01_e01\nwalk: 10 14\nsitDown: 12 16\nstandUp: NaN NaN\n")
    (raw / "joints_s01_e01.txt").write_text("\n".join(joints_lines(standing_body(4), range(10, 18, 2))))
    made = complaints = 0
    for mutant in mutants((raw / file).read_bytes(), 2000):
        (raw / file).write_bytes(mutant)
        made += 1
        try:
            sequences, dropped = _read_all(raw)
        except InputError as error:
            assert "\n" not in str(error)
            complaints += 1
        else:
            assert sequences or dropped
            complaints += dropped > 1  # one has no frames in actionLabel.txt
            for sequence in sequences:
                assert sequence.joints.shape[1:] == (1, 20, 3) and np.isfinite(sequence.joints).all()
    assert 0.1 * made < complaints < 0.95 * made


@pytest.mark.parametrize("line", ["walk: 10", "dance: 10 20", "walk: ten 20", "walk: 20 10"])
def test_a_label_line_that_is_not_understood_is_named(raw, line):
    _replace_line(raw / "actionLabel.txt", 2, line)
    with pytest.raises(InputError, match=r"actionLabel\.txt, line 2"):
        ut_kinect.segments(raw)


@pytest.mark.parametrize("line", ["walk: 8 20", "walk: 10 99", "walk: 11 11"])
def test_a_range_outside_the_recording_is_refused(raw, line):
    _replace_line(raw / "actionLabel.txt", 2, line)
    with pytest.raises(Dropped, match="s01_e01 walk"):
        ut_kinect.read(ut_kinect.segments(raw)[0])


def test_a_missing_recording_is_named(raw):
    (raw / "joints_s02_e01.txt").unlink()
    with pytest.raises(InputError, match=r"joints_s02_e01\.txt is missing"):
        ut_kinect.segments(raw)


def test_the_script_writes_the_contract(raw, tmp_path):
    done = run(ut_kinect_script.main, raw, tmp_path / "out", "--coordinates", "raw")
    assert done.returncode == 0, done.stderr
    assert "6 sequences found, 5 kept, 1 dropped" in done.stdout
    assert "s02_e01_sitDown" in done.stdout
    with h5py.File(tmp_path / "out/ut_kinect_50.h5") as file:
        assert file["x"].shape == (5, 50, 50, 3) and file["x"].dtype == np.float32
        assert file["x"].chunks == (1, 50, 50, 3)
        assert file["label"][:].tolist() == [0, 1, 2, 0, 2]
        assert file["subject"][:].tolist() == [1, 1, 1, 2, 2]
        assert file["num_frames"][:].tolist() == [6, 10, 9, 11, 10]
        assert file["dropped/name"].asstr()[:].tolist() == ["s02_e01_sitDown"]
        assert file.attrs["coordinates"] == "raw" and file.attrs["layout"] == "resize"
        assert list(file.attrs["class_names"]) == list(ut_kinect.CLASS_NAMES)


def test_two_processes_write_the_same_tensors_as_one(raw, tmp_path):
    assert run(ut_kinect_script.main, raw, tmp_path / "1").returncode == 0
    assert script("data_prep/ut_kinect.py", raw, tmp_path / "2", "--jobs", 2).returncode == 0
    one, two = (Tensors(tmp_path / str(jobs) / "ut_kinect_50.h5") for jobs in (1, 2))
    assert one.digest() == two.digest()


def test_bad_input_ends_with_one_line_and_no_file(raw, tmp_path):
    _replace_line(raw / "actionLabel.txt", 2, "walk: 10")
    for folder, complaint in ((raw, "line 2"), (tmp_path / "nowhere", "actionLabel.txt is missing")):
        done = run(ut_kinect_script.main, folder, tmp_path / "out")
        assert done.returncode == 1
        assert done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1
        assert complaint in done.stderr
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


def test_a_damaged_joints_file_does_not_take_down_the_others(raw, tmp_path):
    _replace_line(raw / "joints_s02_e01.txt", 30, "68 0.1")
    done = run(ut_kinect_script.main, raw, tmp_path)
    assert done.returncode == 0 and "joints_s02_e01.txt, line 30" in done.stdout
    assert list(Tensors(tmp_path / "ut_kinect_50.h5").name) == ["s01_e01_walk", "s01_e01_sitDown", "s01_e01_standUp"]


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "data/ut_kinect").is_dir(), reason="the real UT-Kinect is not next to the checkout")
def test_the_real_recordings_give_199_sequences(tmp_path):
    done = script("data_prep/ut_kinect.py", SHARED / "data/ut_kinect", tmp_path)
    assert "200 sequences found, 199 kept, 1 dropped" in done.stdout
    assert done.stdout.count("label corrected: ") == 2
    tensors = Tensors(tmp_path / "ut_kinect_50.h5")
    assert np.bincount(tensors.label).tolist() == [20, 20, 20, 20, 19, 20, 20, 20, 20, 20]
    assert (tensors.num_frames.min(), tensors.num_frames.max()) == (5, 110)


@pytest.mark.parametrize("number", ["9" * 5000, "1" * 10, "\u0661\u0662"])
def test_a_frame_number_that_no_recording_has_is_refused_with_its_line(raw, number):
    (raw / "actionLabel.txt").write_text(f"s01_e01\nwalk: 10 {number}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"actionLabel\.txt, line 2: ") as refused:
        ut_kinect.labelled(raw)
    assert len(str(refused.value)) < 500
    line = " ".join([number if number.isascii() else "1e300"] + ["1"] * 60)
    (raw / "joints_s01_e01.txt").write_text(line)
    with pytest.raises(InputError, match=r"joints_s01_e01\.txt, line 1: "):
        ut_kinect.read_recording(raw / "joints_s01_e01.txt")
