"""What the joints of other sensors cost: the re-expressed bodies, and the table from its records."""

import numpy as np
import pytest

from experiments import other_sensors
from mans_keras.skeletons.joint_mapping import AZURE, MEDIAPIPE
from mans_keras.skeletons.sequence import KINECT_1_NAMES


@pytest.mark.parametrize(
    ("convert", "names", "far"), [(other_sensors.as_azure, AZURE, 0.001), (other_sensors.as_mediapipe, MEDIAPIPE, 0.08)]
)
def test_limbs_come_back_from_the_joints_of_a_sensor(convert, names, far):
    joints = other_sensors.perform("waveHands", 1)
    back = other_sensors.mapped(convert(joints), names)
    assert back.shape == (len(joints), 20, 3)
    assert np.linalg.norm(back[:, 3:] - joints[:, 3:20], axis=-1).max() < far  # metres


def test_every_class_of_ut_kinect_is_performed_upright_and_moves():
    assert set(other_sensors.ACTIONS) == set(other_sensors.ut_kinect.CLASS_NAMES)
    for action in other_sensors.ACTIONS:
        joints = other_sensors.perform(action, 2)
        assert len(joints) > 10 and np.isfinite(joints).all()
        assert (joints[:, 3, 1] > joints[:, 14, 1]).mean() > 0.9  # the head is above the ankle
        assert joints.var(axis=0).max() > 0.003


def test_hips_in_one_place_lose_only_where_the_body_is():
    joints = other_sensors.perform("sitDown", 1)[:, other_sensors.examples.KINECT_1]
    hips = [KINECT_1_NAMES.index("HipLeft"), KINECT_1_NAMES.index("HipRight")]
    fixed = other_sensors.hips_fixed(joints, hips)
    np.testing.assert_allclose(np.ptp(fixed[:, hips].mean(axis=1), axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(np.diff(fixed, axis=1), np.diff(joints, axis=1), atol=1e-12)


def test_the_table_follows_from_its_records():
    def record(recordings, joints, predicted):
        predictions = {"true": [0, 0, 1, 1], "predicted": predicted}
        return {"recordings": recordings, "joints": joints, "model": "m.h5", "predictions": predictions}

    made = [record("a", "v1", [0, 0, 1, 0]), record("a", "v2", [0, 1, 1, 0]), record("b", "v1", [1, 1, 1, 1])]
    title, header, rows = other_sensors.table(made)
    assert "m.h5" in title and header[3:] == ["accuracy, %", "same answer, %"]
    assert rows == [["a", "v1", 4, "75.0", "100.0"], ["a", "v2", 4, "50.0", "75.0"], ["b", "v1", 4, "50.0", "100.0"]]
