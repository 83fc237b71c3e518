import json
import subprocess
import sys

import keras
import numpy as np
import pytest
from helpers import PATH
from test_training import make_run, train

from mans_keras.errors import InputError

# A process of its own: TensorFlow divides a CPU into logical devices only before it first uses it.
PROGRAM = """
import json, sys
sys.path[:0] = {path!r}
import tensorflow as tf
halves = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], halves)
from test_training import make_run, one_tarm, train
from mans_keras.tensors.store import Tensors
from mans_keras.training.run import MODELS

MODELS["mans-9"] = one_tarm
tensors = Tensors(sys.argv[1])
run = make_run(tensors, recipe="released", epochs=2, arguments={{"tarm": False}})
print(json.dumps([train(run, tensors, devices=devices)["history"] for devices in (1, 2)]))
"""


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="MirroredStrategy is TensorFlow's")
def test_two_devices_give_the_loss_curve_of_one_with_the_same_global_batch(tensor_path, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(path=PATH))
    done = subprocess.run([sys.executable, str(program), str(tensor_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    one, two = json.loads(done.stdout.splitlines()[-1])
    for curve in ("train_loss", "test_loss"):
        np.testing.assert_allclose(one[curve], two[curve], rtol=2e-4)


@pytest.mark.parametrize(("devices", "batch", "says"), [(64, 64, "there are"), (2, 3, "batch of 3")])
def test_devices_that_cannot_share_a_batch_are_refused(tensors, tiny, monkeypatch, devices, batch, says):
    import tensorflow as tf

    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: [object()] * (0 if kind == "GPU" else 2))
    with pytest.raises(InputError, match=says):
        train(make_run(tensors, batch=batch), tensors, devices=devices)
