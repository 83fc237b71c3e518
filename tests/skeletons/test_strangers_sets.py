"""Sets of recordings as people have them become tensors by one command, with the right joints."""

import json

import numpy as np
import pytest
from helpers import run, standing_body
from test_joint_names import KINECT_NAMES
from test_named_bones import AZURE, MEDIAPIPE

from data_prep import own_data
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


SETS = {
    "Azure Kinect": (".json", azure, AZURE, AZURE, "body"),
    "MediaPipe": (".json", mediapipe, MEDIAPIPE, None, "body"),
    "CSV with time and confidence": (".csv", csv, KINECT_NAMES, KINECT_NAMES, "body"),
    "BVH": (".bvh", bvh, KINECT_NAMES, None, "body"),
}


@pytest.mark.parametrize(("suffix", "write", "names", "named", "coordinates"), SETS.values(), ids=SETS)
def test_a_set_becomes_tensors(tmp_path, suffix, write, names, named, coordinates):
    for folder in ("wave", "kick"):
        (tmp_path / "raw" / folder).mkdir(parents=True)
        for person in (1, 2):
            (tmp_path / "raw" / folder / f"P{person}{suffix}").write_text(write(bodies(names)))
    options = ["--joints", ",".join(names)] if suffix == ".json" and not named else []
    done = run(own_data.main, tmp_path / "raw", tmp_path, "--name", "moves", "--pattern", "P{subject}", *options)
    assert done.returncode == 0, done.stderr
    tensors = Tensors(tmp_path / "moves_50.h5")
    assert (len(tensors), tensors.coordinates) == (4, coordinates), done.stdout
    assert named is None or list(tensors.joint_names) == named
    if suffix == ".csv":
        assert "timestamp" in done.stdout
