# What `__init__.py` loads on demand, for type checkers.
from mans_keras.models.attention import FrozenAttention as FrozenAttention
from mans_keras.models.attention import GateAttention as GateAttention
from mans_keras.models.attention import ResidualAttention as ResidualAttention
from mans_keras.models.attention import SongAttention as SongAttention
from mans_keras.models.attention import WeightedAttention as WeightedAttention
from mans_keras.models.attention import attention as attention
from mans_keras.models.extensions import load_extension as load_extension
from mans_keras.models.mans import MANs as MANs
from mans_keras.models.mans import MANs9 as MANs9
from mans_keras.models.mans import MANs33 as MANs33
from mans_keras.models.mans import MANs61 as MANs61
from mans_keras.models.mans import MANsDenseNet161 as MANsDenseNet161
from mans_keras.models.mans import MANsResNet18 as MANsResNet18
from mans_keras.models.tarm import TARM as TARM
from mans_keras.models.tarm import Coordinate as Coordinate
from mans_keras.models.tarm import CoordinateImage as CoordinateImage
from mans_keras.recognition.recognizer import Recognizer as Recognizer
from mans_keras.recognition.stream import Stream as Stream
from mans_keras.tensors.store import Tensors as Tensors
from mans_keras.training.train_model import train as train

__version__: str
