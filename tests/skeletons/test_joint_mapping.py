"""Bodies of other sensors, asked of a model of Kinect v1's joints."""

import numpy as np
import pytest
from helpers import standing_body

from mans_keras.errors import InputError
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.joint_mapping import AZURE, BY_NUMBER, MEDIAPIPE, fitted, mapped
from mans_keras.skeletons.sequence import KINECT_1_NAMES, KINECT_2_NAMES, Dropped

PARTS = {"WRIST": 6, "HAND": 7, "HANDTIP": 7, "THUMB": 7, "CLAVICLE": 4, "SHOULDER": 4, "ELBOW": 5}
PARTS |= {"HIP": 12, "KNEE": 13, "ANKLE": 14, "FOOT": 15, "EYE": 3, "EAR": 3}
PARTS |= {"PINKY": 7, "INDEX": 7, "HEEL": 14, "FOOTINDEX": 15, "EYEINNER": 3, "EYEOUTER": 3, "MOUTH": 3}
MIDDLE = {"NOSE": 3, "HEAD": 3, "NECK": 2, "PELVIS": 0, "SPINENAVEL": 1, "SPINECHEST": 1}


def kinect_1_place(name):
    """The joint of Kinect v1 that stands at or near the joint of this name."""
    plain = name.upper().replace("_", "")
    if plain in MIDDLE:
        return MIDDLE[plain]
    part = plain.replace("LEFT", "").replace("RIGHT", "")
    right = "RIGHT" in plain and part not in ("EYE", "EAR", "EYEINNER", "EYEOUTER", "MOUTH")
    return PARTS[part] + 4 * right


def body_of(names):
    """(6, 1, joints, 3): a standing body as another sensor has it."""
    return standing_body()[:, None, [kinect_1_place(name) for name in names]]


@pytest.mark.parametrize(("names", "number"), [(MEDIAPIPE, 33), (AZURE, 32)])
@pytest.mark.parametrize("named", [True, False])
def test_each_joint_of_kinect_v1_is_where_the_sensor_has_its_counterpart(names, number, named):
    assert len(names) == len(set(names)) == number
    result = mapped(Parsed(body_of(names), names if named else ()), KINECT_1_NAMES)
    assert result.names == KINECT_1_NAMES
    expected, limbs = standing_body()[:, None], slice(3, None)
    feet = [15, 19] if names is MEDIAPIPE else []  # the middle of heel and toes
    same = [joint for joint in range(20)[limbs] if joint not in feet]
    np.testing.assert_allclose(result.joints[:, :, same], expected[:, :, same], atol=1e-12)
    hips, shoulders = (expected[:, :, pair].mean(axis=2) for pair in ([12, 16], [4, 8]))
    for joint, share in ((0, 0.20), (1, 0.37), (2, 1.26)):
        np.testing.assert_allclose(result.joints[:, :, joint], hips + share * (shoulders - hips), atol=1e-12)


def test_the_notes_say_that_the_body_was_mapped_and_how_many_joints():
    (note,) = mapped(Parsed(body_of(AZURE), AZURE), KINECT_1_NAMES).notes()
    computed = "3 computed (HipCenter, Spine, ShoulderCenter)"
    assert note == f"the body was mapped to the model's 20 joints: 17 by name, {computed}"
    (note,) = mapped(Parsed(body_of(MEDIAPIPE)), KINECT_1_NAMES).notes()
    assert "12 by name, 8 computed" in note
    assert note.endswith("its 33 joints have no names and were taken for those of MediaPipe")


@pytest.mark.parametrize(("names", "sensor"), [(MEDIAPIPE, "MediaPipe"), (AZURE, "Azure Kinect")])
@pytest.mark.parametrize("named", [True, False])
def test_a_body_upside_down_is_turned_if_its_sensor_has_y_down(names, sensor, named):
    body = body_of(names)
    names = names if named else ()
    result = mapped(Parsed(body * (1, -1, -1), names), KINECT_1_NAMES)
    np.testing.assert_allclose(result.joints, mapped(Parsed(body, names), KINECT_1_NAMES).joints)
    assert result.mapping.endswith(
        f"; y points down, as {sensor} has it, so the body was turned by 180 degrees about x"
    )


def test_a_body_that_lies_is_not_turned():
    lying = body_of(AZURE)[..., [1, 0, 2]] * (1, -1, 1)
    result = mapped(Parsed(lying, AZURE), KINECT_1_NAMES)
    assert "turned" not in result.mapping
    np.testing.assert_allclose(result.joints[:, :, 4], lying[:, :, AZURE.index("SHOULDER_LEFT")])


def test_joints_without_names_that_make_no_body_are_refused():
    for number in BY_NUMBER:
        joints = np.random.default_rng(0).normal(scale=0.5, size=(9, 1, number, 3))
        with pytest.raises(Dropped, match="save them with names"):
            mapped(Parsed(joints), KINECT_1_NAMES)


def test_a_body_that_lacks_a_joint_is_not_mapped():
    names = tuple(name for name in AZURE if "ELBOW" not in name)
    assert mapped(Parsed(body_of(names), names), KINECT_1_NAMES) is None
    assert mapped(Parsed(np.ones((4, 1, 7, 3))), KINECT_1_NAMES) is None


def test_more_joints_without_names_than_the_model_has_need_names():
    hint = "20 joints, where the model expects 18: if joints were left out in the preparation, save .* with the names"
    with pytest.raises(InputError, match=hint):
        fitted(Parsed(standing_body()[:, None]), 18, KINECT_1_NAMES[:18])


def test_an_absent_body_stays_absent():
    joints = body_of(AZURE)
    joints[:2] = 0
    assert not mapped(Parsed(joints, AZURE), KINECT_1_NAMES).joints[:2].any()


def test_joints_of_kinect_v2_without_names_are_known_by_their_number():
    joints = np.zeros((6, 1, 25, 3))
    joints[:, 0, :20] = standing_body()
    joints[:, 0, 20:] = standing_body()[:, [2, 7, 7, 11, 11]]
    result = mapped(Parsed(joints), KINECT_1_NAMES)
    np.testing.assert_allclose(result.joints[:, :, 3:], joints[:, :, 3:20], atol=1e-12)
    assert "taken for those of Kinect v2" in result.notes()[0] and len(KINECT_2_NAMES) == 25
