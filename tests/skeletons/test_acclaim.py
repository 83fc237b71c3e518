"""ASF skeletons, AMC motions, and the forward kinematics between them."""

import numpy as np
import pytest
from mutations import mutants

from mans_keras.skeletons.formats import acclaim
from mans_keras.skeletons.sequence import Dropped

UNIT = 0.0254 / 0.45
SKELETON = """# comment
:version 1.10
:units
  mass 1.0
  length 0.45
  angle deg
:root
   order TX TY TZ RX RY RZ
   axis XYZ
   position 0 0 0
   orientation 0 0 0
:bonedata
  begin
     id 1
     name thigh
     direction 1 0 0
     length 4.5
     axis 90 0 90  XYZ
    dof rx
    limits (-160.0 20.0)
  end
  begin
     id 2
     name shin
     direction 0 1 0
     length 9
     axis 90 0 0  XYZ
    dof ry rz
    limits (-160.0 20.0)
           (-70.0 70.0)
  end
  begin
     id 3
     name hip
     direction 0 0 2
     length 1
     axis 0 0 0 XYZ
  end
:hierarchy
  begin
    hip
    root hip thigh
    thigh shin
  end
"""
MOTION = b"""#!OML:ASF X:\\f\xfcr Bonn
:FULLY-SPECIFIED
:DEGREES
1
root 0.9 1.8 0 0 0 0
thigh 0
shin 0 0
2
root 0.9 1.8 0 90 0 90
thigh 90
shin 90 90
"""


def ends(motion=MOTION, skeleton=SKELETON):
    parsed = acclaim.parse_skeleton(skeleton.encode())
    return acclaim.positions(parsed, acclaim.parse_motion(motion, parsed))


def test_without_angles_bones_lie_along_their_directions():
    result = {name: end[0] for name, end in ends().items()}
    x, y = 0.0508, 0.1016
    np.testing.assert_allclose(result["root"], (x, y, 0), atol=1e-12)
    np.testing.assert_allclose(result["hip"], (x, y, UNIT), atol=1e-12)
    np.testing.assert_allclose(result["thigh"], (x + 0.254, y, 0), atol=1e-12)
    np.testing.assert_allclose(result["shin"], (x + 0.254, y + 0.508, 0), atol=1e-12)


def test_a_pose_computed_by_hand():
    """All angles are 90 degrees. The root turns about x, then z: x -> y -> z -> x. The thigh turns about its own x, the
    world's y after C: it comes to lie along -z, which the root turns to -x. The shin turns about its own y, then z:
    C M C^-1 takes y to -z, which the thigh and the root turn to -y.
    """
    result = {name: end[1] for name, end in ends().items()}
    np.testing.assert_allclose(result["root"], (0.0508, 0.1016, 0), atol=1e-12)
    np.testing.assert_allclose(result["hip"], (0.0508 + UNIT, 0.1016, 0), atol=1e-12)
    np.testing.assert_allclose(result["thigh"], (0.0508 - 0.254, 0.1016, 0), atol=1e-12)
    np.testing.assert_allclose(result["shin"], (0.0508 - 0.254, 0.1016 - 0.508, 0), atol=1e-12)


def test_the_axis_line_says_what_turns_first():
    np.testing.assert_allclose(
        ends(skeleton=SKELETON.replace("axis XYZ", "axis ZYX"))["hip"][1] - ends()["root"][1], (0, -UNIT, 0), atol=1e-12
    )


def test_values_follow_the_order_of_the_channels():
    skeleton = SKELETON.replace("TX TY TZ RX RY RZ", "RZ RY RX TZ TY TX").replace("dof ry rz", "dof rz ry")
    motion = MOTION.replace(b"0.9 1.8 0 90 0 90", b"90 0 90 0 1.8 0.9").replace(b"shin 90 90", b"shin 90 90")
    np.testing.assert_allclose(ends(motion, skeleton)["shin"][1], ends()["shin"][1], atol=1e-12)


def test_every_bone_keeps_its_length():
    rng = np.random.default_rng(0)
    skeleton = acclaim.parse_skeleton(SKELETON.encode())
    motion = {name: rng.uniform(-180, 180, (50, len(bone.channels))) for name, bone in skeleton.bones.items()}
    result = acclaim.positions(skeleton, motion)
    for name, length in (("thigh", 4.5), ("shin", 9), ("hip", 1)):
        parent = skeleton.bones[name].parent
        np.testing.assert_allclose(np.linalg.norm(result[name] - result[parent], axis=1), length * UNIT)


def test_windows_line_ends_are_read():
    windows = ends(MOTION.replace(b"\n", b"\r\n"), SKELETON.replace("\n", "\r\n"))
    np.testing.assert_array_equal(windows["shin"], ends()["shin"])


MALFORMED_SKELETONS = {
    "empty": "",
    "cut in the bones": SKELETON[:500],
    "no hierarchy": SKELETON[: SKELETON.index(":hierarchy")],
    "radians": SKELETON.replace("angle deg", "angle rad"),
    "a length of nothing": SKELETON.replace("length 0.45", "length 0"),
    "text for a length": SKELETON.replace("length 9", "length nine"),
    "not a number": SKELETON.replace("length 9", "length nan"),
    "an absurd length": SKELETON.replace("length 9", "length 1e300"),
    "two of three angles": SKELETON.replace("axis 90 0 0", "axis 90 0"),
    "an axis twice": SKELETON.replace("axis 90 0 0  XYZ", "axis 90 0 0  XYY"),
    "no direction": SKELETON.replace("direction 0 1 0", "direction 0 0 0"),
    "a channel of translation": SKELETON.replace("dof ry rz", "dof ry tz"),
    "a channel twice": SKELETON.replace("dof ry rz", "dof ry ry"),
    "a bone twice": SKELETON.replace("name shin", "name thigh"),
    "a bone that hangs nowhere": SKELETON.replace("thigh shin\n", "thigh\n"),
    "a bone that hangs twice": SKELETON.replace("thigh shin\n", "thigh shin hip\n"),
    "bones in a circle": SKELETON.replace("root hip thigh", "root hip").replace(
        "thigh shin\n", "thigh shin\nshin thigh\n"
    ),
    "a root that hangs": SKELETON.replace("thigh shin\n", "thigh shin root\n"),
    "an unknown bone": SKELETON.replace("thigh shin\n", "thigh shin tail\n"),
}


@pytest.mark.parametrize("text", MALFORMED_SKELETONS.values(), ids=MALFORMED_SKELETONS)
def test_a_malformed_skeleton_is_dropped_by_name(tmp_path, text):
    path = tmp_path / "HDM_bd.asf"
    path.write_text(text)
    with pytest.raises(Dropped, match=r"HDM_bd\.asf: the skeleton (has no|is malformed)"):
        acclaim.read_skeleton(path)


MALFORMED_MOTIONS = {
    "empty": b"",
    "the header alone": MOTION[: MOTION.index(b"1\n")],
    "radians": MOTION.replace(b":DEGREES", b":RADIANS"),
    "cut in a line": MOTION[:-4],
    "cut at a line": MOTION[: MOTION.rindex(b"shin")],
    "a bone short": MOTION.replace(b"thigh 0\n", b"", 1),
    "a bone twice": MOTION.replace(b"thigh 0\n", b"thigh 0\nthigh 0\n", 1),
    "an unknown bone": MOTION.replace(b"thigh", b"tail"),
    "bones in another order": MOTION.replace(b"thigh 90\nshin 90 90\n", b"shin 90 90\nthigh 90\n"),
    "a frame twice": MOTION + MOTION[MOTION.index(b"2\n") :],
    "a frame left out": MOTION.replace(b"\n2\n", b"\n3\n"),
    "text for an angle": MOTION.replace(b"thigh 90", b"thigh up"),
    "not a number": MOTION.replace(b"thigh 90", b"thigh nan"),
    "infinite": MOTION.replace(b"thigh 90", b"thigh 1e999"),
    "absurd": MOTION.replace(b"thigh 90", b"thigh 1e30"),
    "kilometres away": MOTION.replace(b"root 0.9", b"root 9000"),
    "bytes": bytes(range(256)),
}


@pytest.mark.parametrize("motion", MALFORMED_MOTIONS.values(), ids=MALFORMED_MOTIONS)
def test_a_malformed_motion_is_dropped_with_a_reason(motion):
    with pytest.raises(Dropped, match=r"\w+ \w+"):
        ends(motion)


def test_more_frames_than_any_recording_are_dropped():
    frames = b"".join(b"%d\nroot 0 0 0 0 0 0\nthigh 0\nshin 0 0\n" % number for number in range(10_001))
    with pytest.raises(Dropped, match="10001 frames"):
        ends(b":DEGREES\n" + frames)


@pytest.mark.slow
@pytest.mark.parametrize("broken", ["skeleton", "motion"])
def test_broken_files_are_finite_or_dropped(broken):
    outcomes = {True: 0, False: 0}
    for mutant in mutants({"skeleton": SKELETON.encode(), "motion": MOTION}[broken], 2000):
        try:
            skeleton = acclaim.parse_skeleton(mutant if broken == "skeleton" else SKELETON.encode())
            result = acclaim.positions(
                skeleton, acclaim.parse_motion(mutant if broken == "motion" else MOTION, skeleton)
            )
        except Dropped:
            outcomes[False] += 1
        else:
            assert all(np.isfinite(end).all() for end in result.values())
            outcomes[True] += 1
    assert min(outcomes.values()) > 100
