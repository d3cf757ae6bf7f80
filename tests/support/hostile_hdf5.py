"""HDF5 files that no honest recording contains."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
from h5py import h5d, h5p, h5s, h5t

Make = Callable[[Path], None]


def _file(fill: Callable[[h5py.File], object]) -> Make:
    def make(path: Path) -> None:
        with h5py.File(path, "w") as file:
            fill(file)

    return make


def _filtered(code: int) -> Make:
    def fill(file: h5py.File) -> None:
        made = h5p.create(h5p.DATASET_CREATE)
        made.set_chunk((4,))
        made.set_filter(code, h5py.h5z.FLAG_OPTIONAL, (1, 2))
        h5d.create(file.id, b"x", h5t.NATIVE_INT32, h5s.create_simple((4,)), made)

    return _file(fill)


def _external_storage(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (16,), "u1", external=[("/etc/passwd", 0, 16)])


def _external_link(file: h5py.File) -> None:
    file["x"] = h5py.ExternalLink("/etc/hostname", "/x")


def _cycle(file: h5py.File) -> None:
    file.create_group("a")["b"] = file["/"]


def _alias(file: h5py.File) -> None:
    file["a"] = np.arange(3)
    file["b"] = file["a"]


def _virtual(path: Path) -> None:
    layout = h5py.VirtualLayout((4,), "i4")
    layout[:] = h5py.VirtualSource("/etc/hostname", "x", (4,))
    with h5py.File(path, "w", libver="latest") as file:
        file.create_virtual_dataset("x", layout)


def _deep(file: h5py.File) -> None:
    node = file
    for _ in range(60):
        node = node.create_group("g")


def _crowd(file: h5py.File) -> None:
    for number in range(2200):
        file.create_group(f"g{number}")


def _scattered_crowd(file: h5py.File) -> None:
    for number in range(60):
        group = file.create_group(f"g{number}")
        for inner in range(40):
            group.create_dataset(f"d{inner}", data=np.int8(0))


def _vlen_bomb(file: h5py.File) -> None:
    data = file.create_dataset("x", (2,), h5py.vlen_dtype(np.uint8))
    data[0] = np.zeros(1 << 20, np.uint8)


def _region(file: h5py.File) -> None:
    file["a"] = np.arange(9)
    data = file.create_dataset("x", (1,), h5py.regionref_dtype)
    data[0] = file["a"].regionref[2:5]


def _reference(file: h5py.File) -> None:
    file["a"] = np.arange(9)
    data = file.create_dataset("x", (1,), h5py.ref_dtype)
    data[0] = file["a"].ref


def _reference_attribute(file: h5py.File) -> None:
    file["a"] = np.arange(9)
    file.attrs["r"] = file["a"].ref


def _attributes(file: h5py.File) -> None:
    for number in range(200):
        file.attrs[f"a{number}"] = number


def _big_attribute(path: Path) -> None:
    with h5py.File(path, "w", libver="latest") as file:
        file.attrs.create("big", np.zeros(200_000), dtype="f8")


def _null_shape(file: h5py.File) -> None:
    file["x"] = h5py.Empty("f4")


def _named_type(file: h5py.File) -> None:
    file["x"] = np.dtype("f4")


def _opaque(file: h5py.File) -> None:
    file.create_dataset("x", data=np.zeros(3, h5py.opaque_dtype(np.dtype("M8[s]"))))


def _raw_name(name: bytes) -> Make:
    return _file(lambda file: h5py.h5g.create(file.id, name))


def _truncated(path: Path) -> None:
    _file(lambda file: file.create_dataset("x", data=np.arange(5000)))(path)
    path.write_bytes(path.read_bytes()[:9000])


def _flipped(at: int) -> Make:
    def make(path: Path) -> None:
        _file(lambda file: file.create_dataset("x", data=np.arange(50)))(path)
        data = bytearray(path.read_bytes())
        data[at] ^= 0xFF
        path.write_bytes(bytes(data))

    return make


def _swmr_open(path: Path) -> None:
    with h5py.File(path, "w", libver="latest") as file:
        file.create_dataset("x", (0,), "f4", maxshape=(None,), chunks=(8,))
        file.swmr_mode = True
        copy = path.read_bytes()
    path.write_bytes(copy)


def _userblock(path: Path) -> None:
    with h5py.File(path, "w", userblock_size=512) as file:
        file["x"] = 1


def _zeros(shape: tuple[int, ...], **options: object) -> Make:
    return _file(lambda file: file.create_dataset("x", shape, "f8", **options))


def _bomb(file: h5py.File) -> None:
    file.create_dataset(
        "x", data=np.zeros((40, 100_000)), chunks=(1, 100_000), compression="gzip",
        compression_opts=9,
    )  # fmt: skip


SAMPLES: dict[str, tuple[Make, str]] = {
    "external storage": (_external_storage, "keeps its data in another file"),
    "external link": (_file(_external_link), "is a link to another place"),
    "soft link out": (_file(lambda f: f.__setitem__("x", h5py.SoftLink("/nowhere"))), "is a link"),
    "soft link in": (_file(lambda f: f.__setitem__("x", h5py.SoftLink("/"))), "is a link"),
    "cycle": (_file(_cycle), "alias"),
    "alias": (_file(_alias), "alias"),
    "virtual dataset": (_virtual, "is virtual"),
    "unknown filter": (_filtered(40_000), "needs filter 40000"),
    "plugin filter": (_filtered(32_001), "needs filter 32001"),
    "lzf filter": (_zeros((8,), chunks=(8,), compression="lzf"), "needs filter 32000"),
    "scale-offset filter": (
        _file(lambda f: f.create_dataset("x", data=np.arange(8), chunks=(8,), scaleoffset=3)),
        "needs filter 6",
    ),
    "huge logical size": (_zeros((1 << 37,), chunks=(1 << 10,)), "times its size"),
    "huge logical size in many axes": (
        _zeros((1 << 20, 1 << 20, 1 << 20), chunks=(1, 1, 8)),
        "times its size",
    ),  # fmt: skip
    "compression bomb": (_file(_bomb), "times its size"),
    "deep nesting": (_file(_deep), "groups deep"),
    "crowd of groups": (_file(_crowd), "holds 2200 objects"),
    "scattered crowd": (_file(_scattered_crowd), "object 2001|objects"),
    "dotted name": (_raw_name(b".."), "no plain name"),
    "control letters in a name": (_raw_name(b"a\x1b[2J"), "no plain name"),
    "backslash in a name": (_raw_name(b"a\\b"), "no plain name"),
    "long name": (_raw_name(b"a" * 5000), "name of 5000 bytes"),
    "object text": (
        _file(lambda f: f.create_dataset("x", data=["a", "b"], dtype=h5py.string_dtype())),
        "text of varying length",
    ),
    "bomb of varying length": (_file(_vlen_bomb), "arrays of varying length"),
    "region references": (_file(_region), "references into the file"),
    "object references": (_file(_reference), "references into the file"),
    "reference attribute": (_file(_reference_attribute), "references into the file"),
    "too many attributes": (_file(_attributes), "200 attributes"),
    "big attribute": (_big_attribute, "claims 200000 entries"),
    "dataset without shape": (_file(_null_shape), "has no shape"),
    "named type": (_file(_named_type), "named type"),
    "opaque values": (_file(_opaque), "opaque bytes"),
    "array type": (
        _file(
            lambda f: (
                f.create_dataset("x", (2,), np.dtype(("f4", (3,))))
                and h5d.create(
                    f.id, b"y", h5t.array_create(h5t.NATIVE_INT8, (3,)), h5s.create_simple((2,))
                )
            )
        ),
        "arrays within arrays",
    ),  # fmt: skip
    "long doubles": (_file(lambda f: f.create_dataset("x", (2,), np.longdouble)), "16 bytes"),
    "huge chunk": (_zeros((1 << 24,), chunks=(1 << 24,)), "chunks of"),
    "many axes": (_zeros((1,) * 12), "12 axes"),
    "truncated": (_truncated, "cannot be read as HDF5"),
    "flipped superblock version": (_flipped(8), "cannot be read as HDF5"),
    "flipped superblock address": (_flipped(26), "cannot be read as HDF5"),
    "flipped root header": (_flipped(96), "cannot be read as HDF5"),
    "wrong magic": (
        lambda path: path.write_bytes(b"\x89HDG\r\n\x1a\n" + bytes(4000)) and None,
        "does not begin like an HDF5 file",
    ),  # fmt: skip
    "open for writing": (_swmr_open, "still being written"),
    "user block": (_userblock, "does not begin like an HDF5 file"),
}
