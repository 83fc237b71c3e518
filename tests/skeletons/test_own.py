import json
import pickle
import shutil

import h5py
import numpy as np
import pytest
from helpers import run, script, standing_body
from test_joint_names import KINECT_NAMES

from data_prep import own_data
from mans_keras.errors import InputError
from mans_keras.skeletons import own, own_tables
from mans_keras.skeletons.sequence import KINECT_1, Dropped
from mans_keras.tensors.store import Tensors

SCRIPT = "data_prep/own_data.py"


@pytest.fixture
def raw(tmp_path):
    """Two classes, two subjects, two cameras; a file of each format."""
    folder = tmp_path / "raw"
    body = standing_body()
    for name in ("wave", "kick"):
        (folder / name).mkdir(parents=True)
        np.save(folder / name / "P1_C1.npy", body)
        np.savez(folder / name / "P1_C2.npz", body)
        np.savetxt(folder / name / "P2_C1.csv", body.reshape(6, -1), delimiter=",")
        (folder / name / "P2_C2.json").write_text(json.dumps(body.tolist()))
    return folder


@pytest.fixture
def read(tmp_path):
    def read(array, bodies=1, joints=3):
        np.save(tmp_path / "a.npy", array)
        return own.read(own.Source(tmp_path / "a.npy", "class/a.npy", 0), bodies, joints).joints

    return read


def test_classes_are_the_folders_sorted(raw):
    classes, sources, left_out = own.find(raw)
    assert classes == ("kick", "wave") and left_out == []
    assert [(source.name, source.label) for source in sources[3:5]] == [("kick/P2_C2.json", 0), ("wave/P1_C1.npy", 1)]


def test_other_files_are_left_out_and_named(raw):
    for path in (".hidden/a.npy", "empty/readme.txt", "wave/.a.npy", "wave/clip.mp4", "wave/more/a.npy", "a.npy"):
        (raw / path).parent.mkdir(exist_ok=True)
        (raw / path).touch()
    classes, sources, left_out = own.find(raw)
    assert classes == ("kick", "wave") and len(sources) == 8
    assert left_out == ["a.npy", "empty", "wave/more", "wave/clip.mp4", ".hidden", "wave/.a.npy"]


def test_a_folder_without_recordings_says_what_is_expected(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match="one folder for each class is expected"):
            own.find(folder)


def test_one_class_alone_is_refused(raw):
    shutil.rmtree(raw / "kick")
    with pytest.raises(InputError, match="only one class, wave"):
        own.find(raw)


def _people(sources):
    return {source.name: (source.subject, source.camera) for source in sources}


def test_a_pattern_gives_subject_and_camera(raw):
    (raw / "wave/other.npy").touch()
    people = _people(own_tables.with_pattern(own.find(raw)[1], "P{subject}*C{camera}"))
    assert people["wave/P2_C1.csv"] == (2, 1) and people["wave/other.npy"] == (-1, -1)


@pytest.mark.parametrize("pattern", ["P1", "{subject}{subject}", "X{subject}"])
def test_a_pattern_without_subject_and_camera_is_refused(raw, pattern):
    with pytest.raises(InputError, match="--pattern"):
        own_tables.with_pattern(own.find(raw)[1], pattern)


def test_a_table_gives_subject_and_camera(raw, tmp_path):
    (tmp_path / "t.csv").write_text("Subject;file;camera\n7;wave/P1_C1.npy;3\n8;P1_C2.npz;\n9;P9.npy;\n")
    numbered, absent = own_tables.with_table(own.find(raw)[1], tmp_path / "t.csv")
    people = _people(numbered)
    assert absent == ["P9.npy"]
    assert people["wave/P1_C1.npy"] == (7, 3) and people["kick/P1_C1.npy"] == (-1, -1)
    assert people["wave/P1_C2.npz"] == people["kick/P1_C2.npz"] == (8, -1)


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ("", "must name the columns"),
        ("file,camera\nP1_C1.npy,1\n", "must name the columns"),
        ("file,subject\nP1_C1.npy,anna\n", "whole numbers"),
        ("file,subject\nP1_C1.npy,1\nP1_C1.npy,2\n", "line 3: P1_C1.npy is listed twice"),
        ("file,subject\nother.npy,1\n", "names none of the files"),
        ("subject,file\n1,P1_C1.npy\n2\n", "line 3: '2' where a file and whole numbers"),
        ("\udcff", "not UTF-8"),
    ],
)
def test_a_table_that_can_not_be_understood_is_refused(raw, tmp_path, table, complaint):
    (tmp_path / "t.csv").write_bytes(table.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=complaint):
        own_tables.with_table(own.find(raw)[1], tmp_path / "t.csv")


def test_the_most_common_number_of_joints_and_the_most_bodies_are_expected(raw):
    np.save(raw / "kick/A.npy", np.ones((3, 2, 9, 3)))
    (raw / "kick/B.npy").write_bytes(b"broken")
    assert own.survey(own.find(raw)[1])[:3] == (2, 20, ())
    with pytest.raises(InputError, match="--joints has 25 joints, but the files have 9, 20"):
        own.survey(own.find(raw)[1], 25)


def test_without_any_readable_file_the_first_reason_is_given(tmp_path):
    for name in ("wave", "zoom"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.npy").write_bytes(b"broken")
    with pytest.raises(InputError, match=r"no file holds a recording; wave/a\.npy: not a \.npy array"):
        own.survey(own.find(tmp_path)[1])


NAMES = ("neck", "left_hip", "right_hip")


@pytest.fixture
def two_orders(tmp_path):
    """kick/a.csv and wave/a.csv with the same three joints, in other orders."""
    for folder, order in (("kick", (0, 1, 2)), ("wave", (2, 0, 1))):
        (tmp_path / "two" / folder).mkdir(parents=True)
        header = ",".join(f"{NAMES[joint]}_{axis}" for joint in order for axis in "xyz")
        flat = standing_body()[:, order].reshape(6, -1)
        np.savetxt(tmp_path / "two" / folder / "a.csv", flat, delimiter=",", header=header, comments="")
    return own.find(tmp_path / "two")[1]


def test_joints_have_the_names_of_the_first_file_that_names_them(two_orders):
    assert own.survey(two_orders) == (1, 3, NAMES, "kick/a.csv", (), (), ())
    assert own.survey(two_orders, 3, ("RHip", "Neck", "LeftHip"))[:3] == (1, 3, ("RHip", "Neck", "LeftHip"))


def test_joints_in_another_order_are_brought_into_that_of_the_names(two_orders):
    for names, order in ((NAMES, (0, 1, 2)), (("RHip", "Neck", "LeftHip"), (2, 0, 1))):
        for source in two_orders:
            read = own.read(source, 1, 3, names).joints
            np.testing.assert_allclose(read[:, 0], standing_body()[:, order])


def test_a_file_with_other_names_is_dropped_with_those_it_lacks(two_orders):
    with pytest.raises(Dropped, match="no joint named Thorax: its joints are neck, left_hip, right_hip"):
        own.read(two_orders[0], 1, 3, ("LHip", "RHip", "Thorax"))


def test_joints_are_left_out_by_name_before_gaps_are_looked_at(tmp_path, two_orders):
    array = standing_body()[:, :4]
    array[:5, 2] = np.nan
    np.save(tmp_path / "a.npy", array)
    names = ("a", "b", "hand", "c")
    sequence = own.read(own.Source(tmp_path / "a.npy", "a", 0), 1, 4, names, ("a", "b", "c"))
    np.testing.assert_array_equal(sequence.joints[:, 0], array[:, [0, 1, 3]])
    sequence = own.read(two_orders[1], 1, 3, NAMES, ("left_hip", "right_hip"))
    np.testing.assert_allclose(sequence.joints[:, 0], standing_body()[:, 1:3])
    assert sequence.left_out == ("the joints neck",)


def test_the_body_that_moves_most_stays_if_one_is_asked_for(tmp_path):
    both = np.stack([standing_body() * 0.5, standing_body()], axis=1)
    np.save(tmp_path / "a.npy", both)
    sequence = own.read(own.Source(tmp_path / "a.npy", "a", 0), 1, 20)
    np.testing.assert_array_equal(sequence.joints, both[:, 1:])
    assert sequence.other_bodies == (6,)


@pytest.mark.parametrize(("axes", "up"), [((0, 1, 2), "+y"), ((2, 0, 1), "+z"), ((1, 2, 0), "+x")])
def test_the_vertical_is_that_of_most_bodies(raw, axes, up):
    sources = own.find(raw)[1]
    for source in sources[:-2]:
        if source.path.suffix == ".npy":
            np.save(source.path, standing_body()[..., axes])
    files = [source for source in sources if source.path.suffix == ".npy"]
    assert next(iter(own.verticals([*files[:1], *files], KINECT_1))) == up


def test_a_file_with_other_joints_is_dropped(read):
    with pytest.raises(Dropped, match="2 joints, where 3 are expected"):
        read(np.ones((4, 2, 3)))


def test_bodies_that_are_missing_in_a_file_are_zeros(read):
    joints = read(np.ones((4, 3, 3)), bodies=2)
    assert joints.shape == (4, 2, 3, 3) and joints[:, 0].all() and not joints[:, 1].any()


def test_a_body_without_coordinates_is_absent(read):
    array = np.ones((4, 3, 3))
    array[0] = np.nan
    np.testing.assert_array_equal(read(array)[:, 0].all(axis=(1, 2)), [False, True, True, True])


def test_a_missing_joint_is_interpolated_over_the_frames_that_have_the_body(read):
    array = np.full((7, 3, 3), [1, 2, 3.0])
    array[:, 0, 0] = [9, 1, np.nan, 0, 4, 5, np.nan]
    array[3] = 0
    np.testing.assert_allclose(read(array)[:, 0, 0, 0], [9, 1, 2, 3, 4, 5, 5])


def test_a_joint_that_is_mostly_missing_drops_the_file(read):
    array = np.ones((5, 3, 3))
    array[:3, 0] = np.nan
    with pytest.raises(
        Dropped, match=r"missing .NaN or 0 0 0. in more than half of the frames, counted from 0: 0.*--leave-out"
    ):
        read(array)


def test_a_file_without_a_body_is_dropped(read):
    for value in (0, np.nan):
        with pytest.raises(Dropped, match="no body in any frame"):
            read(np.full((4, 3, 3), value))


def test_a_reader_can_be_sent_to_processes(raw):
    classes, sources, _ = own.find(raw)
    reader = pickle.loads(pickle.dumps(own.reader("moves", classes, None, 1, 20)))
    np.testing.assert_allclose(reader.read(sources[2]).joints[:, 0], standing_body())


def test_the_script_writes_the_contract(raw, tmp_path):
    (raw / "wave/broken.json").write_text("{")
    done = script(SCRIPT, raw, tmp_path, "--name", "moves", "--pattern", "P{subject}_C{camera}", "--jobs", 2)
    assert done.returncode == 0, done.stderr
    assert "9 sequences found, 8 kept, 1 dropped" in done.stdout
    assert "coordinates raw" in done.stdout and "1 file (wave/broken.json): no subject" in done.stdout
    tensors = Tensors(tmp_path / "moves_50.h5")
    assert (tensors.dataset, tensors.coordinates, tensors.class_names) == ("moves", "raw", ["kick", "wave"])
    assert tensors.subject.tolist() == [1, 1, 2, 2] * 2
    assert tensors.camera.tolist() == [1, 2, 1, 2] * 2
    with h5py.File(tensors.path) as file:
        assert file["dropped/name"].asstr()[:].tolist() == ["wave/broken.json"]
    np.testing.assert_allclose(np.ptp(tensors.read(range(8)), axis=0), 0, atol=1e-5)


def test_the_script_leaves_out_joints_and_bodies_and_keeps_the_names(raw, tmp_path):
    for path in raw.rglob("*.npy"):
        np.save(path, np.stack([standing_body(), standing_body() + 3], axis=1))
    arguments = [raw, tmp_path, "--name", "moves", "--joints", ",".join(KINECT_NAMES), "--bodies", 1]
    done = run(own_data.main, *arguments, "--leave-out", "left_hand, HandRight")
    assert done.returncode == 0, done.stderr
    tensors = Tensors(tmp_path / "moves_50.h5")
    assert (tensors.bodies, tensors.joints) == (1, 18)
    assert tensors.joint_names == tuple(name for name in KINECT_NAMES if "Hand" not in name)
    assert "2 other bodies left out, seen in 12 frames of 2 sequences: kick/P1_C1.npy, wave/P1_C1.npy" in done.stdout
    done = run(own_data.main, *arguments, "--leave-out", "hand_*")  # capitals and underscores do not matter
    assert done.returncode == 0 and Tensors(tmp_path / "moves_50.h5").joints == 18, done.stderr
    done = run(own_data.main, *arguments, "--leave-out", "*")
    assert done.returncode == 1 and "no joint would stay" in done.stderr
    done = run(own_data.main, *arguments, "--leave-out", "tail")
    assert done.returncode == 1 and "no joint is named tail; the joints are HipCenter" in done.stderr


def test_names_that_hdf5_can_not_hold_are_written_otherwise(tmp_path):
    for name in ("kick", "wave"):
        (tmp_path / "raw" / name).mkdir(parents=True)
        frame = {"\ud800": [0.5, 1, 2], "b\0c": [1, 1, 2]}
        (tmp_path / "raw" / name / "P1.json").write_text(json.dumps([{"joints": frame}] * 5))
    done = run(own_data.main, tmp_path / "raw", tmp_path, "--name", "moves")
    assert done.returncode == 0, done.stderr
    assert Tensors(tmp_path / "moves_50.h5").joint_names == (r"\ud800", r"b\x00c")
    (tmp_path / "joints.txt").write_bytes(b"a\0b\nc")
    done = run(own_data.main, tmp_path / "raw", tmp_path, "--name", "moves", "--joints", tmp_path / "joints.txt")
    assert done.returncode == 1 and "or hold NUL" in done.stderr


def test_joint_names_make_body_coordinates_the_default(raw, tmp_path):
    done = run(own_data.main, raw, tmp_path, "--name", "moves", "--joints", ",".join(KINECT_NAMES))
    assert done.returncode == 0, done.stderr
    assert Tensors(tmp_path / "moves_50.h5").coordinates == "body"


def test_joint_names_say_which_is_left_and_right_in_raw_coordinates_too(raw, tmp_path):
    done = run(
        own_data.main, raw, tmp_path, "--name", "moves", "--joints", ",".join(KINECT_NAMES), "--coordinates", "raw"
    )
    assert done.returncode == 0, done.stderr
    assert Tensors(tmp_path / "moves_50.h5").mirroring() is not None


def test_upright_coordinates_of_recordings_with_z_up_are_refused(raw, tmp_path):
    for path in raw.rglob("*.npy"):
        np.save(path, standing_body()[..., (2, 0, 1)])
    for path in [path for path in raw.rglob("*") if path.suffix in (".npz", ".csv", ".json")]:
        path.unlink()
    arguments = [raw, tmp_path, "--name", "moves", "--joints", ",".join(KINECT_NAMES), "--coordinates"]
    done = run(own_data.main, *arguments, "upright")
    assert done.returncode == 1 and done.stderr.startswith("Error: +z points up in most of the files")
    done = run(own_data.main, *arguments, "hip")
    assert done.returncode == 0 and "+z points up" in done.stdout


def test_a_class_whose_files_are_all_dropped_is_named(raw, tmp_path):
    (raw / "zoom").mkdir()
    (raw / "zoom/a.npy").write_bytes(b"broken")
    assert "classes without a sequence: zoom" in run(own_data.main, raw, tmp_path, "--name", "moves").stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--coordinates", "body"], "need the names of the joints"),
        (
            ["--coordinates", "hip", "--joints", ",".join(["left_hip", *"abcdefghijklmnopqrs"])],
            "these names, too: right_hip, left_shoulder and",
        ),
        (["--joints", "25"], "the files have 20"),
        (["--layout", "pad", "--table", "nowhere.csv"], "nowhere.csv"),
    ],
)
def test_what_can_not_be_done_is_one_line_and_no_file(raw, tmp_path, arguments, complaint):
    done = run(own_data.main, raw, tmp_path / "out", "--name", "moves", *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1
    assert complaint in done.stderr and not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["ntu_rgbd", "Synthetic", "a/b", "", ".a", "-a"])
def test_a_name_that_can_not_be_is_refused(raw, tmp_path, name):
    done = run(own_data.main, raw, tmp_path / "out", f"--name={name}")
    assert done.returncode == 2 and "Invalid value for '--name'" in done.stderr.splitlines()[-1]


def test_a_table_and_a_pattern_together_are_refused(raw, tmp_path):
    done = run(own_data.main, raw, tmp_path / "out", "--name", "moves", "--table", "t.csv", "--pattern", "P{subject}")
    assert done.returncode == 2 and "--table and --pattern cannot be given together" in done.stderr
