"""A pickle of plain containers and NumPy arrays -> what it holds, without Python's unpickler: nothing in it can run.

The values of an array stay in the file: it becomes a `StoredArray` that knows their place, so that a file of gigabytes
is read in the memory of its lists and names.
"""

import math
import mmap
import pickletools
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mans_keras.skeletons.bounds import MAX_BYTES, file_size
from mans_keras.skeletons.sequence import Dropped

MAX_STEPS = 20_000_000  # NTU RGB+D 120 takes about 8 million

ARRAY_FUNCTIONS = {f"numpy.{core}.multiarray _reconstruct" for core in ("core", "_core")}
BUFFER_FUNCTIONS = {f"numpy.{core}.numeric _frombuffer" for core in ("core", "_core")}
SCALAR_FUNCTIONS = {f"numpy.{core}.multiarray scalar" for core in ("core", "_core")}
GLOBALS = {"numpy ndarray", "numpy dtype", "_codecs encode"}
GLOBALS |= ARRAY_FUNCTIONS | BUFFER_FUNCTIONS | SCALAR_FUNCTIONS
HEADERS = {"BINBYTES": 5, "SHORT_BINBYTES": 2, "BINBYTES8": 9, "BYTEARRAY8": 9, "BINUNICODE": 5}
LONGEST_TEXT = 1000  # a longer one is an array's values
MARK = object()


@dataclass
class StoredArray:
    """An array whose values are in a file: their first byte, number of bytes, and type.

    is_text: the bytes are latin-1 characters in UTF-8, as a pickle of protocol 2 has them.
    """

    path: Path
    offset: int = 0
    size: int = 0
    dtype: str = "<f4"
    shape: tuple[int, ...] = (0,)
    is_fortran: bool = False
    is_text: bool = False

    def read(self, limit: int = MAX_BYTES) -> np.ndarray:
        """The array. Raises `Dropped` if it has more than `limit` bytes, or is not in the file as promised."""
        size = math.prod(self.shape) * np.dtype(self.dtype).itemsize
        if size > limit or self.size > 2 * limit:
            raise Dropped(f"the array is larger than {limit >> 20} MiB: it must hold one action")
        try:
            with self.path.open("rb") as file:
                file.seek(self.offset)
                content = file.read(self.size)
            if self.is_text:
                content = content.decode("utf-8").encode("latin-1")
        except (OSError, UnicodeError):
            raise Dropped("the values of the array can't be read") from None
        if len(content) != size:
            raise Dropped(f"the array has {len(content)} bytes, which do not fit its shape {self.shape}")
        return np.frombuffer(content, self.dtype).reshape(self.shape, order="F" if self.is_fortran else "C")


@dataclass(frozen=True)
class _Bytes:
    offset: int
    size: int
    is_text: bool = False


class _Text(str):
    """A text that may turn out to be bytes: it knows its place in the file."""

    __slots__ = ("offset", "size")


@dataclass(frozen=True)
class _Global:
    name: str


@dataclass
class _Type:
    code: str


def read(path: Path | str) -> object:
    """What a pickle holds: dicts, lists, tuples, texts, numbers, None, and a `StoredArray` for each array.

    Raises `Dropped` for a file that can't be read, is no pickle, or needs anything else: such a file could run code.
    """
    path = Path(path)
    try:
        file_size(path)
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return _Machine(path, len(content)).run(content)
    except OSError as error:
        raise Dropped(f"the file can't be read: {error.strerror or error}") from None
    except Dropped:
        raise
    except Exception:  # pickletools raises nearly anything on broken bytes
        raise Dropped("not a pickle, or a broken one") from None


class _Machine:
    """A pickle is a program for a stack: this runs its few instructions that make containers and arrays."""

    def __init__(self, path, size):
        self.path = path
        self.stack, self.memo = [], {}
        self.steps = min(MAX_STEPS, 1000 + size // 4)

    def run(self, content):
        for steps, (opcode, value, at) in enumerate(pickletools.genops(content)):
            if steps > self.steps:
                raise Dropped("more and smaller parts than recordings have")
            if opcode.name == "STOP":
                return self.stack.pop()
            if opcode.name in HEADERS:
                value = self._text_or_bytes(opcode.name, value, at)
            step = getattr(self, f"_{opcode.name.lower()}", None)
            if step:
                step(value)
            elif opcode.name in PUSHES:
                self.stack.append(value)
            else:
                raise Dropped(
                    f"the pickle has the instruction {opcode.name}, which could run code: not a file of arrays"
                )
        raise Dropped("the file is cut short")

    def _text_or_bytes(self, name, value, at):
        header = HEADERS[name]
        if name != "BINUNICODE":
            return _Bytes(at + header, len(value))
        text = _Text(value if len(value) <= LONGEST_TEXT else "")
        text.offset, text.size = at + header, len(value.encode("utf-8", "surrogatepass"))
        return text

    def _above_mark(self):
        values = []
        while (value := self.stack.pop()) is not MARK:
            values.append(value)
        return values[::-1]

    def _proto(self, _):
        pass

    _frame = _proto

    def _mark(self, _):
        self.stack.append(MARK)

    def _pop(self, _):
        self.stack.pop()

    def _none(self, _):
        self.stack.append(None)

    def _newtrue(self, _):
        self.stack.append(True)

    def _newfalse(self, _):
        self.stack.append(False)

    def _empty_dict(self, _):
        self.stack.append({})

    def _empty_list(self, _):
        self.stack.append([])

    def _empty_tuple(self, _):
        self.stack.append(())

    def _tuple(self, _):
        self.stack.append(tuple(self._above_mark()))

    def _take(self, number):
        taken = tuple(self.stack[-number:])
        if len(taken) < number or MARK in taken:
            raise Dropped("not a pickle, or a broken one")
        del self.stack[-number:]
        return taken

    def _tuple1(self, _):
        self.stack.append(self._take(1))

    def _tuple2(self, _):
        self.stack.append(self._take(2))

    def _tuple3(self, _):
        self.stack.append(self._take(3))

    def _append(self, _):
        (value,) = self._take(1)
        self._top(list).append(value)

    def _appends(self, _):
        values = self._above_mark()
        self._top(list).extend(values)

    def _setitem(self, _):
        key, value = self._take(2)
        self._set(key, value)

    def _setitems(self, _):
        values = self._above_mark()
        for key, value in zip(values[::2], values[1::2], strict=True):
            self._set(key, value)

    def _set(self, key, value):
        if not isinstance(key, (str, int)) or not isinstance(key, Hashable):
            raise Dropped("a dict has other keys than texts and numbers")
        self._top(dict)[key] = value

    def _top(self, kind):
        if not isinstance(self.stack[-1], kind):
            raise Dropped("not a pickle, or a broken one")
        return self.stack[-1]

    def _memoize(self, _):
        self.memo[len(self.memo)] = self.stack[-1]

    def _binput(self, number):
        self.memo[number] = self.stack[-1]

    _put = _long_binput = _binput

    def _binget(self, number):
        self.stack.append(self.memo[number])

    _get = _long_binget = _binget

    def _global(self, name):
        if name not in GLOBALS:
            raise Dropped(f"the pickle asks for {str(name)[:60]!r}, which could run code: only NumPy's arrays are read")
        self.stack.append(_Global(name))

    def _stack_global(self, _):
        module, name = self._take(2)
        self._global(f"{module} {name}")

    def _reduce(self, _):
        function, arguments = self._take(2)
        if not isinstance(function, _Global) or not isinstance(arguments, tuple):
            raise Dropped("the pickle calls something that is no function of NumPy's: it could run code")
        self.stack.append(self._made(function.name, arguments))

    def _made(self, name, arguments):
        if name == "numpy dtype":
            return _Type(_dtype(arguments[0]))
        if name in ARRAY_FUNCTIONS:
            return StoredArray(self.path)
        if name in BUFFER_FUNCTIONS:
            values, dtype, shape, order = arguments
            return self._fill(StoredArray(self.path), shape, dtype, order == "F", values)
        if name in SCALAR_FUNCTIONS:
            dtype, values = arguments
            return self._fill(StoredArray(self.path), (), dtype, False, values).read().item()
        if name == "_codecs encode" and isinstance(arguments[0], _Text) and arguments[1:] == ("latin1",):
            return _Bytes(arguments[0].offset, arguments[0].size, is_text=True)
        raise Dropped(f"the pickle calls {name}: only NumPy's arrays are read")

    def _build(self, _):
        (state,) = self._take(1)
        target = self.stack[-1]
        if isinstance(target, _Type):  # of its state, only the order of bytes counts
            target.code = _dtype(target.code, state[1])
        elif isinstance(target, StoredArray):
            _, shape, dtype, is_fortran, values = state
            self._fill(target, shape, dtype, bool(is_fortran), values)
        else:
            raise Dropped("the pickle changes something that is no array: it could run code")

    def _fill(self, array, shape, dtype, is_fortran, values):
        if not isinstance(shape, tuple) or len(shape) > 8 or not all(type(n) is int and 0 <= n < 2**40 for n in shape):
            raise Dropped(f"an array has the shape {str(shape)[:60]}")
        if not isinstance(values, _Bytes) or not isinstance(dtype, _Type):
            raise Dropped("an array holds Python objects: only numbers are read")
        array.offset, array.size, array.is_text = values.offset, values.size, values.is_text
        array.dtype, array.shape, array.is_fortran = dtype.code, shape, is_fortran
        return array


PUSHES = {"BINUNICODE", "SHORT_BINUNICODE", "UNICODE", "BINUNICODE8", "BININT", "BININT1", "BININT2", "INT", "LONG"}
PUSHES |= {"LONG1", "LONG4", "FLOAT", "BINFLOAT", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"}


def _dtype(code, order="<"):
    """A type of numbers such as "<f4"; raises `Dropped` for another."""
    code = str(code).lstrip("<>|=")
    if code not in {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"} or order not in tuple(
        "<>|="
    ):
        raise Dropped(f"an array of the type {code[:20]!r}: only numbers are read")
    return f"{order}{code}"
