import numpy as np
import pytest
from helpers import run, standing_body

from data_prep import own_data
from mans_keras.errors import InputError
from mans_keras.skeletons import own, own_splits, own_tables
from mans_keras.tensors import protocols
from mans_keras.tensors.store import Tensors


@pytest.fixture
def raw(tmp_path):
    """Two classes, three subjects, two cameras."""
    for name in ("wave", "kick"):
        (tmp_path / "raw" / name).mkdir(parents=True)
        for subject in (1, 2, 3):
            for camera in (1, 2):
                np.save(tmp_path / "raw" / name / f"P{subject}_C{camera}.npy", standing_body())
    return tmp_path / "raw"


@pytest.fixture
def sources(raw):
    return own_tables.with_pattern(own.find(raw)[1], "P{subject}_C{camera}")


def test_splits_are_kept_and_are_protocols(raw, tmp_path):
    (tmp_path / "fold1.csv").write_text("file;split\nwave/P1_C1.npy;train\nP2_C1.npy;Test\n")
    options = ["--pattern", "P{subject}_C{camera}", "--split", tmp_path / "fold1.csv"]
    done = run(
        own_data.main, raw, tmp_path, "--name", "moves", *options, "--train-subjects", "1,3", "--train-cameras", 2
    )
    assert done.returncode == 0, done.stderr
    assert "fold1: 1 train, 2 test" in done.stdout
    tensors = Tensors(tmp_path / "moves_50.h5")
    (fold,) = protocols.folds(tensors, "fold1")
    assert tensors.name[fold.train].tolist() == ["wave/P1_C1.npy"]
    assert tensors.name[fold.test].tolist() == ["kick/P2_C1.npy", "wave/P2_C1.npy"]
    (subject,), (view,) = (protocols.folds(tensors, name) for name in ("cross_subject", "cross_view"))
    assert (set(tensors.subject[subject.train]), set(tensors.subject[subject.test])) == ({1, 3}, {2})
    assert (set(tensors.camera[view.train]), set(tensors.camera[view.test])) == ({2}, {1})
    assert "fold1" not in protocols.of_dataset("moves") and protocols.defaults("moves") == ("holdout",)


def test_a_split_changes_the_digest(raw, tmp_path):
    digests = []
    for subjects in ("1", "2"):
        run(own_data.main, raw, tmp_path, "--name", "m", "--pattern", "P{subject}", "--train-subjects", subjects)
        digests.append(Tensors(tmp_path / "m_50.h5").digest())
    assert digests[0] != digests[1]


def test_a_table_with_far_too_many_cells_is_refused_before_it_is_parsed(sources, tmp_path):
    (tmp_path / "split.csv").write_text("file,split\n" + "," * 3_000_000)
    with pytest.raises(InputError, match=r"split\.csv: "):
        own_splits.from_table(sources, tmp_path / "split.csv")


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("", "must name the columns file and split"),
        ("file,split\nP1_C1.npy,maybe\n", "line 2: 'P1_C1.npy, maybe' where a file and train or test"),
        ("file,split\nP1_C1.npy,train\nP1_C1.npy,test\n", "line 3: P1_C1.npy is listed twice"),
        ("file,split\nother.npy,train\nP1_C1.npy,test\n", "names files that are not there: other.npy"),
        ("file,split\nP1_C1.npy,test\n", "no file is left to train"),
        ("\udcff", "not UTF-8"),
    ],
)
def test_a_table_that_makes_no_split_is_refused(sources, tmp_path, table, reason):
    (tmp_path / "t.csv").write_bytes(table.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=reason):
        own_splits.from_table(sources, tmp_path / "t.csv")


@pytest.mark.parametrize(("numbers", "reason"), [([1, 9], "no file has the subject 9"), ([1, 2, 3], "left to test")])
def test_subjects_that_make_no_split_are_refused(sources, numbers, reason):
    with pytest.raises(InputError, match=f"--train-subjects: .*{reason}"):
        own_splits.by_number(sources, "subject", numbers)


@pytest.mark.parametrize("column", ["subject", "camera"])
def test_without_a_pattern_or_a_table_no_file_has_a_subject_or_a_camera(raw, tmp_path, column):
    done = run(own_data.main, raw, tmp_path, "--name", "m", f"--train-{column}s", "1")
    assert done.returncode == 1 and f"no file has a {column}: give --pattern or --table" in done.stderr


@pytest.mark.parametrize(
    ("out", "message"),
    [("file", "file is a file, and OUT must be a folder"), ("file/in", "in can't be made: {file} is a file")],
)
def test_an_out_that_can_be_no_folder_is_named(raw, tmp_path, out, message):
    (tmp_path / "file").touch()
    done = run(own_data.main, raw, tmp_path / out, "--name", "m")
    assert done.returncode == 1 and message.format(file=tmp_path / "file") in done.stderr


def test_the_name_of_a_known_protocol_is_refused(raw, tmp_path):
    done = run(own_data.main, raw, tmp_path, "--name", "m", "--split", tmp_path / "loso.csv")
    assert done.returncode == 1 and "the protocol is named after the file" in done.stderr


def test_a_list_of_subjects_has_whole_numbers(raw, tmp_path):
    done = run(own_data.main, raw, tmp_path, "--name", "m", "--train-subjects", "1;2")
    assert done.returncode == 2 and "list of whole numbers such as 1,3,5" in done.stderr
