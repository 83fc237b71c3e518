import io
import json
import zipfile

import numpy as np
import pytest
from helpers import standing_body
from mutations import mutants

from mans_keras.skeletons import own
from mans_keras.skeletons.formats.by_suffix import PARSERS, parsed
from mans_keras.skeletons.sequence import Dropped

BODY = standing_body(4)[:, :5]
FLAT = BODY.reshape(4, -1)


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npz(**arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def table(rows, header=None, delimiter=","):
    lines = [header] if header else []
    lines += [delimiter.join(map(str, row)) for row in rows]
    return ("\n".join(lines) + "\n").encode()


def columns(form, joints=5):
    return [form.format(joint=joint, axis=axis) for joint in range(joints) for axis in "xyz"]


def frames(form, bodies=BODY):
    return json.dumps([form(body) for body in bodies.tolist()]).encode()


def named(body, **more):
    return [dict(zip("xyz", joint, strict=True), **more) for joint in body]


@pytest.fixture
def read(tmp_path):
    def read(kind, content, joints=None):
        path = tmp_path / f"one{kind}"
        path.write_bytes(content)
        return parsed(path, joints).joints

    return read


ONE_BODY = {
    "array": (".npy", npy(BODY)),
    "with a body axis": (".npy", npy(BODY[:, None])),
    "in Fortran order": (".npy", npy(np.asfortranarray(BODY))),
    "the only array": (".npz", npz(anything=BODY)),
    "the one named joints": (".npz", npz(joints=BODY, labels=np.arange(3))),
    "an odd number of joints": (".csv", table(FLAT)),
    "semicolons": (".csv", table(FLAT, delimiter=";")),
    "tabs": (".csv", table(FLAT, delimiter="\t")),
    "header": (".csv", table(FLAT, ",".join(columns("joint{joint}_{axis}")))),
    "header with a frame": (
        ".csv",
        table([[n, *row] for n, row in enumerate(FLAT)], ",".join(["frame", *columns("{joint} {axis}")])),
    ),
    "header of numbered axes": (".csv", table(FLAT, ",".join(columns("{axis}{joint}")).upper())),
    "a byte order mark and CRLF": (".csv", b"\xef\xbb\xbf" + table(FLAT).replace(b"\n", b"\r\n")),
    "lines that end in CR": (".csv", table(FLAT).replace(b"\n", b"\r")),
    "lists": (".json", frames(lambda body: body)),
    "flat lists": (".json", frames(lambda body: [value for joint in body for value in joint])),
    "keypoints": (".json", frames(lambda body: {"keypoints": body, "score": 0.5})),
    "joints of a body list": (".json", frames(lambda body: {"bodies": [{"joints": body}]})),
    "under frames": (".json", b'{"fps": 30, "frames": ' + frames(lambda body: {"landmarks": named(body)}) + b"}"),
    "numbered columns": (".csv", table(FLAT, ",".join(map(str, range(15))))),
    "numbered columns and rows": (
        ".csv",
        table([[row, *values] for row, values in enumerate(FLAT)], "," + ",".join(map(str, range(15)))),
    ),
    "world before image landmarks": (
        ".json",
        frames(lambda body: {"pose_landmarks": [], "pose_world_landmarks": named(body, visibility=0.9)}),
    ),
    "a list of poses": (".json", frames(lambda body: [{"keypoints": [], "keypoints3D": named(body, score=0.9)}])),
}


@pytest.mark.parametrize(("kind", "content"), ONE_BODY.values(), ids=ONE_BODY)
def test_every_form_is_read(read, kind, content):
    np.testing.assert_array_equal(read(kind, content), BODY[:, None])


def test_two_bodies_keep_their_places_and_an_absent_one_is_nan(read):
    both = [BODY[0].tolist(), BODY[1].tolist()]
    result = read(".json", json.dumps([both, both[:1], [None, both[1]], [], None]).encode())
    np.testing.assert_array_equal(
        np.isfinite(result).all(axis=(2, 3)),
        [[True, True], [True, False], [False, True], [False, False], [False, False]],
    )
    np.testing.assert_array_equal(result[2, 1], BODY[1])


@pytest.mark.parametrize("empty", [0, np.nan])
def test_slots_of_a_sensor_that_nobody_fills_are_no_bodies(read, empty):
    slots = np.full((4, 6, 5, 3), empty)
    slots[:, 2], slots[2:, 4] = BODY, BODY[2:] + 1
    np.testing.assert_array_equal(np.nan_to_num(read(".npy", npy(slots))), np.nan_to_num(slots[:, [2, 4]]))


def test_a_header_names_the_joints(tmp_path):
    for header, names in (("a_x,a_y,a_z,b_x,b_y,b_z", ("a", "b")), ("x1,y1,z1,x2,y2,z2", ("1", "2")), (None, ())):
        (tmp_path / "a.csv").write_bytes(table(FLAT[:, :6], header))
        assert parsed(tmp_path / "a.csv", joints=2).names == names


def test_of_three_bodies_two_are_read_and_the_other_is_reported(tmp_path):
    three = np.stack([standing_body(9) + 2.0 * body for body in range(3)], axis=1)
    three[:4, 1], three[:, 2] = 0, three[:1, 2]
    np.save(tmp_path / "a.npy", three)
    (tmp_path / "a.json").write_text(json.dumps(three.tolist()))
    for name in ("a.npy", "a.json"):
        source = own.Source(tmp_path / name, "a", 0)
        assert own.survey([source])[:3] == (2, 20, ())
        sequence = own.read(source, 2, 20)
        np.testing.assert_array_equal(sequence.joints, three[:, :2])
        assert sequence.other_bodies == (9,)
        np.testing.assert_array_equal(own.read(source, 1, 20).joints, three[:, :1])


def test_missing_coordinates_are_nan(read):
    for kind, content in (
        (".csv", b"1,2,3,1,2,3,1,2,3\n1,,nan,1,2,3,1,2,3\n"),
        (".json", b"[[[1,2,3]], [[1,null,NaN]]]"),
        (".json", b"[[[1,2,3],[1,2,3]], [[1,2,3],null]]"),
    ):
        result = read(kind, content)
        assert np.isnan(result[1]).any() and np.isfinite(result[0]).all()


def test_an_even_number_of_bare_numbers_needs_the_number_of_joints(read):
    flat = BODY[:, :4].reshape(4, -1)
    for kind, content in ((".csv", table(flat)), (".json", json.dumps(flat.tolist()).encode())):
        with pytest.raises(Dropped, match=r"x y z of 4 joints, or x y of 6, or x y z and a score of 3\? .*--joints 4"):
            read(kind, content)
        assert read(kind, content, joints=4).shape == (4, 1, 4, 3)
        with pytest.raises(Dropped, match="a joint has 2 values: x y z are expected, and z is missing"):
            read(kind, content, joints=6)
        with pytest.raises(Dropped, match="a joint has 4 values: x y z are expected, without a confidence"):
            read(kind, content, joints=3)


def forged_npy(shape):
    honest, claimed = b"(1, 1, 3), }", f"{shape}, }}".encode()
    return npy(np.zeros((1, 1, 3))).replace(honest.ljust(len(claimed)), claimed)


def zipped(content, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        archive.writestr("joints.npy", content)
    return file.getvalue()


BAD = {
    "a million million frames": (".npy", forged_npy((10**9, 9, 3)), "more than 10,000 frames or 1,048,576 numbers"),
    "frames that are not there": (".npy", forged_npy((999, 9, 3)), "cut short"),
    "objects": (".npy", npy(np.array([None, {}])), "not a .npy array of numbers"),
    "objects in npz": (".npz", npz(a=np.array([None, {}])), "not a .npy array of numbers"),
    "text array": (".npy", npy(np.array(["a"])), "not a .npy array of numbers"),
    "one axis": (".npy", npy(FLAT[0]), r"shape \(15,\)"),
    "no z": (".npy", npy(BODY[..., :2]), "z is missing"),
    "a fourth number": (".npy", npy(np.full((4, 5, 4), 7)), "without a confidence"),
    "no frames": (".npy", npy(BODY[:0]), "no frame"),
    "more places for bodies than a sensor has": (".npy", npy(np.ones((8, 7, 25, 3))), r"7 bodies.*at most 6"),
    "millimetres": (".npy", npy(BODY * 1000), "metres are expected"),
    "infinite": (".npy", npy(BODY * np.inf), "infinite"),
    "a whole data set": (".npz", npz(x_train=BODY, x_test=BODY), "ntu_rgbd.py reads CTR-GCN's files"),
    "several arrays": (".npz", npz(a=BODY, b=BODY), "one named joints"),
    "a zip bomb": (".npz", zipped(bytes(200 << 20), zipfile.ZIP_DEFLATED), "larger than 16 MiB"),
    "a compression of any memory": (".npz", zipped(npy(BODY), zipfile.ZIP_LZMA), "as NumPy never does"),
    "a header of no axes": (
        ".csv",
        table(FLAT, ",".join("abcdefghijklmno")),
        "names no joint: its columns are 'a', 'b'",
    ),
    "axes of two joints": (".csv", b"a_x,a_y,b_z\n1,2,3\n", "only 'a_x', 'a_y' for the joint 'a'"),
    "no axis z": (".csv", b"a_x,a_y\n1,2\n", "only 'a_x', 'a_y' for the joint 'a': x, y and z of each"),
    "only a header": (".csv", b"a_x,a_y,a_z\n", "no frame below"),
    "a ragged table": (".csv", b"1,2,3\n1,2\n", "line 2 has 2 cells, where line 1 has 3"),
    "x y": (".json", b"[[[1,2]]]", "z is missing"),
    "x y in dicts": (".json", b'[[{"x": 1, "y": 2}]]', "z is missing"),
    "confidence in json": (".json", b"[[[1,2,3,0.9]]]", "without a confidence"),
    "image landmarks": (
        ".json",
        b'[{"pose_landmarks": [{"x": 0.5, "y": 0.5, "z": 0.1}]}]',
        "joints in the image",
    ),
    "OpenPose's own 2-D": (
        ".json",
        b'[{"people": [{"pose_keypoints_2d": [1,2,0.9], "pose_keypoints_3d": []}]}]',
        "joints in the image",
    ),
    "OpenPose 2-D": (
        ".json",
        b'[{"people": [{"pose_keypoints_2d": [1,2,0.9]}]}]',
        "joints in the image",
    ),
    "COCO results": (
        ".json",
        b'[{"category_id": 1, "keypoints": [1,2,0.9]}]',
        "joints in the image",
    ),
    "an unknown dict": (
        ".json",
        b'[{"pose": [[1,2,3]]}]',
        r"frames\[0\]: an object with the keys 'pose': one of these is",
    ),
    "joints come and go": (
        ".json",
        b"[[[1,2,3]], [[1,2,3],[1,2,3]]]",
        "joints changes within the file: 1, 2",
    ),
    "numbers for frames": (".json", b"[1,2,3]", "not a list of frames: put the list under one of frames"),
    "an empty object": (".json", b"{}", "not a list of frames, but an empty object: put the list"),
    "text for a number": (".json", b'[[["1","2","3"]]]', "a joint is expected"),
    "true for a number": (".json", b"[[[true,2,3]]]", "true where a joint is expected"),
    "deep lists": (".json", b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
    "deep dicts": (".json", b'[{"joints":' * 100_000, "nested too deeply"),
    "many deep dicts": (".json", b"[" + b'{"joints":' * 900 + b"[]" + b"}" * 900 + b"]", "no body|deeply"),
    "too many frames": (".csv", b"1,2,3,4,5,6,7,8,9\n" * 10_001, "more than"),
    "too many empty frames": (".json", b"[" + b"[]," * 10_000 + b"[[1,1,1]]]", "more than"),
    "a crowd of numbers": (".json", b"[[" + b"1," * 3_000_000 + b"1]]", "more than"),
    "many frames of many joints": (
        ".json",
        b"[" + b"[]," * 9_999 + b"[" + b"[1,1,1]," * 30_000 + b"[1,1,1]]]",
        "more than",
    ),
    "one long name": (".csv", b"_" * 100_000 + b",a_y,a_z\n1,2,3\n", "only 'a_y'"),
}


@pytest.mark.parametrize(("kind", "content", "reason"), BAD.values(), ids=BAD)
def test_a_file_without_a_recording_is_dropped_with_a_reason(read, kind, content, reason):
    with pytest.raises(Dropped, match=reason):
        read(kind, content)


@pytest.mark.parametrize("kind", PARSERS)
def test_a_huge_file_is_dropped(tmp_path, kind):
    path = tmp_path / f"one{kind}"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(Dropped, match="larger than 16 MiB"):
        parsed(path)


GAPS = np.where(np.arange(4)[:, None, None, None] == 1, np.nan, np.stack([BODY, BODY + 1], axis=1))
FUZZED = {
    "npy": (".npy", npy(GAPS), lambda mutant: mutant),
    "npz": (".npz", npz(joints=GAPS), lambda mutant: mutant),
    "npz, its array": (".npz", npy(GAPS), zipped),
    "csv": (".csv", table(FLAT), lambda mutant: mutant),
    "csv with a header": (".csv", table(FLAT, ",".join(columns("j{joint}_{axis}"))), lambda mutant: mutant),
    "json lists": (".json", frames(lambda body: [body, None]), lambda mutant: mutant),
    "json dicts": (".json", frames(lambda body: {"people": [{"joints": named(body)}]}), lambda mutant: mutant),
}


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("kind", "original", "wrap"), FUZZED.values(), ids=FUZZED)
def test_2000_mutants_become_a_finite_sequence_or_a_reason(tmp_path, kind, original, wrap):
    source = own.Source(tmp_path / f"one{kind}", "one", 0)
    outcomes = {"sequence": 0, "dropped": 0}
    for mutant in mutants(original, 2000):
        source.path.write_bytes(wrap(mutant))
        try:
            sequence = own.read(source, 2, 5)
            assert sequence.joints.shape[1:] == (2, 5, 3) and np.isfinite(sequence.joints).all()
            outcomes["sequence"] += 1
        except Dropped as dropped:
            assert str(dropped)
            outcomes["dropped"] += 1
    assert min(outcomes.values()) > 10


def test_a_joint_that_is_a_direction_by_its_name_is_left_out_in_every_format(tmp_path):
    frame = {"hip": [1, 2, 3], "gaze": [0, 0, 1], "head_velocity": [0, 1, 0], "head": [4, 5, 6]}
    (tmp_path / "a.json").write_text(json.dumps([{"joints": frame}]))
    content = parsed(tmp_path / "a.json")
    assert content.names == ("hip", "head") and content.left_out == ("gaze", "head_velocity")
    assert content.joints.tolist() == [[[[1, 2, 3], [4, 5, 6]]]]
