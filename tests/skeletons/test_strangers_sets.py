"""Sets of recordings as people have them become tensors by one command, with the right joints, and a row of Table 4."""

import json
import pickle
import re

import numpy as np
import pytest
from helpers import run, standing_body
from test_joint_names import KINECT_NAMES
from test_named_bones import AZURE, MEDIAPIPE
from test_ntu_packed import pyskl

from data_prep import ntu_rgbd, own_data
from experiments import table4_ablation
from mans_keras.skeletons import view
from mans_keras.skeletons.formats import text_file
from mans_keras.tensors.store import Tensors

FRAMES = 8


def bodies(names):
    """(frames, joints, 3) of a body with these names: those that Kinect v1 has are where it has them."""
    kinect = {name.lower(): place for place, name in enumerate(KINECT_NAMES)}
    body = standing_body(FRAMES)
    places = ["".join(sorted(name.lower().split("_"))) for name in names]
    known = {"".join(sorted((name[: -len(side)], side))): kinect[name] for name in kinect for side in ("left", "right")
             if name.endswith(side)}  # fmt: skip
    return body[:, [known.get(place, 1) for place in places]]


def azure(body):
    frames = [{"bodies": [{"body_id": 1, "joint_positions": frame.tolist()}]} for frame in 1000 * body]
    return json.dumps({"joint_names": AZURE, "frames": frames})


def mediapipe(body):
    def landmark(xyz):
        return dict(zip("xyz", xyz, strict=True), visibility=0.9)

    return json.dumps(
        [
            {"landmarks": [[landmark([0.5, 0.5, 0])] * 33], "worldLandmarks": [list(map(landmark, frame))]}
            for frame in body.tolist()
        ]
    )


def csv(body):
    header = [
        "frame",
        "timestamp",
        *(f"{name}_{axis}" for name in KINECT_NAMES for axis in ("x", "y", "z", "confidence")),
    ]
    lines = [";".join(header)]
    for number, frame in enumerate(body):
        cells = [number, number / 30, *(value for joint in frame for value in (*joint, 1))]
        lines.append(";".join(map(str, cells)).replace(".", ","))
    return "\n".join(lines)


def bvh(body):
    turns = "CHANNELS 3 Zrotation Xrotation Yrotation"
    joints = "".join(
        f"JOINT {side}UpLeg {{ OFFSET {x} 0 0 {turns} "
        f"JOINT {side}Leg {{ OFFSET 0 -45 0 {turns} End Site {{ OFFSET 0 -45 0 }} }} }}\n"
        f"JOINT {side}Shoulder {{ OFFSET {x} 50 0 {turns} End Site {{ OFFSET {x} 0 0 }} }}\n"
        for side, x in (("Left", 10), ("Right", -10))
    )
    root = "ROOT Hips { OFFSET 0 0 0 CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation\n"
    motion = "\n".join(" ".join(map(str, [0, 90, 0, *np.full(21, number)])) for number in range(FRAMES))
    return f"HIERARCHY\n{root}{joints}}}\nMOTION\nFrames: {FRAMES}\nFrame Time: 0.03\n{motion}\n"


def optitrack(body):
    joints = [f"Anna:{name}" for name in KINECT_NAMES for _ in "XYZ"]
    lines = ["Format Version,1.23,Length Units,Millimeters", ""]
    for label, cells in ((",Type", ["Marker"] * 60), (",Name", joints), (",", ["Position"] * 60)):
        lines.append(",".join([label, *cells]))
    lines.append("Frame,Time (Seconds)" + ",X,Y,Z" * 20)
    lines += [",".join(map(str, (number, number / 100, *1000 * row.ravel()))) for number, row in enumerate(body)]
    return "\n".join(lines)


def sbu(body):
    places = [3, 2, 1, 4, 5, 7, 8, 9, 11, 12, 13, 15, 16, 17, 19]  # of SBU's joints among Kinect v1's
    both = np.concatenate([body[:, places], body[:, places] + [0.5, 0, 1]], axis=1)
    shares = (np.array([1.28, 0.96, 0]) - both) / [2.56, 1.92, -1.28]
    return "\n".join(",".join(map(str, (number, *row.ravel()))) for number, row in enumerate(shares))


SETS = {
    "Azure Kinect": (".json", azure, AZURE, AZURE),
    "MediaPipe": (".json", mediapipe, MEDIAPIPE, None),
    "CSV with time and confidence": (".csv", csv, KINECT_NAMES, KINECT_NAMES),
    "BVH": (".bvh", bvh, KINECT_NAMES, None),
    "OptiTrack": (".csv", optitrack, KINECT_NAMES, KINECT_NAMES),
    "SBU, two people": (".txt", sbu, KINECT_NAMES, list(text_file.SBU)),
}


def prepare(folder, kind):
    """Write a small set of this kind, prepare its tensors in the folder, and return what the command printed."""
    suffix, write, names, named = SETS[kind]
    for label in ("wave", "kick"):
        (folder / "raw" / label).mkdir(parents=True)
        for person in (1, 2):
            (folder / "raw" / label / f"P{person}{suffix}").write_text(write(bodies(names)))
    options = ["--joints", ",".join(names)] if suffix == ".json" and not named else []
    done = run(own_data.main, folder / "raw", folder, "--name", "moves", "--pattern", "P{subject}", *options)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("kind", SETS)
def test_a_set_becomes_tensors(tmp_path, kind):
    printed = prepare(tmp_path, kind)
    tensors = Tensors(tmp_path / "moves_50.h5")
    assert (len(tensors), tensors.coordinates) == (4, "body"), printed
    assert SETS[kind][3] is None or list(tensors.joint_names) == SETS[kind][3]
    assert "time" not in kind or "timestamp" in printed


def write_set(folder, suffix, texts):
    for label in ("wave", "kick"):
        (folder / label).mkdir(parents=True)
        for number, text in enumerate(texts):
            (folder / label / f"P{number}{suffix}").write_text(text)


KINECT = ",".join(KINECT_NAMES)
WRONG = {
    "names for files that have other names": (
        ".json",
        azure(bodies(AZURE)),
        ["--joints", KINECT],
        "leave --joints out",
    ),
    "names of other joints": (
        ".json",
        mediapipe(bodies(MEDIAPIPE)),
        ["--joints", KINECT],
        "the files have 33: give the",
    ),
    "bare numbers": (".txt", "1 2 3 4 5 6\n", [], "such as --joints 2"),
    "another vertical": (
        ".csv",
        optitrack(standing_body(FRAMES)[..., [0, 2, 1]]),
        ["--coordinates", "upright"],
        "by x, z, -y in place of x, y, z, or take --coordinates body",
    ),
}


@pytest.mark.parametrize(("suffix", "text", "options", "step"), WRONG.values(), ids=WRONG)
def test_a_message_says_the_next_step(tmp_path, suffix, text, options, step):
    write_set(tmp_path / "raw", suffix, [text] * 2)
    done = run(own_data.main, tmp_path / "raw", tmp_path, "--name", "moves", *options)
    assert done.returncode == 1 and step in done.stderr


def test_a_packed_file_is_sent_to_the_script_that_reads_it(tmp_path):
    (tmp_path / "ntu60_3danno.pkl").write_bytes(pickle.dumps(pyskl()))
    done = run(own_data.main, tmp_path / "ntu60_3danno.pkl", tmp_path, "--name", "moves")
    assert done.returncode == 1 and "data_prep/ntu_rgbd.py reads pyskl's" in done.stderr


@pytest.mark.parametrize(("up", "turned"), view.TURNED.items())
def test_what_the_message_says_turns_y_up_and_mirrors_nothing(up, turned):
    turn = np.zeros((3, 3))
    for row, term in enumerate(turned.split(", ")):
        turn[row, "xyz".index(term[-1])] = -1 if term[0] == "-" else 1
    axis = np.zeros(3)
    axis["xyz".index(up[1])] = 1 if up[0] == "+" else -1
    np.testing.assert_array_equal(turn @ axis, [0, 1, 0])
    assert np.linalg.det(turn) == 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["Azure Kinect", "pyskl"])
def test_a_set_goes_from_its_files_to_a_row_of_table_4(tmp_path, monkeypatch, tiny, kind):
    dataset, protocol = ("ntu_rgbd", "cross_subject") if kind == "pyskl" else ("moves", "odd_even")
    if kind == "pyskl":
        (tmp_path / "ntu60_3danno.pkl").write_bytes(pickle.dumps(pyskl()))
        done = run(ntu_rgbd.main, tmp_path / "ntu60_3danno.pkl", tmp_path)
        assert done.returncode == 0, done.stderr
    else:
        prepare(tmp_path, kind)
    monkeypatch.chdir(tmp_path)
    options = ["--dataset", dataset, "--data", tmp_path, "--protocol", protocol, "--jobs", "1"]
    done = run(table4_ablation.main, *options, "--epochs", "1", "--settings", "stcm")
    assert done.returncode == 0, done.stderr
    (row,) = [line for line in done.stdout.splitlines() if line.startswith("| STCM-9 (CNNs)")]
    assert "not run" not in row and re.search(r"\d+\.\d+", row), done.stdout
