"""The numbers of a text, separated by white space, read as arrays: several times as fast as `float(token)`."""

import codecs

import numpy as np

# Longer numbers, and those with an exponent, go to `float`. So many digits are exact in a float64.
LONGEST = 12
PLACES = np.arange(LONGEST)[:, None]
TENS = 10.0 ** np.arange(LONGEST + 1)
BLOCK = 2**16  # tokens that are read at once, which bounds the memory


class Tokens:
    """The tokens of a text (bytes), by number from 0; control characters count as white space."""

    def __init__(self, text: bytes):
        self.text = text = text.removeprefix(codecs.BOM_UTF8)
        self.bytes = np.frombuffer(text, np.uint8)
        between = np.ones(len(text) + 2, bool)
        np.less_equal(self.bytes, ord(" "), out=between[1:-1])
        edges = np.flatnonzero(between[1:] != between[:-1])
        self.starts, self.ends = edges[::2], edges[1::2]

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, number: int) -> bytes:
        return self.text[self.starts[number] : self.ends[number]]

    def floats(self, numbers: np.ndarray) -> np.ndarray:
        """The values of the tokens with these numbers (an array of integers), as float64 of the same shape.

        Each is exactly what `float` returns. Raises `ValueError` if a token is not a number.
        """
        values = np.empty(numbers.size)
        for first in range(0, numbers.size, BLOCK):
            values[first : first + BLOCK] = self._floats(numbers.ravel()[first : first + BLOCK])
        return values.reshape(numbers.shape)

    def _floats(self, numbers):
        starts, ends = self.starts[numbers], self.ends[numbers]
        # a column is a token, read backwards; what comes before the token is masked
        characters = self.bytes.take(ends - 1 - PLACES, mode="wrap")
        inside = ends - starts > PLACES
        digits = characters - ord("0")
        is_digit = (digits < 10) & inside
        is_point = (characters == ord(".")) & inside
        points = is_point.sum(axis=0, dtype=np.uint8)
        minus = self.bytes[starts] == ord("-")
        known = is_digit.sum(axis=0, dtype=np.uint8)
        plain = (known > 0) & (known + np.minimum(points, 1) + minus == ends - starts)

        # the digits as an integer in which the point takes the place of a 0, then without that 0
        integer = TENS[:LONGEST] @ (digits * is_digit)
        scale = TENS[(is_point * PLACES.astype(np.uint8)).sum(axis=0, dtype=np.uint8).clip(max=LONGEST)]
        integer -= 9 * scale * np.floor(integer / (10 * scale)) * points
        values = np.where(minus, -integer, integer) / scale
        for other in np.flatnonzero(~plain):
            values[other] = float(self.text[starts[other] : ends[other]])
        return values
