import numpy as np
import pytest
from mutations import check_reader
from test_named_bones import MOTIVE

from mans_keras.skeletons import joint_names, own
from mans_keras.skeletons.formats import by_suffix, optical
from mans_keras.skeletons.sequence import Dropped

TABLE = """Format Version,1.23,Take Name,wave,Capture Frame Rate,120.000000,Length Units,{unit},\
Coordinate Space,{space}

,Type,{kinds}
,Name,{names}
,ID,{kinds}
,Parent,{kinds}
,,{whats}
Frame,Time (Seconds),{axes}
0,0.000000,{first}
1,0.008333,{second}
"""
VICON = """Devices
1000
,,Force plate - Force
Frame,Sub Frame,Fx
,,N
1,0,3.5
1,1,3.5

Trajectories
100
,,Anna:LFHD,,,Anna:RFHD,,,*17,,,Anna:LFHD
Frame,Sub Frame,X,Y,Z,X,Y,Z,X,Y,Z,X'
,,mm,mm,mm,mm,mm,mm,mm,mm,mm,mm/s
7,0,1000,2000,300,1,2,3,9,9,9,5
8,0,1100,2000,300,,,,9,9,9,5

Model Outputs
100
"""
FIRST = np.array([[1, 2, 0.3], [0.001, 0.002, 0.003]])


def motive(columns, unit="Meters", space="Global"):
    """The bytes of Motive's table with columns (type, name, what, axis, first, second)."""
    kinds, names, whats, axes, first, second = (",".join(map(str, cells)) for cells in zip(*columns, strict=True))
    parts = {"kinds": kinds, "names": names, "whats": whats, "axes": axes, "first": first, "second": second}
    return TABLE.format(unit=unit, space=space, **parts).encode()


def place(kind, name, values=(0.25, 1, 2)):
    """The columns of a bone, a marker or a rigid body at these values, which is gone in the second frame."""
    return [(kind, name, "Position", axis, value, "") for axis, value in zip("XYZ", values, strict=True)]


def rotation(kind, name):
    return [(kind, name, "Rotation", axis, 0.5, 0.5) for axis in "XYZW"]


BONES = rotation("Bone", "Anna:Hip") + place("Bone", "Anna:Hip") + place("Bone", "Anna:Chest", (1, 2, 3))
MARKERS = place("Marker", "Anna:HeadTop", (7, 7, 7)) + place("Bone Marker", "Anna:HeadTop", (7, 7, 7))


def test_the_bones_of_motive_are_joints_and_rotations_and_markers_are_left_out():
    content = optical.parse(motive(MARKERS + BONES))
    assert content.names == ("Hip", "Chest")
    np.testing.assert_array_equal(content.joints[0, 0], [[0.25, 1, 2], [1, 2, 3]])
    assert np.isnan(content.joints[1]).all()
    assert "4 columns Bone Rotation" in content.left_out and "3 columns Marker Position" in content.left_out


def test_the_bones_of_a_skeleton_of_motive_orient_a_body():
    body = joint_names.body_of(MOTIVE)
    assert [MOTIVE[place] for place in (body.left_hip, body.right_hip, body.left_shoulder)] == [
        "LThigh",
        "RThigh",
        "LShoulder",
    ]


@pytest.mark.parametrize(("unit", "metres"), [("Meters", 1), ("Centimeters", 0.01), ("Millimeters", 0.001)])
def test_motive_names_its_unit(unit, metres):
    np.testing.assert_allclose(optical.parse(motive(BONES, unit)).joints[0, 0, 1], np.multiply(metres, [1, 2, 3]))


def test_without_bones_labelled_markers_are_joints_and_without_these_rigid_bodies():
    rigid = rotation("Rigid Body", "Foot") + place("Rigid Body", "Foot") + place("Rigid Body Marker", "Foot:Marker1")
    unlabelled = place("Marker", "Unlabeled:17")
    assert optical.parse(motive(rigid + unlabelled)).names == ("Foot",)
    assert optical.parse(motive(rigid + MARKERS + unlabelled)).names == ("HeadTop",)


def person(name, joints):
    return [column for number in joints for column in place("Bone", f"{name}:b{number}", (len(name), number, 0))]


def test_two_subjects_with_the_same_joints_are_two_bodies_whatever_their_order():
    content = optical.parse(motive(person("Anna", range(10)) + person("Benedict", reversed(range(10)))))
    assert content.names == tuple(f"b{number}" for number in range(10))
    for body, length in enumerate((4, 8)):
        np.testing.assert_array_equal(content.joints[0, body], [[length, number, 0] for number in range(10)])
    with pytest.raises(Dropped, match="Anna, Ben have different joints: export each subject"):
        optical.parse(motive(person("Anna", range(10)) + person("Ben", range(11))))


def test_a_wand_next_to_a_person_is_left_out_and_reported():
    content = optical.parse(motive(person("Wand", range(5)) + person("Anna", range(10))))
    assert content.names == tuple(f"b{number}" for number in range(10)) and content.joints.shape == (2, 1, 10, 3)
    np.testing.assert_array_equal(content.joints[0, 0, 3], [4, 3, 0])
    assert "Wand (5 joints)" in content.left_out


@pytest.mark.parametrize(
    "change", [lambda text: text.encode("utf-16"), lambda text: f'"{text[:14]}"{text[14:]}'.encode()]
)
def test_motives_table_is_known_in_utf16_and_with_quotes(change):
    content = change(motive(BONES).decode())
    assert optical.is_like(content)
    np.testing.assert_array_equal(optical.parse(content).joints, optical.parse(motive(BONES)).joints)


def test_small_rigid_bodies_with_the_same_markers_are_no_people():
    feet = [column for side in ("Left", "Right") for column in place("Marker", f"{side}:Marker1")]
    content = optical.parse(motive(feet))
    assert content.names == ("Left:Marker1", "Right:Marker1") and content.joints.shape[1] == 1


def test_the_trajectories_of_vicon_are_read_without_the_subject_and_unlabelled_markers():
    content = optical.parse(VICON.encode())
    assert content.names == ("LFHD", "RFHD")
    np.testing.assert_allclose(content.joints[0, 0], FIRST)
    np.testing.assert_allclose(content.joints[1, 0, 0], [1.1, 2, 0.3])
    assert np.isnan(content.joints[1, 0, 1]).all()
    assert "3 columns *17" in content.left_out


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[text.index("Trajectories") :],
        lambda text: "\n\n" + text[text.index("Trajectories") : text.index("Model")],
        lambda text: text.replace("\n", "\r\n"),
    ],
)
def test_vicon_may_write_fewer_sections_and_other_line_ends(tmp_path, change):
    (tmp_path / "a.csv").write_bytes(change(VICON).encode())
    np.testing.assert_allclose(by_suffix.parsed(tmp_path / "a.csv").joints[0, 0], FIRST)


BAD = {
    "another unit": (motive(BONES, "Feet"), "Length Units is 'Feet': export it with its header, in Meters"),
    "no unit": (motive(BONES, ""), "no Length Units is named"),
    "local bones": (motive(BONES, space="Local"), "export it with Coordinate Space Global"),
    "no types": (motive(BONES).replace(b",Type,", b",Kind,"), "the rows Type and Name above"),
    "no frames": (motive(BONES)[:200], "no row that begins with Frame"),
    "only unlabelled": (motive(place("Marker", "Unlabeled:1")), "label them, and export again"),
    "no Z": (motive(BONES[:-1]), "lacks X, Y or Z of Anna:Chest"),
    "X twice": (motive([*BONES, BONES[-3]]), "X of 'Anna:Chest' twice"),
    "a word": (motive(BONES).replace(b"1,2,3", b"1,two,3"), "line 9, column 11: 'two' where a number"),
    "a frame twice": (motive(BONES).replace(b"\n1,0.008", b"\n0,0.008"), "line 10: frame 0 comes after 0"),
    "cut short": (motive(BONES)[:-12], "line 10 has 5 cells, where 12 or more"),
    "fewer frames": (
        motive(BONES).replace(b"Length Units", b"Total Exported Frames,30,Length Units"),
        "Total Exported Frames is 30, but the file has 2 frames",
    ),
    "no trajectories": (VICON.replace("Trajectories", "Joints").encode(), "export the trajectories"),
    "feet": (VICON.replace("mm,", "ft,").encode(), "its units are ft"),
    "two units": (VICON.replace("mm,", "m,", 1).encode(), "its units are m, mm"),
    "semicolons": (VICON.replace(",", ";").encode(), "separated by commas"),
    "no header": (VICON.replace("Sub Frame", "").replace("Frame,", "").encode(), "rows with the rate"),
}


@pytest.mark.parametrize(("content", "reason"), BAD.values(), ids=BAD)
def test_a_malformed_table_is_dropped_with_a_reason(content, reason):
    with pytest.raises(Dropped, match=reason):
        optical.parse(content)


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("original", [VICON.encode(), motive(BONES)], ids=["Vicon", "Motive"])
def test_1000_mutants_become_a_finite_sequence_or_a_reason(tmp_path, original):
    source = own.Source(tmp_path / "a.csv", "a", 0)
    check_reader(original, 1000, source.path, lambda: own.read(source, 1, 2))
