"""Checkpoints: an interrupted run resumes after its last finished epoch, and its record is as if it had not stopped."""

import json
import time
import zipfile
from pathlib import Path

import keras
import numpy as np

from mans_keras.files import replacing

PLATEAU_STATE = ("wait", "cooldown_counter", "best")


class Checkpoint(keras.callbacks.Callback):
    """Keep the logs of every epoch, and after each epoch save everything that the next ones depend on.

    These are the variables of model and optimiser (with learning rate and dropout seeds), the state of
    `ReduceLROnPlateau`, and the seconds so far.

    Args:
        path: of the checkpoint, or None to save nothing.
        key: everything else that the rest of the run depends on. A checkpoint with another key is not used.
        model: compiled.
        plateau: its `ReduceLROnPlateau`, or None. It must come before this callback in the list: when training begins,
            it forgets its state, and then this callback restores it.
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
        """The time of this run: in this process, and in earlier processes up to their last finished epoch."""
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
            return  # another file, or damaged in a crash of the machine: the run starts again
        for variable, value in zip(self.variables, values, strict=True):
            variable.assign(value)
        self.epochs, self.plateau_state = state["epochs"], state["plateau"]
        self.started -= state["seconds"]
