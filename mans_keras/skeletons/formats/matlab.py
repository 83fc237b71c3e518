"""One array of a MATLAB file: MATLAB 5, 7 (compressed), or 7.3, which is HDF5 with its axes reversed.

The first two are not read by `scipy.io.loadmat`: on some broken files it crashes, and Python with it.
"""

import io
import itertools
import struct
import zlib
from pathlib import Path

import h5py
import numpy as np

from mans_keras.skeletons.bounds import MAX_BYTES, MAX_NUMBERS, TOO_MANY, one_body, read_bytes
from mans_keras.skeletons.missing import completed
from mans_keras.skeletons.sequence import KINECT_1, Dropped

HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
HEADER_BYTES = 128
MAX_VARIABLES = 1000
MAX_INFLATED = 4 * MAX_BYTES  # of all variables up to the one that is looked for
MATRIX, COMPRESSED = 14, 15
NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
NUMERIC_CLASSES = range(6, 16)
COMPLEX = 0x800


class NoArray(Dropped):
    """A MATLAB file without the array of that name."""


def read_joints(path: Path, name: str) -> np.ndarray:
    """Joints (frames, 1, 20, 3) of a file whose array `name` is 20 x 3 x frames, completed by `missing.completed`.

    Raises `Dropped` as it, `read_bytes`, `read_array` and `one_body` do, or for an array of another shape.
    """
    array = read_array(read_bytes(path), name)
    if array.shape[:2] != (KINECT_1.joints, 3) or array.ndim > 3:
        raise Dropped(f"{name} is {' x '.join(map(str, array.shape))}: {KINECT_1.joints} x 3 x frames is expected")
    # MATLAB gives a single frame no third axis
    return completed(one_body(np.moveaxis(np.atleast_3d(array), -1, 0)))


def read_array(data: bytes, name: str) -> np.ndarray:
    """The real array `name` of a MATLAB file's bytes, float, in MATLAB's order of axes.

    Raises `Dropped` for a malformed file or an array that is too large, `NoArray` for a file without that array.
    """
    if HDF5_SIGNATURE in (data[:8], data[512:520]):
        return _read_73(data, name)
    order = {b"IM": "<", b"MI": ">"}.get(data[HEADER_BYTES - 2 : HEADER_BYTES])
    if order is None:
        raise Dropped("not a MATLAB file (5, 7 or 7.3)")
    for element in _matrices(data[HEADER_BYTES:], order):
        parts = list(itertools.islice(_elements(element, order), 4))
        if len(parts) == 4 and parts[2][1] == name.encode():
            return _array(parts, order, name)
    raise NoArray(f"the file holds no array {name}")


def _elements(data, order):
    """(type, bytes) of each element; an element of up to four bytes is inside its tag."""
    at = 0
    while at < len(data):
        if at + 8 > len(data):
            raise Dropped("the file is cut short")
        kind, size = struct.unpack_from(f"{order}II", data, at)
        begin = at + 8
        if kind >> 16:
            kind, size, begin = kind & 0xFFFF, kind >> 16, at + 4
        end = begin + size
        if end > len(data) or (begin < at + 8 and size > 4):
            raise Dropped("the file is cut short")
        yield kind, data[begin:end]
        at = end if kind == COMPRESSED else end + -end % 8


def _matrices(data, order):
    """The contents of each variable, inflated."""
    total = 0
    for number, (kind, element) in enumerate(_elements(data, order), start=1):
        if number > MAX_VARIABLES:
            raise Dropped(f"the file holds more than {MAX_VARIABLES:,} variables")
        if kind == COMPRESSED:
            inflate = zlib.decompressobj()
            try:
                inflated = inflate.decompress(element, MAX_BYTES)
            except zlib.error:
                raise Dropped("a compressed variable cannot be decompressed") from None
            if not inflate.eof:
                raise Dropped(f"a variable is cut short, or larger than {MAX_BYTES >> 20} MiB")
            total += len(inflated)
            if total > MAX_INFLATED:
                raise Dropped(f"its variables inflate to more than {MAX_INFLATED >> 20} MiB")
            kind, element = next(_elements(inflated, order), (None, b""))
        if kind == MATRIX:
            yield element


def _array(parts, order, name):
    (_, flags), (_, shape), _, (kind, values) = parts
    if len(flags) != 8 or len(shape) % 4 or kind not in NUMBERS or len(values) % int(NUMBERS[kind][1]):
        raise Dropped(f"the array {name} is malformed")
    (flags, _) = struct.unpack(f"{order}II", flags)
    if flags & 0xFF not in NUMERIC_CLASSES or flags & COMPLEX:
        raise Dropped(f"{name} is not an array of real numbers")
    if len(values) > MAX_NUMBERS * int(NUMBERS[kind][1]):
        raise Dropped(TOO_MANY)
    with np.errstate(invalid="ignore"):  # a broken file may hold signalling NaNs
        values = np.frombuffer(values, order + NUMBERS[kind]).astype(float)
    shape = np.frombuffer(shape, f"{order}i4").tolist()
    if min(shape, default=0) < 1 or len(shape) > 8 or len(values) != np.prod(shape, dtype=float):
        raise Dropped(f"the array {name} has {len(values)} values, which do not fit its shape {shape}")
    return values.reshape(shape, order="F")


def _read_73(data, name):
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            array = file.get(name)
            if not isinstance(array, h5py.Dataset):
                raise NoArray(f"the file holds no array {name}")
            if array.dtype.kind not in "fiu":
                raise Dropped(f"{name} is not an array of real numbers")
            shapes = [array.shape, *([array.chunks] if array.chunks else [])]
            if any(np.prod(shape, dtype=float) * array.dtype.itemsize > MAX_BYTES for shape in shapes):
                raise Dropped(f"{name} is larger than {MAX_BYTES >> 20} MiB")
            if array.size > MAX_NUMBERS:
                raise Dropped(TOO_MANY)
            if array.external or array.is_virtual:
                raise Dropped(f"the values of {name} are in another file")
            return array[()].astype(float).T
    except Dropped:
        raise
    except Exception as error:  # h5py raises almost anything on a broken file
        raise Dropped(f"not a MATLAB 7.3 file, or a broken one ({type(error).__name__})") from None
