"""How networks are trained. `train` loads Keras when it is first used; recipes and records need none."""


def __getattr__(name):
    if name != "train":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mans_keras.training.train_model import train

    return train
