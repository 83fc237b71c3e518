import random

import numpy as np
import pytest

from mans_keras.skeletons.formats.decimals import Tokens


def numbers():
    """Numbers as sensors and spreadsheets write them, and some that nobody writes."""
    rng = random.Random(0)
    for _ in range(3000):
        yield f"{rng.uniform(-5, 5) * 10 ** rng.randint(-7, 3):.7g}"
        yield f"{rng.uniform(-9, 9) * 10 ** rng.randint(0, 5):.{rng.randint(0, 12)}f}"
        yield str(rng.randint(-(10 ** rng.randint(1, 20)), 10 ** rng.randint(1, 20)))
    yield from ("-0", "5.", ".5", "-.5", "+3", "1e3", "-1E-3", "000012.50", "999999999999", "-9999999999.9", "inf")


def test_tokens_are_the_floats_that_python_reads():
    written = list(numbers())
    tokens = Tokens("\r\n".join(written).encode())
    expected = np.array([float(token) for token in written])
    read = tokens.floats(np.arange(len(tokens)))
    np.testing.assert_array_equal(read, expected)
    np.testing.assert_array_equal(np.signbit(read), np.signbit(expected))


def test_tokens_are_those_that_split_finds():
    text = b"  12 -3.5\t\r\nabc\n\n 7"
    tokens = Tokens(text)
    assert [tokens[number] for number in range(len(tokens))] == text.split()
    assert len(Tokens(b"")) == len(Tokens(b" \n")) == 0


def test_a_byte_order_mark_is_no_token():
    assert Tokens(b"\xef\xbb\xbf12 7")[0] == b"12"


@pytest.mark.parametrize("token", ["-", ".", "-.", "1-2", "--1", "1.2.3", "..1", "1,2", "word", "0x10", "1 -", "\xff"])
def test_a_token_that_is_not_a_number_is_refused(token):
    tokens = Tokens(token.encode())
    with pytest.raises(ValueError, match="could not convert"):
        tokens.floats(np.arange(len(tokens)))
