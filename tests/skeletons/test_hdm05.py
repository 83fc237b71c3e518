"""HDM05: names, classes, sources, joints and the script, on a small generated set, and on the real one if there."""

import pickle

import h5py
import numpy as np
import pytest
from helpers import SHARED, run, script
from mutations import mutants

from data_prep import hdm05 as hdm05_script
from mans_keras.errors import InputError
from mans_keras.skeletons import hdm05
from mans_keras.skeletons.formats import acclaim
from mans_keras.skeletons.sequence import Dropped
from mans_keras.tensors import protocols
from mans_keras.tensors.store import Tensors

REAL = SHARED / "data/hdm05_11"
HIERARCHY = """root lhipjoint rhipjoint lowerback
lhipjoint lfemur
lfemur ltibia
ltibia lfoot
lfoot ltoes
rhipjoint rfemur
rfemur rtibia
rtibia rfoot
rfoot rtoes
lowerback upperback
upperback thorax
thorax lowerneck lclavicle rclavicle
lowerneck upperneck
upperneck head
lclavicle lhumerus
lhumerus lradius
lradius lwrist
lwrist lhand lthumb
lhand lfingers
rclavicle rhumerus
rhumerus rradius
rradius rwrist
rwrist rhand rthumb
rhand rfingers
"""
STILL = ("lhipjoint", "rhipjoint")
DOWN = {"hipjoint": "0.7 -0.7 0", "femur": "0 -1 0", "tibia": "0 -1 0", "foot": "0 -0.3 0.9", "toes": "0 0 1"}


def skeleton_text():
    """An ASF with HDM05's bones: legs down, spine up, arms to the sides; axes and lengths differ from bone to bone."""
    lines = [":units", "length 0.45", "angle deg", ":root", "order TX TY TZ RX RY RZ", "axis XYZ"]
    lines += ["position 0 0 0", "orientation 0 0 0", ":bonedata"]
    for number, name in enumerate(hdm05.JOINTS[1:]):
        direction = DOWN.get(name[1:], "1 0 0" if name[0] in "lr" and not name.startswith("lower") else "0 1 0")
        if name[0] == "r":
            direction = "-1 0 0" if direction == "1 0 0" else direction.replace("0.7 -0.7", "-0.7 -0.7")
        lines += ["begin", f"name {name}", f"direction {direction}", f"length {2 + number / 10}"]
        lines += [f"axis {number} {-2 * number} {3 * number} XYZ"]
        lines += [] if name in STILL else ["dof rx rz"]
        lines += ["end"]
    return "\n".join(lines) + "\n:hierarchy\nbegin\n" + HIERARCHY + "end\n"


def motion_text(frames=3, seed=0):
    rng = np.random.default_rng(seed)
    lines = ["#!OML:ASF X:\\für Bonn", ":FULLY-SPECIFIED", ":DEGREES"]
    for frame in range(1, frames + 1):
        lines += [str(frame), "root 1 17 -4 " + " ".join(f"{angle:.3f}" for angle in rng.uniform(-20, 20, 3))]
        for name in hdm05.JOINTS[1:]:
            if name not in STILL:
                lines.append(f"{name} " + " ".join(f"{angle:.3f}" for angle in rng.uniform(-20, 20, 2)))
    return ("\n".join(lines) + "\n").encode("latin-1")


NAMES = [
    f"HDM_{actor}_{action}_{repetition:03}_120"
    for action in ("squat1Reps", "squat3Reps", "clap5Reps")
    for actor in ("bd", "mm")
    for repetition in (1, 2)
]


@pytest.fixture
def raw(tmp_path):
    """Twelve recordings of three classes by two actors, a folder for each class; one suffix is in capitals."""
    for seed, name in enumerate(NAMES):
        folder = tmp_path / "raw/cut" / name.split("_")[2]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}{'.AMC' if seed == 3 else '.amc'}").write_bytes(motion_text(seed=seed))
    for actor in ("bd", "mm"):
        (tmp_path / f"raw/HDM_{actor}.asf").write_text(skeleton_text())
    return tmp_path / "raw"


def test_every_bone_keeps_the_length_of_its_skeleton(raw):
    source = hdm05.sources(raw)[0]
    joints = hdm05.read(source).joints
    assert joints.shape == (3, 1, 31, 3)
    bones = acclaim.read_skeleton(source.asf).bones
    for number, name in enumerate(hdm05.JOINTS[1:], start=1):
        bone = joints[:, 0, number] - joints[:, 0, hdm05.JOINTS.index(bones[name].parent)]
        np.testing.assert_allclose(np.linalg.norm(bone, axis=1), (2 + (number - 1) / 10) * 0.0254 / 0.45)


def test_the_joints_of_the_body_are_where_their_names_say(raw):
    first = hdm05.read(hdm05.sources(raw)[0]).joints[0, 0]
    body = hdm05.BODY
    assert first[body.left_hip, 0] > first[body.right_hip, 0]
    assert first[body.left_shoulder, 1] > first[0, 1] > first[list(body.ankles), 1].max()
    assert (first[list(body.feet), 2] > first[list(body.ankles), 2]).all()
    assert {hdm05.JOINTS[joint][0] for joint in body.ankles} == {"l", "r"}


def test_class_and_subject_come_from_the_name(raw):
    result = hdm05.sources(raw)
    sequence = hdm05.read(next(source for source in result if "mm_squat3Reps_002" in source.amc.name))
    assert (sequence.name, sequence.subject) == ("HDM_mm_squat3Reps_002_120", 4)
    assert hdm05.CLASSES_65[sequence.label] == "squat"
    reader = hdm05.reader(hdm05.classes_found(result, 130), 130)
    assert reader.class_names == ("squat1Reps", "squat3Reps", "clap5Reps")
    assert reader.read(result[0]).label == 2


def test_the_merge_has_65_classes_of_130():
    assert len(hdm05.MERGED) == len(hdm05.CLASS_NAMES[130]) == 130
    assert len(set(hdm05.CLASSES_65)) == 65 and set(hdm05.MERGED.values()) == set(hdm05.CLASSES_65)
    assert {name for name, merged in hdm05.MERGED.items() if merged == "walk"} == {
        "walk2StepsLstart",
        "walk2StepsRstart",
        "walk4StepsLstart",
        "walk4StepsRstart",
    }


@pytest.mark.parametrize("name", ["HDM_bd_01-01_01_120", "HDM_xx_squat1Reps_001_120", "HDM_bd_sleep_001_120", "._x"])
def test_another_name_is_dropped(raw, name):
    with pytest.raises(Dropped, match=r"name|not one of the 130"):
        hdm05.parse_name(name)


def test_a_reader_can_be_sent_to_other_processes(raw):
    source = hdm05.sources(raw)[0]
    reader = pickle.loads(pickle.dumps(hdm05.reader(("clap", "squat"))))
    assert reader.read(source).label == 0


def test_the_skeleton_next_to_a_recording_is_preferred(raw):
    nearest = raw / "cut/squat1Reps/HDM_bd.asf"
    nearest.write_text(skeleton_text())
    result = {source.amc.stem: source.asf for source in hdm05.sources(raw)}
    assert result["HDM_bd_squat1Reps_001_120"] == nearest
    assert result["HDM_mm_squat1Reps_001_120"] == raw / "HDM_mm.asf"


def test_a_missing_or_broken_skeleton_drops_its_recordings_by_name(raw):
    (raw / "HDM_bd.asf").unlink()
    (raw / "HDM_mm.asf").write_text(
        skeleton_text().replace("name ltoes", "name lclaw").replace("lfoot ltoes", "lfoot lclaw")
    )
    bd, *_, mm = hdm05.sources(raw)
    with pytest.raises(Dropped, match=r"HDM_bd\.asf is missing"):
        hdm05.read(bd)
    with pytest.raises(Dropped, match=r"HDM_mm\.asf: its bones are not the 30"):
        hdm05.read(mm)


def test_a_name_that_is_there_twice_is_refused(raw):
    path = next(raw.rglob("*.AMC"))
    (raw / f"{path.stem}.amc").write_bytes(path.read_bytes())
    with pytest.raises(InputError, match="have the same name"):
        hdm05.sources(raw)


def test_a_folder_without_recordings_says_what_is_needed(tmp_path):
    with pytest.raises(InputError, match=r"no \.amc file.*https://"):
        hdm05.sources(tmp_path)
    (tmp_path / "HDM_bd_squat1Reps_001_120.c3d").touch()
    with pytest.raises(InputError, match=r"only \.c3d files, and \.amc files are needed"):
        hdm05.sources(tmp_path)
    (tmp_path / "HDM_bd_squat1Reps_001_120.amc").touch()
    with pytest.raises(InputError, match=r"no HDM_<actor>\.asf"):
        hdm05.sources(tmp_path)


@pytest.mark.slow
def test_broken_recordings_are_finite_or_dropped(raw):
    source = hdm05.sources(raw)[0]
    outcomes = {True: 0, False: 0}
    for mutant in mutants(motion_text(frames=1), 2000):
        source.amc.write_bytes(mutant)
        try:
            joints = hdm05.read(source).joints
        except Dropped:
            outcomes[False] += 1
        else:
            assert np.isfinite(joints).all()
            outcomes[True] += 1
    assert min(outcomes.values()) > 100


def test_the_script_says_how_much_of_the_set_it_found(raw, tmp_path):
    (raw / "HDM_bd_squat1Reps_009_120.amc").write_bytes(b"")
    done = run(hdm05_script.main, raw, tmp_path / "out", "--coordinates", "raw")
    assert done.returncode == 0, done.stderr
    assert "2 of 65 classes found: clap, squat" in done.stdout and "smaller task" in done.stdout
    assert "13 sequences found, 12 kept, 1 dropped" in done.stdout
    assert "HDM_bd_squat1Reps_009_120" in done.stdout.splitlines()[-1]
    tensors = Tensors(tmp_path / "out/hdm05_50.h5")
    assert tensors.name.tolist() == sorted(NAMES)
    assert tensors.class_names == ["clap", "squat"] and set(tensors.subject) == {1, 4}
    assert np.bincount(tensors.label).tolist() == [4, 8]
    assert len(protocols.folds(tensors, "cross_actor")) == 2


def test_the_script_keeps_all_130_classes_apart(raw, tmp_path):
    done = script("data_prep/hdm05.py", raw, tmp_path, "--classes", "130", "--jobs", "2")
    assert "3 of 130 classes found" in done.stdout
    with h5py.File(tmp_path / "hdm05_50.h5") as file:
        assert list(file.attrs["class_names"]) == ["squat1Reps", "squat3Reps", "clap5Reps"]


def test_files_of_other_names_alone_are_one_line(raw, tmp_path):
    for path in (raw / "cut").rglob("*.[aA]*"):
        path.rename(path.with_name(f"my{path.name}"))
    done = run(hdm05_script.main, raw, tmp_path / "out")
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "none of 12 .amc files" in done.stderr and not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason="the real HDM05 is not next to the checkout")
def test_the_real_recordings_give_288_sequences(tmp_path):
    done = script("data_prep/hdm05.py", REAL, tmp_path)
    assert "11 of 65 classes found" in done.stdout
    assert "288 sequences found, 288 kept, 0 dropped" in done.stdout
    tensors = Tensors(tmp_path / "hdm05_50.h5")
    assert sum(len(fold.test) for fold in protocols.folds(tensors, "kfold")) == 288
    assert np.bincount(tensors.subject).tolist() == [0, 62, 66, 61, 44, 55]


@pytest.mark.skipif(not REAL.is_dir(), reason="the real HDM05 is not next to the checkout")
def test_real_bodies_keep_their_bones_and_stand_on_the_floor():
    for source in hdm05.sources(REAL)[::12]:
        joints = hdm05.read(source).joints[:, 0]
        bones = acclaim.read_skeleton(source.asf).bones
        for number, name in enumerate(hdm05.JOINTS[1:], start=1):
            bone = joints[:, number] - joints[:, hdm05.JOINTS.index(bones[name].parent)]
            np.testing.assert_allclose(np.linalg.norm(bone, axis=1), np.linalg.norm(bones[name].offset))
        height = joints[..., 1].max(axis=1) - joints[..., 1].min(axis=1)
        assert 1.3 < height.max() < 2.5
        assert abs(np.median(joints[..., 1].min(axis=1))) < 0.25


def test_a_malformed_skeleton_is_parsed_once_for_all_recordings_of_its_actor(tmp_path, monkeypatch):
    path = tmp_path / "HDM_bd.asf"
    path.write_text(":units\n")
    reads = []
    parse = acclaim.read_skeleton
    monkeypatch.setattr(acclaim, "read_skeleton", lambda path: (reads.append(path), parse(path))[1])
    for _ in range(3):
        with pytest.raises(Dropped, match=r"HDM_bd\.asf: "):
            hdm05.read_skeleton(path)
    assert len(reads) == 1
