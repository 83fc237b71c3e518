"""Trained models and recordings. Importing this loads Keras."""

import mans_keras.models  # noqa: F401 - first, since it keeps TensorFlow quiet
