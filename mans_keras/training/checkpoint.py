"""Checkpoints: an interrupted run resumes after its last finished epoch, and its record is as if it had not stopped."""

import json
import sys
import time
from pathlib import Path

import keras
import numpy as np

from mans_keras.errors import listed, printable
from mans_keras.files import replacing
from mans_keras.models.fingerprint import same

PLATEAU_STATE = ("wait", "cooldown_counter", "best")
LOGS = {"loss", "accuracy"}  # what a record needs of each epoch
TEST_LOGS = {"val_loss", "val_accuracy"}  # and of each epoch that was tested


class Checkpoint(keras.callbacks.Callback):
    """Keep the logs of every epoch, and after each epoch save everything that the next ones depend on.

    These are the variables of model and optimiser (with learning rate and dropout seeds), the state of
    `ReduceLROnPlateau`, and the seconds so far.

    Args:
        path: of the checkpoint, or None to save nothing.
        key: everything else that the rest of the run depends on. A checkpoint with another key is not used; of its
            "fingerprint", another one of the same network is.
        device: the name of this process's; `devices` has all that trained the run.
        model: compiled.
        plateau: its `ReduceLROnPlateau`, or None. It must come before this callback in the list: when training begins,
            it forgets its state, and then this callback restores it.
        tested: whether the run has test sequences.
    """

    def __init__(self, path, key, model, plateau=None, tested=True, device=""):
        super().__init__()
        self.path = path and Path(path)
        self.key = json.loads(json.dumps(key))
        self.device, self.devices = device, []
        self.plateau, self.plateau_state = plateau, {}
        self.logs = LOGS | TEST_LOGS if tested else LOGS
        self.variables = [*model.variables, *model.optimizer.variables]
        self.epochs = []
        self.started = time.perf_counter()
        if self.path and self.path.exists():
            self._restore()

    @property
    def seconds(self):
        """The time of this run: in this process, and in earlier processes up to their last finished epoch."""
        return time.perf_counter() - self.started

    def on_train_begin(self, logs=None):
        if self.plateau:
            vars(self.plateau).update(self.plateau_state)

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append({name: float(value) for name, value in logs.items()})
        if self.device not in self.devices:
            self.devices.append(self.device)
        if self.path:
            self._save()

    def _save(self):
        state = {
            "key": self.key,
            "devices": self.devices,
            "epochs": self.epochs,
            "plateau": {name: float(getattr(self.plateau, name)) for name in PLATEAU_STATE} if self.plateau else {},
            "seconds": self.seconds,
        }
        with replacing(self.path) as part, open(part, "wb") as file:
            values = map(keras.ops.convert_to_numpy, self.variables)
            np.savez(file, *values, state=json.dumps(state))

    def _restore(self):
        """Take over the state of the checkpoint; if anything about it is wrong, say so and change nothing."""
        try:
            state, values = self._read()
        except Exception as error:  # damaged in a crash of the machine, or another file: NumPy raises almost anything
            reason = printable(str(error) or type(error).__name__)[:200]
            print(f"{printable(self.path)} can't be used ({reason}): the run begins anew", file=sys.stderr)
            return
        for variable, value in zip(self.variables, values, strict=True):
            variable.assign(value)
        self.epochs, self.plateau_state = state["epochs"], state["plateau"]
        self.devices = state["devices"]
        self.started -= state["seconds"]

    def _read(self):
        """(state, values of the variables) of the checkpoint. Raises anything if it is damaged or of another run."""
        with np.load(self.path) as saved:
            state = json.loads(str(saved["state"]))
            if another := [name for name in self.key if not self._agrees(name, state["key"].get(name))]:
                raise ValueError(f"it is of another run, by its {listed(another)}")
            values = [saved[f"arr_{index}"] for index in range(len(self.variables))]
        expected = [(tuple(variable.shape), keras.ops.convert_to_numpy(variable).dtype) for variable in self.variables]
        if [(value.shape, value.dtype) for value in values] != expected:
            raise ValueError("its arrays are not those of the model")
        numbers = [state["seconds"], *state["plateau"].values()]
        numbers += [value for epoch in state["epochs"] for value in epoch.values()]
        if not all(isinstance(number, float) for number in numbers):
            raise ValueError("its state is damaged")
        if not all(isinstance(device, str) for device in state["devices"]):
            raise ValueError("its state is damaged")
        names = set(PLATEAU_STATE) if self.plateau else set()
        if state["plateau"].keys() != names or not all(epoch.keys() >= self.logs for epoch in state["epochs"]):
            raise ValueError("its state is not complete")
        return state, values

    def _agrees(self, name, value):
        return same(value, self.key[name]) if name == "fingerprint" else value == self.key[name]
