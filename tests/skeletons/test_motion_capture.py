import io
import re
import warnings

import numpy as np
import pytest
from mutations import check_reader

from mans_keras.skeletons import own
from mans_keras.skeletons.formats import bvh, c3d_file, trc
from mans_keras.skeletons.sequence import Dropped

BVH = """HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT mixamorig:Spine
  {
    OFFSET 0 60 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 0 30 0
    }
  }
  JOINT LeftLeg
  {
    OFFSET 10 -90 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 0 0 10
    }
  }
}
MOTION
Frames: 3
Frame Time: 0.033
0 100 0 0 0 0 0 0 0 0 0 0
10 100 0 90 0 0 0 0 0 0 0 0
10 100 5 10 20 30 40 50 60 70 80 90
"""
TRC = """PathFileType\t4\t(X/Y/Z)\ta.trc
DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate
60\t60\t2\t2\tmm\t60
Frame#\tTime\tHead\t\t\tHip
\t\tX1\tY1\tZ1\tX2\tY2\tZ2

1\t0.0\t1000\t2000\t3000\t1\t2\t3
2\t0.1\t1100\t2000\t3000\t\t\t
"""


def read(text):
    return bvh.parse(text.encode())


def test_joints_and_end_sites_of_bvh_are_named_and_in_metres():
    result = read(BVH)
    assert result.names == ("Hips", "Spine", "SpineEnd", "LeftLeg", "LeftLegEnd")
    standing = [[0, 1, 0], [0, 1.6, 0], [0, 1.9, 0], [0.1, 0.1, 0], [0.1, 0.1, 0.1]]
    np.testing.assert_allclose(result.joints[0, 0], standing, atol=1e-12)
    lying = [[0.1, 1, 0], [-0.5, 1, 0], [-0.8, 1, 0], [1.0, 1.1, 0], [1.0, 1.1, 0.1]]  # turned by 90 degrees about z
    np.testing.assert_allclose(result.joints[1, 0], lying, atol=1e-12)


def test_rotations_of_bvh_are_about_the_joints_own_axes_in_the_order_of_the_channels():
    def about(axis, angle):
        c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        return np.roll(np.array([[1, 0, 0], [0, c, -s], [0, s, c]]), "xyz".index(axis), (0, 1))

    turn = about("z", 10) @ about("x", 20) @ about("y", 30)
    result = read(BVH).joints[2, 0]
    np.testing.assert_allclose(result[1] - result[0], turn @ [0, 0.6, 0], atol=1e-12)
    turn = turn @ about("z", 40) @ about("x", 50) @ about("y", 60)
    np.testing.assert_allclose(result[2] - result[1], turn @ [0, 0.3, 0], atol=1e-12)


def test_bones_of_bvh_keep_their_lengths():
    joints = read(BVH).joints[:, 0]
    for child, parent in ((1, 0), (2, 1), (3, 0), (4, 3)):
        assert np.ptp(np.linalg.norm(joints[:, child] - joints[:, parent], axis=1)) < 1e-12


@pytest.mark.parametrize("scale", [0.01, 10])
def test_the_unit_of_bvh_is_known_by_the_height(scale):
    def scaled(line):
        return "OFFSET " + " ".join(str(scale * float(number)) for number in line[1].split())

    text = re.sub(r"OFFSET (.*)", scaled, BVH)
    result, expected = read(text).joints[0, 0], read(BVH).joints[0, 0]
    np.testing.assert_allclose(result - result[0], expected - expected[0], atol=1e-12)


def test_another_unit_of_bvh_is_read_by_the_option(tmp_path):
    def in_cmus(line):
        return "OFFSET " + " ".join(str(float(number) / 5.6444) for number in line[1].split())

    (tmp_path / "a.bvh").write_text(re.sub(r"OFFSET (.*)", in_cmus, BVH))
    source = own.Source(tmp_path / "a.bvh", "a", 0)
    with pytest.raises(Dropped, match=r"31\.89 units tall.*--unit 0\.056444"):
        own.read(source, 1, 5)
    joints, expected = own.read(source, 1, 5, unit=0.056444).joints[0, 0], read(BVH).joints[0, 0]
    np.testing.assert_allclose(joints - joints[0], expected - expected[0], atol=1e-5)


@pytest.mark.parametrize("values", ["0 60 0", "0 0 0"])
def test_positions_of_bvh_are_in_place_of_the_offset_or_added_to_it(values):
    text = BVH.replace("OFFSET 0 60 0\n    CHANNELS 3", "OFFSET 0 60 0\n    CHANNELS 6 Xposition Yposition Zposition")
    lines = text.split("\n")
    for number in (-2, -3, -4):
        numbers = lines[number].split()
        lines[number] = " ".join([*numbers[:6], *values.split(), *numbers[6:]])
    np.testing.assert_allclose(read("\n".join(lines)).joints, read(BVH).joints, atol=1e-12)


BAD = {
    "no motion": (BVH.split("MOTION")[0], "a HIERARCHY and then a MOTION"),
    "a frame too few": (BVH.replace("Frames: 3", "Frames: 4"), "4 frames of 12 numbers are expected"),
    "a million million frames": (BVH.replace("Frames: 3", "Frames: 999999999"), "more than 10,000 frames"),
    "inches": (BVH.replace("60 0", "20 0").replace("-90", "-30").replace("0 30 0", "0 5 0"), "units tall or wide"),
    "text": (BVH.replace("0 100 0 0", "0 100 zero 0", 1), "text where a number"),
    "infinite": (BVH.replace("0 100 0 0", "0 inf 0 0", 1), "not finite"),
    "a negative number of channels": (BVH.replace("CHANNELS 3", "CHANNELS -5", 1), "CHANNELS -5, where"),
    "another channel": (BVH.replace("Zrotation Xrotation", "Zrotation Wrotation", 1), "where channels such as"),
    "two roots": (BVH.replace("JOINT LeftLeg", "ROOT LeftLeg"), "one tree"),
    "a joint twice": (BVH.replace("LeftLeg", "Hips"), "'Hips' is there twice"),
    "cut short": (BVH.replace("}\nMOTION", "MOTION"), "cut short"),
    "no offset": (BVH.replace("    OFFSET 10 -90 0\n", ""), "'LeftLeg' has no OFFSET"),
    "deep": ("HIERARCHY ROOT a " + "{ OFFSET 0 0 0 JOINT a " * 9_000 + "MOTION", "malformed|cut short"),
    "other positions": (BVH.replace("CHANNELS 3 Zr", "CHANNELS 3 Xposition Yposition Zposition Zr", 1), "where JOINT"),
}


@pytest.mark.parametrize(("text", "reason"), BAD.values(), ids=BAD)
def test_a_malformed_bvh_is_dropped_with_a_reason(text, reason):
    with pytest.raises(Dropped, match=reason):
        read(text)


def test_markers_of_trc_are_read_in_their_unit_and_may_be_missing():
    result = trc.parse(TRC.encode())
    assert result.names == ("Head", "Hip")
    np.testing.assert_allclose(result.joints[:, 0, 0], [[1, 2, 3], [1.1, 2, 3]])
    assert np.isnan(result.joints[1, 0, 1]).all() and not np.isnan(result.joints[0]).any()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("\t1000\t2000\t3000", "\t", "line 7 has 6 cells, .* a marker that is missing must leave three empty cells"),
        ("1\t2\t3\n2\t0.1\t1100\t2000\t3000\t\t\t", "1\t2\t3", "NumFrames in line 3 is 2, but the file has 1 row:"),
        ("mm", "furlongs", r"Units \(m, cm, mm, in, ft\)"),
        ("\t2\tmm", "\t3\tmm", "line 4 has 2 names of markers, where 3"),
        ("Hip", "Head", "different"),
        ("1100", "far", "line 8: text where a number"),
        ("2\t0.1", "1\t0.1", "line 8: frame 1 comes after 1"),
        ("\t1\t2\t3\n", "\t1\t2\t3\t4\n", "line 7 has more than x y z of 2 markers"),
    ],
)
def test_a_malformed_trc_is_dropped_with_a_reason(old, new, reason):
    with pytest.raises(Dropped, match=reason):
        trc.parse(TRC.replace(old, new).encode())


MARKERS = np.arange(1, 25).reshape(4, 2, 3) * 10.0  # (frames, markers, 3), millimetres


def c3d_bytes(unit="mm", labels=("Head", "Hip"), **groups):
    """A file with these points, the first two of which are `MARKERS`; groups: lists of labels such as ANGLES."""
    c3d = pytest.importorskip("c3d")
    writer = c3d.Writer(point_rate=60)
    points = np.zeros((4, len(labels), 5))
    points[:, :, :3] = MARKERS.repeat(len(labels) // 2 + 1, axis=1)[:, : len(labels)]
    points[:, :2, :3] = MARKERS
    points[1, 1, 3:] = -1  # not seen
    writer.add_frames([(frame, np.zeros((0, 1))) for frame in points])
    writer.set_point_labels(list(labels))
    for name, listed in groups.items():
        text, size = c3d.Writer.pack_labels(listed)
        writer.point_group.add_str(name, "", text, size, len(listed))
    writer.point_group.set_str("UNITS", "Units", unit, len(unit))
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # there are no analog data
        writer.write(file)
    return file.getvalue()


def test_markers_of_c3d_are_read_in_their_unit_and_may_be_missing():
    result = c3d_file.parse(c3d_bytes())
    assert result.names == ("Head", "Hip")
    expected = MARKERS / 1000
    expected[1, 1] = np.nan
    np.testing.assert_allclose(result.joints[:, 0], expected)


def test_a_c3d_file_that_can_not_be_read_is_dropped_with_a_reason():
    for content, reason in (
        (c3d_bytes("furlongs"), "its unit is 'furlongs'.*give it by --unit"),
        (c3d_bytes(labels=["*1", "*2"]), "no point is a marker"),
        (c3d_bytes()[:-512], "cut short: it has 0 of 4 frames"),
        (b"no", "not a .c3d file"),
    ):
        with pytest.raises(Dropped, match=reason):
            c3d_file.parse(content)


def test_angles_forces_and_points_without_a_label_are_no_markers():
    labels = ["Head", "Hip", "LKneeAngles", "LKneeMoment", "*12"]
    content = c3d_file.parse(c3d_bytes(labels=labels, ANGLES=["LKneeAngles"], MOMENTS=["LKneeMoment", "None"]))
    assert content.names == ("Head", "Hip")
    np.testing.assert_allclose(content.joints[0, 0], MARKERS[0] / 1000)
    assert content.notes() == ["left out: 3 points that are no markers: LKneeAngles, LKneeMoment, *12"]


def test_a_c3d_file_without_a_unit_is_read_in_that_of_the_option():
    assert c3d_file.parse(c3d_bytes("furlongs"), unit=0.01).joints[0, 0, 0, 0] == pytest.approx(0.1)
    assert c3d_file.parse(c3d_bytes("mm"), unit=0.01).joints[0, 0, 0, 0] == pytest.approx(0.01)


def test_a_subject_before_the_names_of_its_markers_is_left_out():
    assert c3d_file.parse(c3d_bytes(labels=["Bob:Head", "Bob:Hip"])).names == ("Head", "Hip")
    content = trc.parse(TRC.replace("Head", "Bob:Head").replace("Hip", "Bob:Hip").encode())
    assert content.names == ("Head", "Hip") and content.joints.shape == (2, 1, 2, 3)


def subject(name, markers=10):
    return [f"{name}:m{number}" for number in range(markers)]


def test_each_of_two_subjects_with_the_same_markers_is_a_body():
    content = c3d_file.parse(c3d_bytes(labels=subject("Bob") + subject("Eve")[::-1]))
    assert content.names == tuple(f"m{number}" for number in range(10)) and content.joints.shape == (4, 2, 10, 3)
    with pytest.raises(Dropped, match="Bob, Eve have different joints: export each subject"):
        c3d_file.parse(c3d_bytes(labels=subject("Bob") + subject("Eve", 11)))


def test_objects_next_to_a_person_are_left_out_and_without_a_person_they_are_one_body():
    content = c3d_file.parse(c3d_bytes(labels=[*subject("Wand", 5), "origin", *subject("Bob")]))
    assert content.names == tuple(f"m{number}" for number in range(10)) and content.joints.shape == (4, 1, 10, 3)
    assert content.left_out == ("Wand (5 joints)", "1 joint of no subject")
    assert c3d_file.parse(c3d_bytes(labels=["Bob:Head", "Eve:Hip"])).names == ("Bob:Head", "Eve:Hip")


def test_motion_capture_is_never_taken_for_places_in_the_image(tmp_path):
    names = "\t\t\t".join(f"m{number}" for number in range(12))
    numbers = "\t".join(f"0.{number + 10}" for number in range(36))
    lines = [TRC.split("\n")[0], "NumMarkers\tUnits", "12\tm", f"Frame#\tTime\t{names}", "", f"1\t0\t{numbers}"]
    (tmp_path / "a.trc").write_text("\n".join(lines))
    assert own.read(own.Source(tmp_path / "a.trc", "a", 0), 1, 12).joints.shape == (1, 1, 12, 3)


def test_the_root_of_bvh_may_be_at_the_origin_in_some_frames(tmp_path):
    (tmp_path / "a.bvh").write_text(BVH.replace("0 100 0 0", "0 0 0 0", 1))
    joints = own.read(own.Source(tmp_path / "a.bvh", "a", 0), 1, 5).joints
    np.testing.assert_allclose(joints[:, 0, 0], [[0, 0, 0], [0.1, 1, 0], [0.1, 1, 0.05]])


def test_without_the_package_the_message_says_what_to_install(imported_as):
    imported_as("c3d", None)
    with pytest.raises(Dropped, match="pip install c3d"):
        c3d_file.parse(b"")


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("suffix", "text", "joints"), [(".bvh", BVH, 5), (".trc", TRC, 2), (".c3d", None, 2)])
def test_1000_mutants_become_a_finite_sequence_or_a_reason(tmp_path, suffix, text, joints):
    original = text.encode() if text else c3d_bytes()
    source = own.Source(tmp_path / f"a{suffix}", "a", 0)
    check_reader(original, 1000, source.path, lambda: own.read(source, 1, joints))
