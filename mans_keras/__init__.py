"""Memory Attention Networks for skeleton-based action recognition (Xie, Li et al., IJCAI 2018), in Keras 3.

Importing this package loads neither Keras nor its backend. The names below load them when they are first used. Once
both packages are imported, in either order, Keras can load saved models.
"""

import importlib

import wrapt

__version__ = "0.1.0"

PLACES = {
    "MANs": "models.mans",
    "MANs9": "models.mans",
    "MANs33": "models.mans",
    "MANs61": "models.mans",
    "MANsDenseNet161": "models.mans",
    "MANsResNet18": "models.mans",
    "TARM": "models.tarm",
    "Coordinate": "models.tarm",
    "CoordinateImage": "models.tarm",
    "FrozenAttention": "models.attention",
    "GateAttention": "models.attention",
    "ResidualAttention": "models.attention",
    "SongAttention": "models.attention",
    "WeightedAttention": "models.attention",
    "attention": "models.attention",
    "load_extension": "models.extensions",
    "train": "training.train_model",
    "Recognizer": "recognition.recognizer",
    "Stream": "recognition.stream",
    "Tensors": "tensors.store",
}
__all__ = list(PLACES)


def __getattr__(name):
    if name not in PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{PLACES[name]}"), name)


def __dir__():
    return sorted([*globals(), *PLACES])


@wrapt.when_imported("keras")
def _register_layers(_):
    importlib.import_module(f"{__name__}.models.mans")
