"""NumPy's `.npy` and `.npz` files -> joints. Nothing is unpickled, and no header makes this allocate memory."""

import io
import math
import re
import zipfile
from dataclasses import replace

import numpy as np

from mans_keras.skeletons.bounds import MAX_BYTES, check_shape
from mans_keras.skeletons.formats import layouts
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.joint_names import is_list_of_names
from mans_keras.skeletons.sequence import Dropped

NPY_HEADER = re.compile(
    rb"\{'descr': '([<>|=](?:f[248]|[iu][1248]))', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d{1,18}, ?)*(?:\d{1,18})?)\), *\}\s*"
)
TEXT_HEADER = re.compile(
    rb"\{'descr': '([<>|=][US]\d{1,4})', 'fortran_order': (?:True|False), 'shape': \(\d+,\), *\}\s*\n"
)
MAX_TEXT, MAX_OTHERS = 2**20, 10  # bytes of an array with the names of joints, and arrays that are looked at


def npy_header(content: bytes) -> tuple[np.dtype, bool, tuple[int, ...], int]:
    """(type, whether in Fortran order, shape, number of bytes before the values) from the first bytes of a `.npy` file.

    Raises `Dropped` for anything but an array of numbers.
    """
    start = 10 if content[6:7] == b"\x01" else 12
    end = start + int.from_bytes(content[8:start], "little")
    header = NPY_HEADER.fullmatch(content[start:end])
    if content[:6] != b"\x93NUMPY" or not header:
        raise Dropped("not a .npy array of numbers (it may hold Python objects: save joints.astype(float))")
    shape = tuple(int(size) for size in re.findall(rb"\d+", header[3]))
    return np.dtype(header[1].decode()), header[2] == b"True", shape, end


def parse_npy(content: bytes, joints: int | None = None) -> Parsed:
    """The `Parsed` in the bytes of a `.npy` file.

    NumPy's own reader allocates what the header claims, so the header is read here. joints: their number, if it is
    known; it says what the axes are. Raises `Dropped` for another file or type, and as `layouts.order` and `parsed` do.
    """
    header = npy_header(content)
    shape = header[2]
    axes = layouts.order(shape, joints)
    check_shape(*shape)
    return layouts.parsed(values(content, *header), axes, joints)


def values(content: bytes, dtype: np.dtype, is_fortran: bool, shape: tuple[int, ...], end: int) -> np.ndarray:
    """The array (float) in the bytes of a `.npy` file; the others: as `npy_header` returns them.

    Raises `Dropped` if the file has other than the bytes that its header claims.
    """
    if math.prod(shape) * dtype.itemsize != len(content) - end:
        raise Dropped(f"the file is cut short, or its header is wrong: it claims an array of shape {shape}")
    array = np.frombuffer(content, dtype, offset=end).reshape(shape, order="F" if is_fortran else "C")
    with np.errstate(invalid="ignore"):
        array = array.astype(float)
    array[np.isnan(array)] = np.nan  # a signalling NaN would warn wherever it is used
    return array


def parse_npz(content: bytes, joints: int | None = None) -> Parsed:
    """The `Parsed` of the only array of a `.npz` file, or of the array named `joints`; see `parse_npy`.

    Next to that one, there may be an array of texts with the names of the joints, such as `joint_names`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {info.filename: info for info in archive.infolist()}
            member = members.get("joints.npy") or (next(iter(members.values())) if len(members) == 1 else None)
            if member is None and "x_train.npy" in members:
                raise Dropped("a whole data set with x_train and x_test: data_prep/ntu_rgbd.py reads CTR-GCN's files")
            if member is None:
                raise Dropped(f"the file holds {len(members)} arrays: one is expected, or one named joints")
            if member.file_size > MAX_BYTES:
                raise Dropped(f"the array is larger than {MAX_BYTES >> 20} MiB: a file must hold one action")
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise Dropped("the file is compressed as NumPy never does: save it by np.savez_compressed")
            unpacked = archive.read(member)
            others = [info for info in members.values() if info is not member][:MAX_OTHERS]
            others = {info.filename.removesuffix(".npy"): info for info in others}
            names = {name: _texts(archive, info) for name, info in others.items() if is_list_of_names(name)}
    except Dropped:
        raise
    except Exception:  # on broken bytes, zipfile raises nearly anything
        raise Dropped("not a .npz file, or a broken one") from None
    parsed = parse_npy(unpacked, joints)
    number = parsed.joints.shape[2]
    fitting = next((name for name, texts in names.items() if len(texts) == len(set(texts)) == number), None)
    unused = [f"the names under {name[:40]!r}" for name in names if name != fitting]
    left_out = (*parsed.left_out, *unused, *(name[:40] for name in others if name not in names))
    return replace(parsed, names=tuple(names.get(fitting, ())), left_out=left_out)


def _texts(archive, member):
    """The texts of an array with one axis, of an opened `.npz` file; [] if it is another array or too large."""
    if member.file_size > MAX_TEXT or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return []
    content = archive.read(member)
    header = TEXT_HEADER.match(content, 10)
    texts = np.frombuffer(content, header[1].decode(), offset=header.end()).tolist() if header else []
    return [text.decode("utf-8", "replace") if isinstance(text, bytes) else text for text in texts]
