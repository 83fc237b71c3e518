import numpy as np
import pytest
from helpers import standing_body
from mutations import mutants

from mans_keras.skeletons.bounds import in_metres
from mans_keras.skeletons.formats.csv_file import parse
from mans_keras.skeletons.joint_names import arranged
from mans_keras.skeletons.sequence import Dropped

BODY = standing_body(4)[:, :3].round(4)
NAMES = ("Hip", "KneeLeft", "Head")


def table(form="{name}_{axis}", before=(), after=(), delimiter=",", each=()):
    """A table of `BODY`: columns (name, values) before and after the joints, names in `each` after the z of a joint."""
    header = [name for name, _ in before]
    for name in NAMES:
        header += [form.format(name=name, axis=axis) for axis in "xyz"] + [f"{name}_{more}" for more in each]
    lines = [delimiter.join([*header, *(name for name, _ in after)])]
    for number, frame in enumerate(BODY):
        cells = [values[number] for _, values in before]
        for joint in frame:
            cells += [*joint, *(0.9 for _ in each)]
        lines.append(delimiter.join(map(str, [*cells, *(values[number] for _, values in after)])))
    return "\n".join(lines) + "\n"


FRAMES = ("frame", range(4))
FORMS = {
    "a frame and a time": (table(before=[FRAMES, ("timestamp", [0, 0.03, 0.03, 0.1])]), ("frame", "timestamp")),
    "a time of day": (table(before=[("time", ["10:00:01", "10:00:02", "10:00:02", "10:00:03"])]), None),
    "a label before": (table(before=[("class", ["wave"] * 4)]), ("class",)),
    "a label after": (table(after=[("label", ["wave"] * 4)]), ("label",)),
    "a visibility": (table(each=["visibility"]), ("3 columns such as Hip_visibility",)),
    "a rotation": (table(each=["qx", "qy", "qz", "qw"]), None),
    "angles": (table(each=["rx", "ry", "rz"]), None),
    "places in the image": (table(each=["color_x", "color_y", "depth_x", "depth_y"]), None),
    "a name that ends in x": (table(before=[("index", range(4))]), ("index",)),
    "positions": (table("{name}_position_{axis}"), ()),
    "camera space": (table("{name}.Camera{axis}"), ()),
    "another tracker ID": (table(before=[FRAMES, ("trackingId", [1, 1, 2, 2])]), ("frame",)),
}


@pytest.mark.parametrize(("text", "left_out"), FORMS.values(), ids=FORMS)
def test_columns_that_are_no_coordinates_are_left_out_and_named(text, left_out):
    result = parse(text.encode())
    np.testing.assert_array_equal(result.joints[:, 0], BODY)
    assert result.names == NAMES and (left_out is None or result.left_out == left_out)


def test_a_label_that_changes_is_reported_with_the_number_of_its_texts():
    result = parse(table(after=[("label", ["wave", "wave", "clap", "walk"])]).encode())
    assert result.left_out == ("label (3 different texts)",)


def test_numbered_joints_may_have_a_visibility_and_a_class():
    header = "class," + ",".join(f"{column}{number}" for number in (1, 2, 3) for column in "xyzv")
    rows = [",".join(["wave", *(str(value) for joint in frame for value in (*joint, 0.9))]) for frame in BODY]
    content = parse("\n".join([header, *rows]).encode())
    np.testing.assert_array_equal(content.joints[:, 0], BODY)
    assert content.left_out == ("class", "3 columns such as v1")


def test_axes_are_read_by_name_in_any_order():
    np.testing.assert_array_equal(parse(b"a_x,a_z,a_y\n1,3,2\n").joints.ravel(), [1, 2, 3])


def test_right_and_left_are_no_rotations():
    assert parse(b"hand_rx,hand_ry,hand_rz,hand_lx,hand_ly,hand_lz\n1,2,3,4,5,6\n").names == ("hand_r", "hand_l")


ENCODED = {
    "decimal commas": table(delimiter=";").replace(".", ",").encode(),
    "decimal commas between tabs": table(delimiter="\t").replace(".", ",").encode(),
    "UTF-16": table().encode("utf-16"),
    "UTF-16, big end first": "\ufeff".encode("utf-16-be") + table().encode("utf-16-be"),
    "a byte order mark": table().encode("utf-8-sig"),
    "empty cells at the end": table().replace("\n", ",,\n").replace("Head_z,,", "Head_z").encode(),
}


@pytest.mark.parametrize("content", ENCODED.values(), ids=ENCODED)
def test_what_spreadsheets_write_is_read(content):
    np.testing.assert_array_equal(parse(content).joints[:, 0], BODY)


def long(order=range(12), header="frame,joint,x,y,z", joints=NAMES):
    rows = [f"{frame},{joint},{x},{y},{z}" for frame in range(4) for joint, (x, y, z) in zip(joints, BODY[frame])]  # noqa: B905
    return "\n".join([header, *(rows[number] for number in order)]).encode()


def test_a_row_a_joint_is_read_by_its_frame_and_joint():
    result = parse(long())
    np.testing.assert_array_equal(result.joints[:, 0], BODY)
    assert result.names == NAMES


def test_numbered_joints_of_a_row_a_joint_go_by_their_numbers():
    content = arranged(parse(long([1, 0, 2, *range(3, 12)], joints=("0", "2", "10"))), ())
    np.testing.assert_array_equal(content.joints[:, 0], BODY)
    assert content.names == ("0", "2", "10")


def test_numbered_joints_of_a_row_a_frame_go_by_their_numbers():
    header = ",".join(f"{axis}{number}" for number in (2, 10, 1) for axis in "xyz")
    content = arranged(parse(f"{header}\n2,2,2,10,10,10,1,1,1\n".encode()), ())
    assert content.joints[0, 0, :, 0].tolist() == [1, 2, 10] and content.names == ("1", "2", "10")


def test_a_joint_without_a_row_is_missing():
    missing = np.isnan(parse(long([0, 1, 2, 3, 5, *range(6, 12)])).joints).all(axis=-1)[:, 0]
    np.testing.assert_array_equal(np.argwhere(missing), [[1, 1]])


def test_an_empty_row_is_a_frame_without_a_body():
    head, *lines = table().splitlines()
    content = parse("\n".join([head, lines[0], "," * 8, ",,", lines[1], "," * 8, ""]).encode())
    np.testing.assert_array_equal(content.joints[[0, 3], 0], BODY[:2])
    assert len(content.joints) == 4 and np.isnan(content.joints[1:3]).all()
    assert content.left_out == ("empty rows at the end",)


def test_an_empty_row_of_a_table_that_numbers_its_frames_is_none():
    head, *lines = table(before=[FRAMES]).splitlines()
    content = parse("\n".join([",,", head, lines[0], "," * 9, *lines[1:]]).encode())
    np.testing.assert_array_equal(content.joints[:, 0], BODY)


SEVERAL_PLACES = {
    "the image before the world": (("", "_world"), "3 columns such as Hip_x"),
    "the world before the image": (("_world", ""), "3 columns such as Hip_x"),
    "camera space and the world": (("_camera", "_world"), "_camera_"),
    "raw places": (("_raw", ""), "_raw_"),
    "deviations": (("_std", ""), "_std_"),
    "velocities": (("", "-Velo"), "-Velo_"),
}


@pytest.mark.parametrize(("kinds", "left_out"), SEVERAL_PLACES.values(), ids=SEVERAL_PLACES)
def test_of_several_places_of_a_joint_the_best_is_read_whatever_their_order(kinds, left_out):
    best = next(kind for kind in ("_world", "") if kind in kinds)
    header = [f"{name}{kind}_{axis}" for kind in kinds for name in NAMES for axis in "xyz"]
    cells = [np.concatenate([(body if kind == best else body * 0 + 0.5).ravel() for kind in kinds]) for body in BODY]
    content = parse("\n".join([",".join(header), *(",".join(map(str, row)) for row in cells)]).encode())
    np.testing.assert_array_equal(content.joints[:, 0], BODY)
    assert content.names == NAMES and any(left_out.strip("_-") in part for part in content.left_out)


def test_accelerations_a_camera_and_a_box_are_no_joints():
    head = [f"{name}_{axis}" for name in NAMES for axis in ("x", "y", "z", "ax", "ay", "az", "wx", "wy", "wz")]
    head = ["bbox_x", "bbox_y", "bbox_w", "bbox_h", "camera_x", "camera_y", "camera_z", *head]
    lines = [",".join(["7"] * 7 + [",".join([*map(str, joint), *"123456"]) for joint in body]) for body in BODY]
    content = parse("\n".join([",".join(head), *lines]).encode())
    np.testing.assert_array_equal(content.joints[:, 0], BODY)


def test_a_row_a_joint_has_places_in_the_world_next_to_those_in_the_image():
    text = "frame,joint,x,y,z,world_x,world_y,world_z\n0,a,.5,.5,0,1,2,3\n0,b,.5,.5,0,4,5,6\n"
    assert parse(text.encode()).joints.ravel().tolist() == [1, 2, 3, 4, 5, 6]


def of_subjects(*subjects):
    """One row of a table whose joints are named after subjects, as `Bob:hip`."""
    joints = [f"{subject}:{joint}" for subject in subjects for joint in ("hip", "knee", "foot", "neck", "head")]
    return ",".join(f"{joint}_{axis}" for joint in joints for axis in "xyz") + "\n" + ",".join("1" * 3 * len(joints))


@pytest.mark.parametrize("subjects", [("Anna",), ("left", "Right"), ("LHand", "RHand"), ("Left hand", "Right hand")])
def test_a_colon_does_not_always_mean_several_people(subjects):
    assert parse(of_subjects(*subjects).encode()).joints.shape == (1, 1, 5 * len(subjects), 3)


BAD = {
    "two people in columns": ("p1_a_x,p1_a_y,p1_a_z,p2_a_x,p2_a_y,p2_a_z\n1,2,3,1,2,3\n", "to be of several people"),
    "two subjects": (of_subjects("Anna", "Bob"), "'Anna:hip_x', 'Bob:hip_x' seem to be of several people"),
    "people behind the joint": ("a_P1_x,a_P1_y,a_P1_z,a_P2_x,a_P2_y,a_P2_z\n1,2,3,1,2,3\n", "to be of several people"),
    "two places of a joint": ("a_x,a_y,a_z,a_pos_x,a_pos_y,a_pos_z\n1,2,3,1,2,3\n", "several places of one joint"),
    "the world of some joints": (
        "a_x,a_y,a_z,a_world_x,a_world_y,a_world_z,b_x,b_y,b_z\n1,2,3,1,2,3,1,2,3\n",
        "some joints have columns such as 'a_world_x' and others only such as 'b_x'",
    ),
    "an id in place of a joint": (
        "frame,id,x,y,z\n0,0,1,2,3\n0,1,1,2,3\n",
        "the name joint to the column that says which one, perhaps 'id'",
    ),
    "thousands with commas": ('a_x,a_y,a_z\n"1,234",950,"-2,000"\n', "line 2, column 1: '1,234', next to numbers such"),
    "thousands with points": (
        "a_x;a_y;a_z\n7;8;9\n1.234;950;2.000\n",
        "line 3, column 1: '1.234', next to numbers such",
    ),
    "frame, time and label without a header": (
        "\n".join(
            f"{n},{n / 30:.4f},1,{x},{x / 2},{1 - x},0,{x},1" for n, x in enumerate(np.sin(np.arange(9)).round(4))
        ),
        "column 1 grows evenly from row to row",
    ),
    "a rotation": ("a_x,a_y,a_z,a_w\n1,2,3,1\n", "'a_x', 'a_y', 'a_z', 'a_w': are they a rotation"),
    "a joint twice": (
        "a_x,a_y,a_z,a_x,a_y,a_z\n1,2,3,1,2,3\n",
        "for the joint 'a': x, y and z of each joint, each once",
    ),
    "a joint without z": ("a_x,a_y,a_z,b_x,b_y\n1,2,3,1,2\n", "only 'b_x', 'b_y' for the joint 'b'"),
    "columns without joint and z": ("x,y\n1,2\n", "only 'x', 'y': x, y and z"),
    "only rotations": ("a_qx,a_qy,a_qz\n0,0,0\n", "names no joint"),
    "frames out of order": (table(before=[("frame", [0, 1, 10, 2])]), "line 5: frame 2 comes after 10"),
    "two rows a frame": (table(before=[("frame", [0, 0, 1, 1])]), "line 3: frame 0 is there twice: each row must"),
    "two bodies": (table(before=[("person", [1, 2, 1, 2])]), "'person' has several values"),
    "one joint a row": ("x,y,z\n" + "1,2,3\n" * 50, "does each row hold one joint"),
    "one joint a row, no header": ("1,2,3\n" * 50, "does each row hold one joint"),
    "a joint twice in a frame": (long([0, 1, 1, 2]).decode(), "line 4: the joint 'KneeLeft' is there twice in frame 0"),
    "long, out of order": (long([0, 1, 2, 6, 7, 8, 3]).decode(), "line 8: frame 1 comes after 2: sort the rows"),
    "long, a frame of text": ("frame,joint,x,y,z\none,a,1,2,3\n2,a,1,2,3\n", "'frame' does not say to which frame"),
    "a comma and a point": ("a_x;a_y;a_z\n0,5;1.5;2\n", r"with a comma \(line 2, column 1: '0,5'\) and with a point"),
    "thousands": ('a_x,a_y,a_z\n"1,234.5",1,2\n', "line 2, column 1: '1,234.5' where a number"),
    "text": ("a_x,a_y,a_z\n1,?,2\n", "line 2, column 2: '\\?' where a number such as 0.5"),
    "many columns": (",".join(f"j{n}_x,j{n}_y,j{n}_z" for n in range(7_000)) + "\n", "more than 20,000 cells"),
    "many rows": ("frame,joint,x,y,z\n" + "0,a,1,2,3\n" * 400_000, "more than"),
    "many joints": ("frame,joint,x,y,z\n" + "".join(f"{n},j{n},1,2,3\n" for n in range(9_000)), "more than"),
}


@pytest.mark.parametrize(("text", "reason"), BAD.values(), ids=BAD)
def test_a_table_in_doubt_is_dropped_with_a_reason(text, reason):
    with pytest.raises(Dropped, match=reason):
        parse(text.encode())


def test_a_picture_named_csv_is_dropped_as_no_text():
    with pytest.raises(Dropped, match="the file is not text"):
        parse(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")


def test_one_joint_a_row_is_read_if_there_is_only_one():
    assert parse(b"frame,x,y,z\n0,1,2,3\n1,1,2,3\n", joints=1).joints.shape == (2, 1, 1, 3)


FUZZED = {
    "wide": table(before=[FRAMES], each=["visibility"], after=[("label", ["a b"] * 4)]).encode(),
    "commas": table(delimiter=" ; ").replace(".", ",").encode(),
    "long": long().replace(b",", b" , "),
}


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("original", FUZZED.values(), ids=FUZZED)
def test_2000_mutants_become_joints_or_a_reason(original):
    outcomes = {"joints": 0, "dropped": 0}
    for mutant in mutants(original, 2000):
        try:
            assert in_metres(parse(mutant).joints).shape[3] == 3
            outcomes["joints"] += 1
        except Dropped as dropped:
            assert str(dropped)
            outcomes["dropped"] += 1
    assert min(outcomes.values()) > 10


@pytest.mark.parametrize(
    "others", ["hip_dx,hip_dy,hip_dz", "gaze_x,gaze_y,gaze_z", "hip_direction_x,hip_direction_y,hip_direction_z"]
)
def test_velocities_and_directions_are_no_joints_and_are_left_out(others):
    content = parse(f"hip_x,hip_y,hip_z,{others},head_x,head_y,head_z\n1,2,3,9,9,9,4,5,6\n".encode())
    assert content.names == ("hip", "head") and content.left_out
    assert content.joints.tolist() == [[[[1, 2, 3], [4, 5, 6]]]]
