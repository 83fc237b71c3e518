"""An interrupted run goes on from its last finished epoch, and ends with the record of an uninterrupted one."""

import json
import time
import zipfile
from pathlib import Path

import keras
import numpy as np

from mans_keras.files import replacing

PLATEAU_STATE = ("wait", "cooldown_counter", "best")


class Checkpoint(keras.callbacks.Callback):
    """Keep the logs of every epoch, and after each save everything that the epochs to come depend on.

    Saved are the variables of model and optimiser (learning rate and dropout seeds among them), the state of
    `ReduceLROnPlateau`, and the seconds spent.

    Args:
        path: of the checkpoint, or None to save nothing.
        key: all that the rest of the run depends on besides; a checkpoint of another key is no checkpoint of this run.
        model: compiled.
        plateau: its `ReduceLROnPlateau`, or None. It must come before this one in the list of callbacks, which makes
            it forget its state when training begins.
    """

    def __init__(self, path, key, model, plateau=None):
        super().__init__()
        self.path = path and Path(path)
        self.key = json.dumps(key, sort_keys=True)
        self.plateau, self.plateau_state = plateau, {}
        self.variables = [*model.variables, *model.optimizer.variables]
        self.epochs = []
        self.started = time.perf_counter()
        if self.path and self.path.exists():
            self._restore()

    @property
    def seconds(self):
        """Spent on this run, in this process and in those before it up to their last finished epoch."""
        return time.perf_counter() - self.started

    def on_train_begin(self, logs=None):
        if self.plateau:
            vars(self.plateau).update(self.plateau_state)

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append({name: float(value) for name, value in logs.items()})
        if self.path:
            self._save()

    def _save(self):
        state = {
            "key": self.key,
            "epochs": self.epochs,
            "plateau": {name: float(getattr(self.plateau, name)) for name in PLATEAU_STATE} if self.plateau else {},
            "seconds": self.seconds,
        }
        with replacing(self.path) as part, open(part, "wb") as file:
            values = map(keras.ops.convert_to_numpy, self.variables)
            np.savez(file, *values, state=json.dumps(state))

    def _restore(self):
        try:
            with np.load(self.path) as saved:
                state = json.loads(str(saved["state"]))
                if state["key"] != self.key:
                    return
                values = [saved[f"arr_{index}"] for index in range(len(self.variables))]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return  # not ours, or from a crash of the machine: the run starts again
        for variable, value in zip(self.variables, values, strict=True):
            variable.assign(value)
        self.epochs, self.plateau_state = state["epochs"], state["plateau"]
        self.started -= state["seconds"]
