import numpy as np
import pytest
from helpers import joints_lines, standing_body
from mutations import check_reader

from mans_keras.skeletons import own, recording
from mans_keras.skeletons.formats import by_suffix, text_file
from mans_keras.skeletons.sequence import KINECT_1_NAMES, Dropped

BODY = standing_body(4)  # (frames, 20, 3), metres, y up
KINECT_15 = [3, 2, 8, 9, 11, 4, 5, 7, 1, 16, 17, 19, 12, 13, 15]  # KARD's joints in Kinect v1's order
SMALL = BODY[:, KINECT_15]
BESIDE = SMALL + np.array([1.2, 0, 0.3])


def lines(rows, between=" "):
    return "\n".join(between.join(f"{value:.7g}" for value in row) for row in rows) + "\n"


def kard(bodies=SMALL):
    return lines(1000 * bodies.reshape(-1, 3))


def msr_action(bodies=BODY):
    return lines(np.insert(bodies.reshape(-1, 3), 3, 0.9, axis=1))


def msr_daily(frames=BODY[:, None]):
    """frames: for each frame its bodies."""
    text = f"{len(frames)} 20\n"
    for bodies in frames:
        text += f"{40 * len(bodies)}\n"
        for joint in np.reshape(bodies, (-1, 3)):
            text += lines([[*joint, 1], [0.4, 0.6, 2400, 1]])
    return text


def sbu(one=SMALL, other=BESIDE):
    both = np.concatenate([one, other], axis=1)
    shares = (np.array([1.28, 0.96, 0]) - both) / [2.56, 1.92, -1.28]
    return lines([[number, *row] for number, row in enumerate(shares.reshape(len(one), -1), 566)], ",")


def cad(bodies=SMALL):
    rows = []
    for number, body in enumerate(1000 * bodies, 1):
        row = [number]
        for place, joint in enumerate(body):
            row += [*(np.eye(3).ravel() if place < 11 else ()), *([1] if place < 11 else []), *joint, 1]
        rows.append(row)
    return lines(rows, ",").replace("\n", ",\n") + "END\n"


@pytest.fixture
def read(tmp_path):
    def read(text, name="a.txt", joints=None):
        (tmp_path / name).write_text(text)
        return by_suffix.parsed(tmp_path / name, joints)

    return read


SETS = {
    "KARD": (kard, "a01_s02_e03_realworld.txt", None, SMALL, text_file.KARD),
    "MSR Action3D": (msr_action, "a01_s02_e03_skeleton3D.txt", None, BODY, text_file.MSR),
    "MSR Action3D, any name": (msr_action, "a.txt", 20, BODY, ()),
    "MSRDailyActivity3D": (msr_daily, "a01_s01_e01_skeleton.txt", None, BODY, ()),
    "CAD-60": (cad, "0510160858.txt", None, SMALL, text_file.CAD),
    "x y z of a joint a row": (lambda: lines(BODY.reshape(-1, 3)), "a.txt", 20, BODY, ()),
    "np.savetxt": (lambda: lines(BODY.reshape(4, -1)), "a.txt", 20, BODY, ()),
    "UT-Kinect": (lambda: "\n".join(joints_lines(BODY, range(4))), "a.txt", None, BODY, KINECT_1_NAMES),
}


@pytest.mark.parametrize(("text", "name", "joints", "body", "names"), SETS.values(), ids=SETS)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_layout_is_read_in_metres(read, text, name, joints, body, names, end):
    content = read(text().replace("\n", end), name, joints)
    np.testing.assert_allclose(content.joints[:, 0], body, atol=1e-5)
    assert content.names == names


def test_the_two_people_of_sbu_are_in_metres_by_the_formula_of_its_owners(read):
    content = read(sbu(), "skeleton_pos.txt")
    assert content.names == text_file.SBU
    np.testing.assert_allclose(content.joints[:, 0], SMALL, atol=1e-5)
    np.testing.assert_allclose(content.joints[:, 1], BESIDE, atol=1e-5)


def test_msr_daily_has_frames_of_nobody_and_of_two_people(read):
    content = read(msr_daily([BODY[:1], [], [BODY[2], BODY[2] + [1.5, 0, 0]], BODY[3:]]))
    seen = np.isfinite(content.joints).all(axis=(2, 3))
    np.testing.assert_array_equal(seen, [[True, False], [False, False], [True, True], [True, False]])
    np.testing.assert_allclose(content.joints[2, 1], BODY[2] + [1.5, 0, 0], atol=1e-5)


def test_predict_reads_a_text_file_with_the_joints_of_its_model(tmp_path):
    (tmp_path / "a.txt").write_text(msr_action())
    np.testing.assert_allclose(recording.read(tmp_path / "a.txt", 20).joints[:, 0], BODY, atol=1e-5)


def test_the_joints_of_msr_action3d_are_brought_into_the_order_of_the_model(tmp_path):
    order = "8 4 2 1 16 12 0 9 5 10 6 11 7 17 13 18 14 19 15 3"  # right shoulder, left shoulder, ... in Kinect v1's
    (tmp_path / "a12_s01_e01_skeleton3D.txt").write_text(msr_action(BODY[:, [int(joint) for joint in order.split()]]))
    content = recording.read(tmp_path / "a12_s01_e01_skeleton3D.txt", 20, names=KINECT_1_NAMES)
    np.testing.assert_allclose(content.joints[:, 0], BODY, atol=1e-5)


def test_notes_next_to_recordings_are_no_recordings(tmp_path):
    for folder in ("kick", "wave"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_text(lines(SMALL.reshape(4, -1)))
    (tmp_path / "wave/readme.txt").write_text("Recorded in 2019")
    (tmp_path / "about").mkdir()
    (tmp_path / "about/licence.txt").write_text("Free")
    classes, sources, left_out = own.find(tmp_path)
    assert classes == ("kick", "wave") and len(sources) == 2 and left_out == ["about", "wave/readme.txt"]


def test_a_text_file_in_utf_16_is_read(tmp_path):
    (tmp_path / "a.txt").write_text(lines(BODY.reshape(4, -1)), encoding="utf-16")
    assert text_file.is_like(tmp_path / "a.txt")
    np.testing.assert_allclose(by_suffix.parsed(tmp_path / "a.txt", 20).joints[:, 0], BODY, atol=1e-5)


BAD = {
    "no byte": ("", None, "the file is empty"),
    "blank lines": (" \n\n", None, "the file is empty"),
    "a joint a row": (lines(BODY.reshape(-1, 3)), None, "how many joints has a frame.* --joints 20"),
    "another number of joints": (lines(BODY.reshape(-1, 3)), 19, "80 rows of one joint each, .* no multiple of 19"),
    "u v and a depth": (lines(np.tile([300, 200, 2400, 1], (80, 1))), 20, "MSRAction3DSkeletonReal3D"),
    "millimetres": (kard(), 15, "if they are millimetres, say --unit mm"),
    "a fourth coordinate": (lines(np.insert(BODY.reshape(-1, 3), 3, -7, axis=1)), 20, "no confidence from 0 to 1"),
    "a frame too few": (msr_daily().replace("4 20", "5 20", 1), None, "frame 4 of 5 is not there"),
    "a frame too many": (msr_daily().replace("4 20", "3 20", 1), None, "161 numbers are left after its 3 frames"),
    "another number of rows": (msr_daily().replace("\n40\n", "\n39\n", 1), None, "has not 0, 40 or 80 rows"),
    "no places in the image": (
        msr_daily().replace("0.4", "44"),
        None,
        "each second row should be a place in the image",
    ),
    "one number": ("7\n", None, "it begins with other numbers"),
    "30 joints with a frame": (
        lines([[number, *SMALL[number].ravel(), *SMALL[number].ravel()] for number in range(4)], ","),
        None,
        "not as SBU Kinect Interaction has them.* save it as .csv with a header",
    ),
    "171 other numbers": (lines(np.full((2, 171), 7), ","), None, "not as CAD-60 has them"),
    "a frame twice": (sbu().replace("567,", "566,", 1), None, "row 2: frame 566 comes after 566"),
    "a ragged row": ("1 2 3\n1 2\n", None, "its row 2 has 2 numbers, where the first has 3"),
    "decimal commas": ("0,5 1,5 2,5\n" * 4, None, "with a decimal point"),
    "a word": ("1 2 3\n1 2 three\n", None, "text where a number is expected .*three"),
    "a header": ("x y z\n1 2 3\n", None, "it does not begin with a number: a table with a header must be a .csv file"),
    "an even number of bare numbers": (lines(BODY.reshape(4, -1)), None, "x y z of 20 joints, or x y of 30"),
    "infinite": ("inf 0 0 0 0 0 0 0 0\n1 0 0 0 0 0 0 0 0\n".replace("inf", "1e999"), None, "infinite or beyond"),
}


@pytest.mark.parametrize(("text", "joints", "reason"), BAD.values(), ids=BAD)
def test_another_layout_is_dropped_with_what_to_do(read, text, joints, reason):
    with pytest.raises(Dropped, match=reason):
        read(text, "a.txt", joints)


def test_places_of_kard_in_the_image_are_dropped(read):
    with pytest.raises(Dropped, match=r"take the file whose name ends in _realworld\.txt"):
        read(kard(), "a01_s02_e03_screen.txt")


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("text", "name", "joints"),
    [
        (kard, "a01_s01_e01_realworld.txt", 15),
        (msr_action, "a.txt", 20),
        (msr_daily, "a.txt", 20),
        (sbu, "a.txt", 15),
        (cad, "a.txt", 15),
    ],
)
def test_1000_mutants_become_a_finite_sequence_or_a_reason(tmp_path, text, name, joints):
    source = own.Source(tmp_path / name, "a", 0)
    check_reader(text().encode(), 1000, source.path, lambda: own.read(source, 2, joints))
