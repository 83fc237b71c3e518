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
