"""The HDF5 tree of an episode: names, chunking and the small pieces writer and reader share.

See ``docs/episode-format.md`` for the same in words for a stranger.
"""

from __future__ import annotations

import json
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from devices.stream import NO_DEVICE_STAMP, StreamSpec

EPISODE_SCHEMA = "thenar.episode/1"
ROW_CHUNK_BYTES = 256 << 10  # measured: below 64 KiB HDF5's own bookkeeping dominates
BYTE_CHUNK = 1 << 20
MAX_DEPTH = 5  # /streams/<side>/<quantity>/<dataset>
META = {"seq": "<u8", "stamp_ns": "<i8", "device_stamp_ns": "<i8", "flags": "<u4", "crc32": "<u4"}
LEDGER = np.dtype(
    [
        ("stream", "S80"),
        ("kind", "S8"),
        ("first_missing_seq", "<u8"),
        ("count", "<u8"),
        ("before_ns", "<i8"),
        ("after_ns", "<i8"),
    ]
)


def is_packed(spec: StreamSpec) -> bool:
    """Whether samples vary in length and are stored as one byte array with offsets."""
    return spec.variable or spec.encoding != "raw"


def make_dataset(
    group: h5py.Group, name: str, shape: tuple[int, ...], dtype: Any, chunk: tuple[int, ...]
) -> h5py.Dataset:
    """Create a dataset at its final size with a checksum on every chunk."""
    if 0 in shape:
        return group.create_dataset(name, shape, dtype)
    chunk = tuple(min(a, b) for a, b in zip(chunk, shape, strict=True))
    return group.create_dataset(name, shape, dtype, chunks=chunk, fletcher32=True)


def put_array(group: h5py.Group, name: str, values: NDArray) -> None:
    """Store a whole one-dimensional array."""
    dataset = make_dataset(group, name, values.shape, values.dtype, (16384,))
    if values.size:
        dataset[...] = values


def put_json(group: h5py.Group, name: str, value: Any) -> None:
    """Store a JSON document as a uint8 array of its UTF-8 text."""
    put_array(group, name, np.frombuffer(json.dumps(value).encode(), np.uint8))


def get_json(group: h5py.Group, name: str) -> Any:
    """Read what ``put_json`` stored."""
    return json.loads(bytes(np.asarray(group[name])))


def attributes_of(node: h5py.Group) -> dict[str, Any]:
    """Attributes of a group or file as plain Python values (arrays stay arrays)."""
    return {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in node.attrs.items()
    }


def plain_group(parent: h5py.Group, name: str) -> h5py.Group:
    """The subgroup ``name``; raises ``KeyError`` when it is missing or no group."""
    node = parent[name]
    if not isinstance(node, h5py.Group):
        raise KeyError(f"'{name}' is not a group")
    return node


def refuse_foreign(group: h5py.Group, file_bytes: int, path: str = "") -> None:
    """Walk a file and refuse what no episode contains, before anything of it is followed.

    Parameters
    ----------
    group : h5py.Group
        Where to begin.
    file_bytes : int
        Size of the file; without compression no dataset can claim more.
    path : str
        Name of ``group``, for the message.

    Raises
    ------
    ValueError
        For links to other places, other files' storage, filters other than Fletcher-32, or a
        dataset that claims to be larger than the file.
    """
    for name in group:
        here = f"{path}/{name}"
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ValueError(f"'{here}' is a link; an episode has none")
        node = group[name]
        if isinstance(node, h5py.Group):
            if here.count("/") > MAX_DEPTH:
                raise ValueError(f"'{here}' lies deeper than an episode goes")
            refuse_foreign(node, file_bytes, here)
        elif isinstance(node, h5py.Dataset):
            if node.external or node.is_virtual:
                raise ValueError(f"'{here}' takes its data from another file")
            made = node.id.get_create_plist()
            filters = {made.get_filter(at)[0] for at in range(made.get_nfilters())}
            if filters - {h5py.h5z.FILTER_FLETCHER32}:
                raise ValueError(f"'{here}' asks for filters {sorted(filters)}")
            if node.dtype.hasobject or node.nbytes > file_bytes:
                raise ValueError(f"'{here}' claims {node.nbytes} bytes of a {file_bytes}-byte file")


def describe(group: h5py.Group, spec: StreamSpec) -> None:
    """Write the attributes of a stream's group."""
    attrs = group.attrs
    attrs["kind"] = spec.kind
    attrs["unit"] = spec.unit
    attrs["axes"] = list(spec.axes) or h5py.Empty("S1")
    attrs["labels"] = list(spec.labels) or h5py.Empty("S1")
    attrs["frame"] = spec.frame
    attrs["encoding"] = spec.encoding
    attrs["quality"] = spec.quality
    attrs["rate_hz"] = spec.rate_hz
    attrs["device"] = spec.device
    attrs["dtype"] = spec.dtype
    attrs["shape"] = np.asarray(spec.shape, np.int64)
    attrs["variable"] = spec.variable
    attrs["no_device_stamp"] = np.int64(NO_DEVICE_STAMP)


def chunk_rows(spec: StreamSpec) -> int:
    """Samples per chunk of a stream that is stored row by row."""
    return max(1, ROW_CHUNK_BYTES // max(1, spec.nbytes))
