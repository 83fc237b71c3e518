"""The parts of mans_keras.training that the scripts use, without the messages that TensorFlow writes when it starts.

Importing this loads Keras, which takes seconds: import it in the function
that needs it, so that --help answers at once.
"""

import mans_keras.models  # noqa: F401 - first, since it keeps TensorFlow quiet
from mans_keras.training import runs
from mans_keras.training.run import MODELS, SCALES, Run

__all__ = ["MODELS", "SCALES", "Run", "runs"]
