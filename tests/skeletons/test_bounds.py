import json
import os

import numpy as np
import pytest
from helpers import standing_body

from mans_keras.errors import InputError
from mans_keras.skeletons import recording
from mans_keras.skeletons.bounds import MAX_BYTES, check_shape, in_metres, not_in_image, one_body, read_bytes
from mans_keras.skeletons.sequence import Dropped


def test_a_file_of_the_largest_size_is_read_and_one_byte_more_is_refused(tmp_path):
    path = tmp_path / "large"
    path.write_bytes(bytes(MAX_BYTES))
    assert read_bytes(path) == bytes(MAX_BYTES)
    with path.open("ab") as file:
        file.write(b"1")
    with pytest.raises(Dropped, match="larger than 16 MiB"):
        read_bytes(path)


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="Linux has files of unknown size in /proc")
def test_a_file_whose_size_the_system_does_not_know_is_read_whole():
    assert os.path.getsize("/proc/self/status") == 0
    assert read_bytes("/proc/self/status").count(b"\n") > 10


def test_a_terabyte_is_refused_unread(tmp_path):
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(Dropped, match="larger than 16 MiB"):
        read_bytes(tmp_path / "huge")


def test_a_folder_a_pipe_and_a_link_to_a_device_are_refused_unread(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zeros").symlink_to("/dev/zero")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "zeros"):
        with pytest.raises(Dropped, match="not a file, but a folder, a pipe or a device"):
            read_bytes(path)


@pytest.mark.parametrize("suffix", recording.FORMATS)
def test_a_pipe_of_any_format_is_refused_without_waiting(tmp_path, suffix):
    os.mkfifo(tmp_path / f"pipe{suffix}")
    (tmp_path / "a.asf").touch()
    with pytest.raises(InputError, match=r"a folder, a pipe or a device|a\.asf"):
        recording.read(tmp_path / f"pipe{suffix}")


def test_a_missing_file_is_refused_with_the_systems_reason(tmp_path):
    with pytest.raises(Dropped, match="can't be read: No such file"):
        read_bytes(tmp_path / "missing")


@pytest.mark.parametrize(
    ("shape", "reason"),
    [((0, 5, 3), "no frame"), ((10_001, 5, 3), "more than 10,000 frames")],
)
def test_a_shape_of_no_recording_is_refused(shape, reason):
    with pytest.raises(Dropped, match=reason):
        check_shape(*shape)


def test_metres_may_have_gaps_and_are_at_most_100():
    coordinates = np.array([np.nan, 100.0])
    assert in_metres(coordinates) is coordinates
    with pytest.raises(Dropped, match="metres are expected, not millimetres"):
        in_metres(np.array([np.nan, 101.0]))


@pytest.mark.parametrize(
    ("joints", "reason"),
    [(np.ones((0, 5, 3)), "0 frames"), (np.full((2, 5, 3), np.nan), "not finite"), (np.zeros((2, 5, 3)), "no body")],
)
def test_one_body_must_be_there_with_finite_coordinates(joints, reason):
    with pytest.raises(Dropped, match=reason):
        one_body(joints)


def in_image(joints=20, lowest=1.0):
    """A body of that many joints in an image, from its upper edge to `lowest`; z around the hips."""
    body = np.random.default_rng(0).uniform((0.3, 0, -0.4), (0.6, lowest, 0.4), (5, 1, joints, 3))
    body[..., 1].sort(axis=-1)
    body[:, :, 24:25, 2] = -body[:, :, 23:24, 2]
    return body


def at_a_webcam(joints=33):
    """MediaPipe's landmarks of somebody who sits near: elbows and hips are out of the image, and z is large."""
    body = in_image(joints, lowest=2.2)
    body[:, :, [13, 15, 17, 19, 21], 0] -= 0.7
    body[..., 2] *= 4
    return body


@pytest.mark.parametrize("body", [in_image(), in_image(33), in_image(33, lowest=1.4), at_a_webcam(), at_a_webcam(75)])
def test_places_in_the_image_are_refused_with_the_key_of_metres(tmp_path, body):
    with pytest.raises(InputError, match=r"places in the image: metres are expected.*under worldLandmarks"):
        recording.from_array(body)
    keyed = [{"landmarks": [[dict(zip("xyz", joint, strict=True)) for joint in frame[0]]]} for frame in body.tolist()]
    (tmp_path / "a.json").write_text(json.dumps(keyed))
    with pytest.raises(InputError, match=r"a\.json: x and y are between 0 and 1"):
        recording.read(tmp_path / "a.json")


def with_z(z, xy=(0, 0)):
    """A body in the image around (0.45, 0.5), moved by x and y, with these values in place of z."""
    body = in_image() + np.array([*xy, 0])
    body[..., 2] = z
    return body


FLAGS = np.random.default_rng(0).integers(0, 3, (5, 1, 20))


@pytest.mark.parametrize("z", [1, 2, FLAGS], ids=["1", "2", "0, 1 and 2"])
@pytest.mark.parametrize("xy", [(0, 0), (-0.5, -0.5)], ids=["shares", "centred"])
def test_a_flag_in_place_of_z_is_no_depth(z, xy):
    with pytest.raises(Dropped, match="z is only 0, 1 or 2, as a flag says whether a joint is seen"):
        not_in_image(with_z(z, xy))


def test_feet_below_the_image_do_not_make_a_score_a_depth():
    scores = np.random.default_rng(0).uniform(0.8, 1, (5, 1, 20))
    with pytest.raises(Dropped, match="places in the image"):
        not_in_image(with_z(scores, (0, 0.15)))


@pytest.mark.parametrize("z", [0, 0.9])
def test_a_body_whose_z_is_always_the_same_is_read_and_reported(tmp_path, z):
    np.save(tmp_path / "a.npy", with_z(z, (-0.5, -0.5)))
    assert recording.read(tmp_path / "a.npy").notes() == ["left out: the depth, which is the same for all joints"]
    np.save(tmp_path / "a.npy", standing_body())
    assert recording.read(tmp_path / "a.npy").notes() == []


@pytest.mark.parametrize(
    "metres",
    [
        standing_body()[:, None],
        standing_body()[:, None] - standing_body()[:1, None, :1],
        standing_body()[:, None] + (1, 0.9, -2.5),
        in_image() + np.array([0, 0, 2]),
        in_image(5),
        at_a_webcam() - at_a_webcam()[:, :, 23:25].mean(axis=2, keepdims=True),
        at_a_webcam() - at_a_webcam()[:1, :, 23:25].mean(axis=2, keepdims=True) + np.arange(5)[:, None, None, None] / 5,
        at_a_webcam() + np.array([0, 0, 1]),
    ],
    ids=[
        "camera",
        "hips",
        "on the floor",
        "two metres away",
        "few joints",
        "world landmarks",
        "hips of the first frame",
        "a depth camera",
    ],
)
def test_metres_are_not_taken_for_places_in_the_image(metres):
    assert not_in_image(metres) is metres
