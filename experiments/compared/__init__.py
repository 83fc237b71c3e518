"""The networks that MANs are compared with: those of Table 5 that are described well enough, and three newer ones.

One file a network. Each has a function with the file's name, sequence -> features: sequence (batch, frames, bodies,
joints, 3), the joints that `layers.JointSequence` takes from a tensor; features (batch, channels), for one softmax
layer. `regularizer` is the recipe's L2, for its kernels. Optimiser, schedule, epochs, augmentation and label smoothing
are the recipe's for all; dropout and losses of its own are each network's. Importing this loads no Keras.
"""

import functools
import importlib
from dataclasses import dataclass

SCALE = 50


@dataclass(frozen=True)
class Method:
    """A network: its name in Table 5, its file here, the frames that it takes, and its published number of parameters.

    frames: of the 50 that a tensor has. Networks that their source gives 50 frames or more take all. xla: as in
    `training.run.add_model`, by benchmark_xla.py.
    """

    title: str
    module: str
    frames: int = SCALE
    parameters: str = "-"
    xla: bool = False


METHODS = {
    "hierarchical-rnn": Method("Hierarchical RNNs (Du et al., 2015)", "hierarchical_rnn", xla=True),
    "deep-lstm": Method("Deep LSTM (Zhu et al., 2016)", "deep_lstm", parameters="0.6M"),
    "two-stream-rnn": Method("Two-stream RNNs (Wang and Wang, 2017)", "two_stream_rnn"),
    "sta-lstm": Method("STA-LSTM (Song et al., 2017)", "sta_lstm", parameters="0.5M"),
    "va-lstm": Method("VA-LSTM (Zhang et al., 2017)", "va_lstm"),
    "hcn": Method("HCN (Li et al., 2018)", "hcn", frames=32),
    "st-gcn": Method("ST-GCN (Yan et al., 2018)", "st_gcn"),
    "sgn": Method("SGN (Zhang et al., 2020)", "sgn", frames=20, parameters="0.7M"),
}

# Why a method of Table 5 is only quoted.
LEFT_QUOTED = {
    "Dynamic skeletons (Hu et al., 2015)": "features made by hand, no network",
    "ST-LSTM (Liu et al., 2016)": "its recurrence takes every joint of every frame as a step, 1,000 for 20 joints",
    "ST-LSTM + TG (Liu et al., 2016)": "as ST-LSTM",
    "Adaptive RNN-T (Li et al., 2017)": "how its tree is learned could not be read here",
    "GCA-LSTM (Liu et al., 2017a)": "built on ST-LSTM",
    "Clips+CNN+MTLN (Ke et al., 2017)": "needs a CNN trained on photographs",
}


def features_of(name: str):
    """The function of a method, sequence -> features."""
    module = METHODS[name].module
    return getattr(importlib.import_module(f"experiments.compared.{module}"), module)


def build(name: str, classes: int, joints: int, bodies: int = 1, l2: float = 0.0, **of_mans):
    """The network of a method, untrained: a model of tensors (batch, 50, 50, 3) -> (batch, classes).

    of_mans: values of the recipe that only MANs have, which change nothing. Raises `InputError` if the method knows no
    body with so many joints, or if a tensor can't hold them.
    """
    import keras

    from experiments.compared.layers import JointSequence
    from mans_keras.models.mans import MANs

    method, features = METHODS[name], features_of(name)
    regularizer = keras.regularizers.L2(l2) if l2 else None

    def backbone(image):
        return features(JointSequence(method.frames, bodies, joints, name="sequence")(image), regularizer)

    return MANs(backbone, classes, (SCALE, SCALE, 3), tarm=False, name=method.module)


def register() -> None:
    """Let runs train these networks, under their names."""
    import mans_keras.models  # noqa: F401 - before Keras, since it keeps TensorFlow quiet
    from mans_keras.training.run import add_model

    source = "from experiments import compared; compared.register()"
    for name, method in METHODS.items():
        add_model(name, functools.partial(build, name), SCALE, source, method.xla)
