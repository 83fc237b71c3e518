"""Memory Attention Networks for skeleton-based action recognition (Xie, Li et al., IJCAI 2018), in Keras 3."""

from mans_keras import quiet

__version__ = "0.1.0"

try:
    with quiet.stderr():
        from mans_keras.models import MANs, MANs9, MANs33, MANs61, MANsDenseNet161, MANsResNet18
        from mans_keras.tarm import TARM, Coordinate, CoordinateImage, FrameGate, SongAttention, TemporalAttention
except ModuleNotFoundError as error:
    # Recordings can be prepared without Keras, which takes seconds and 700 MB to import: data_prep/ hides it.
    if error.name != "keras":
        raise
else:
    __all__ = [
        "TARM",
        "Coordinate",
        "CoordinateImage",
        "FrameGate",
        "MANs",
        "MANs9",
        "MANs33",
        "MANs61",
        "MANsDenseNet161",
        "MANsResNet18",
        "SongAttention",
        "TemporalAttention",
    ]
