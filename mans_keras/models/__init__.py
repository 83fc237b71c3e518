"""The networks. Importing this loads Keras, without the messages that TensorFlow writes when it starts."""

from mans_keras import quiet

with quiet.stderr():
    import keras  # noqa: F401
