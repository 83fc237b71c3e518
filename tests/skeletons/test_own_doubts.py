"""What own_data.py says of recordings that it could read in two ways, or that do not fit together."""

import json

import numpy as np
import pytest
from helpers import joints_lines, run, standing_body
from test_joint_names import KINECT_NAMES

from data_prep import own_data
from mans_keras.tensors.store import Tensors

REVERSED = ",".join(KINECT_NAMES[::-1])


def write(folder, save, count=4):
    """A class folder `clap` and one `wave`, with `save(path without a suffix, number)` for each file."""
    for number in range(count):
        path = folder / ("clap", "wave")[number % 2] / f"P{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        save(path, number)
    return folder


def as_ut_kinect(path, number):
    path.with_suffix(".txt").write_text("\n".join(joints_lines(standing_body(), range(6))))


def as_nw_ucla(path, number):
    path.with_suffix(".json").write_text(json.dumps({"skeletons": standing_body().tolist()}))


@pytest.mark.parametrize("save", [as_ut_kinect, as_nw_ucla])
def test_an_order_of_joints_that_is_assumed_does_not_win_over_joints(tmp_path, save):
    raw = write(tmp_path / "raw", save)
    refused = run(own_data.main, raw, tmp_path, "--name", "g", "--joints", REVERSED)
    assert refused.returncode == 1 and "Kinect v1, but --joints has another" in refused.stderr
    done = run(own_data.main, raw, tmp_path, "--name", "g")
    assert "): read as UT-Kinect's or NW-UCLA's, with Kinect v1's joints in its order" in done.stdout
    assert len(Tensors(tmp_path / "g_50.h5").label) == 4


def as_npy(path, number):
    np.save(path.with_suffix(".npy"), standing_body(6 + number))


def test_files_that_name_no_joints_next_to_files_that_do_are_reported(tmp_path):
    def save(path, number):
        if number % 2:
            return as_npy(path, number)
        joints = [dict(sorted(zip(KINECT_NAMES, frame, strict=True))) for frame in standing_body().tolist()]
        path.with_suffix(".json").write_text(json.dumps([{"joints": frame} for frame in joints]))

    raw = write(tmp_path / "raw", save)
    done = run(own_data.main, raw, tmp_path, "--name", "g")
    assert "2 files (wave/P1.npy, wave/P3.npy): joints without names, read in the order of clap/P0.json" in done.stdout
    done = run(own_data.main, raw, tmp_path, "--name", "g", "--joints", ",".join(KINECT_NAMES))
    assert done.returncode == 0 and "without names" not in done.stdout


def test_files_with_another_vertical_than_most_are_named(tmp_path):
    def save(path, number):
        np.save(path.with_suffix(".npy"), standing_body()[..., (0, 2, 1) if number == 3 else (0, 1, 2)])

    raw = write(tmp_path / "raw", save)
    arguments = [raw, tmp_path, "--name", "g", "--joints", ",".join(KINECT_NAMES), "--coordinates", "upright"]
    done = run(own_data.main, *arguments)
    assert "1 file (wave/P3.npy): +z points up, by shoulders and hips, but +y in most files" in done.stdout


def test_bodies_that_are_no_persons_in_metres_are_reported(tmp_path):
    def save(path, number):
        body = standing_body() - standing_body().mean(axis=(0, 1))
        np.save(path.with_suffix(".npy"), body * (39.37 if number == 3 else 1))

    raw = write(tmp_path / "raw", save)
    done = run(own_data.main, raw, tmp_path, "--name", "g", "--joints", ",".join(KINECT_NAMES))
    assert "1 file (wave/P3.npy): bodies that are no person's if they are in metres" in done.stdout


def test_the_same_recording_twice_and_classes_with_nearly_one_name_are_reported(tmp_path):
    raw = write(tmp_path / "raw", as_npy)
    (raw / "wave/P9.npy").write_bytes((raw / "clap/P0.npy").read_bytes())
    for name in ("Wave", "cafe\u0301", "caf\u00e9"):
        (raw / name).mkdir()
        np.save(raw / name / "a.npy", standing_body(20 + len(list(raw.iterdir()))))
    done = run(own_data.main, raw, tmp_path, "--name", "g")
    assert "so that it may train and test: clap/P0.npy, wave/P9.npy" in done.stdout
    assert "classes with nearly the same name: Wave, wave. If" in done.stdout
    assert "classes with nearly the same name: caf" in done.stdout


def test_subjects_are_printed_and_rows_of_a_table_for_files_that_are_not_there(tmp_path):
    raw = write(tmp_path / "raw", as_npy)
    done = run(own_data.main, raw, tmp_path, "--name", "g", "--pattern", "P{subject}")
    assert "4 subjects: 0, 1, 2, 3\n" in done.stdout and "camera" not in done.stdout.split("coordinates")[0]
    (raw / "clap/P0.npy").rename(raw / "clap/e\u0301.npy")
    (tmp_path / "t.csv").write_text("file,subject\nclap/\u00e9.npy,5\nP1.npy,6\nP7.npy,7\n", "utf-8")
    done = run(own_data.main, raw, tmp_path, "--name", "g", "--table", tmp_path / "t.csv")
    assert "2 subjects: 5, 6\n" in done.stdout
    assert f"1 file (P7.npy): in {tmp_path / 't.csv'}, but not in" in done.stdout


def test_two_splits_of_one_name_are_refused(tmp_path):
    raw = write(tmp_path / "raw", as_npy)
    (tmp_path / "cross_subject.csv").write_text("file,split\nP0.npy,train\nclap/P0.npy,train\nP1.npy,test\n")
    options = ["--pattern", "P{subject}", "--split", tmp_path / "cross_subject.csv"]
    assert run(own_data.main, raw, tmp_path, "--name", "g", *options).returncode == 0
    refused = run(own_data.main, raw, tmp_path, "--name", "g", *options, "--train-subjects", "1")
    assert refused.returncode == 1 and "make one protocol, cross_subject: rename the table" in refused.stderr


def test_exchanged_axes_are_named(tmp_path):
    raw = write(tmp_path / "raw", lambda path, number: np.save(path, standing_body(41).transpose(1, 0, 2)))
    refused = run(own_data.main, raw, tmp_path, "--name", "g", "--joints", ",".join(KINECT_NAMES))
    assert "the first axis that of the 20 joints? Then save array.transpose(1, 0, 2)" in refused.stderr


def test_the_reason_of_most_files_is_given_and_not_that_of_a_stray_one(tmp_path):
    raw = write(tmp_path / "raw", lambda path, number: np.save(path, standing_body() * 1000))
    (raw / "clap/00_labels.csv").write_text("file,label\nP0,clap\n")
    refused = run(own_data.main, raw, tmp_path, "--name", "g")
    assert "no file holds a recording; clap/P0.npy: a coordinate is infinite or beyond 100" in refused.stderr


def test_text_files_with_a_header_say_what_is_wrong_with_them(tmp_path):
    raw = write(tmp_path / "raw", lambda path, number: path.with_suffix(".txt").write_text("x1 y1 z1\n1 2 3\n"))
    refused = run(own_data.main, raw, tmp_path, "--name", "g")
    assert ".txt does not begin with a number: a table with a header must be a .csv file" in refused.stderr


def test_a_folder_with_the_name_of_the_tensor_file_is_refused_in_words(tmp_path):
    raw = write(tmp_path / "raw", as_npy)
    (tmp_path / "g_50.h5").mkdir()
    refused = run(own_data.main, raw, tmp_path, "--name", "g")
    assert refused.stderr.endswith("g_50.h5 is a folder, but the tensor file must have this name: rename the folder\n")


def test_an_interrupted_preparation_does_not_promise_to_resume(tmp_path, monkeypatch):
    monkeypatch.setattr(own_data.own, "survey", lambda *arguments: (_ for _ in ()).throw(KeyboardInterrupt))
    done = run(own_data.main, write(tmp_path / "raw", as_npy), tmp_path, "--name", "g")
    assert done.returncode == 130 and "run the same command again to start anew" in done.stderr


def test_joints_that_are_numbered_from_0_in_some_files_and_from_1_in_others_are_reported(tmp_path):
    def save(path, number):
        names = range(1, 20) if number % 2 else range(19)
        header = ",".join(f"joint{name}_{axis}" for name in names for axis in "xyz")
        body = standing_body()[:, 1:] if number % 2 else standing_body()[:, :19]
        np.savetxt(path.with_suffix(".csv"), body.reshape(6, -1), delimiter=",", header=header, comments="")

    done = run(own_data.main, write(tmp_path / "raw", save), tmp_path, "--name", "g")
    assert "2 files (wave/P1.csv, wave/P3.csv): joints numbered from 1, and from 0 in other files" in done.stdout


def test_what_may_be_recordings_is_listed_first_and_hidden_files_are_counted(tmp_path):
    raw = write(tmp_path / "raw", lambda path, number: np.save(path, standing_body()))
    for name in (
        ".DS_Store",
        ".git",
        "Thumbs.db",
        "a.mp4",
        "clap/a.mp4",
        "readme.txt",
        "wave/P7.npy.zip",
        "wave/P8.pkl",
    ):
        (raw / name).write_text("x")
    (raw / "wave/more").mkdir()
    done = run(own_data.main, raw, tmp_path, "--name", "g")
    assert (
        f"no recordings, 6 in {raw}: wave/P7.npy.zip, wave/P8.pkl, wave/more, a.mp4, clap/a.mp4, ...\n" in done.stdout
    )
    assert "also left out: 3 hidden files\n" in done.stdout


def test_what_was_interpolated_or_is_empty_is_reported(tmp_path):
    def save(path, number):
        body = standing_body(20)
        body[5 if number < 2 else slice(0, 3)] = 0
        body[8, 11] += 9 * (number == 0)
        np.save(path, body)

    done = run(own_data.main, write(tmp_path / "raw", save), tmp_path, "--name", "g")
    assert "in some frames nobody is seen: interpolated: 2 sequences, clap/P0.npy, wave/P1.npy\n" in done.stdout
    assert "in some frames nobody is seen: 2 sequences, clap/P2.npy, wave/P3.npy\n" in done.stdout
    assert "a joint is more than 1.5 m away from its body: interpolated: 1 sequence, clap/P0.npy\n" in done.stdout
