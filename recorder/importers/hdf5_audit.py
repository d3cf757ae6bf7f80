"""Audit a foreign HDF5 file before anything in it is followed. Runs in the child only.

Allowed: hard links without aliases or cycles, data stored in the file itself, the filters deflate,
shuffle and Fletcher-32, plain numbers and fixed text, and text attributes of bounded length.
Everything else is refused with the path, the value and the limit. Whoever reads data here has
passed the audit in the same process and with the same open file.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from recorder.importers.limits import Limits, Refused

h5a, h5d, h5f, h5g = h5py.h5a, h5py.h5d, h5py.h5f, h5py.h5g
h5pl, h5t, h5z = h5py.h5pl, h5py.h5t, h5py.h5z
h5l: Any = importlib.import_module("h5py.h5l")  # compiled modules without type stubs
h5o: Any = importlib.import_module("h5py.h5o")

SIGNATURE = b"\x89HDF\r\n\x1a\n"
FILTERS = {h5z.FILTER_DEFLATE: "deflate", h5z.FILTER_SHUFFLE: "shuffle", h5z.FILTER_FLETCHER32: ""}
PLAIN = (h5t.INTEGER, h5t.FLOAT)
MAX_RANK = 8
MAX_FIXED_TEXT_BYTES = 1 << 16
MAX_MEMBERS = 64
MAX_ATTRIBUTE_ENTRIES = 4096
BLOCK_BYTES = 32 << 20


@dataclass
class Audit:
    """What a file contains, gathered while it is judged."""

    path: Path
    limits: Limits
    file_bytes: int
    seen: set[Any] = field(default_factory=set)
    nodes: list[dict[str, Any]] = field(default_factory=list)
    claimed_bytes: int = 0

    def walk(self, group: Any, where: str, depth: int) -> None:
        """Judge a group and everything below it."""
        self._once(group, where or "/")
        self.nodes.append({"path": where or "/", "attributes": self._attributes(group, where)})
        if depth > self.limits.hdf5_depth:
            raise self._no(where, f"lies {depth} groups deep (limit {self.limits.hdf5_depth})")
        count = group.get_num_objs()
        if count + len(self.nodes) > self.limits.hdf5_objects:
            raise self._no(where, f"holds {count} objects (limit {self.limits.hdf5_objects})")
        for raw in list(group):
            name = self._name(raw, where)
            here = f"{where}/{name}"
            if group.links.get_info(raw).type != h5l.TYPE_HARD:
                raise self._no(here, "is a link to another place; only data in place is read")
            node = h5o.open(group, raw)
            if isinstance(node, h5g.GroupID):
                self.walk(node, here, depth + 1)
            elif isinstance(node, h5d.DatasetID):
                self._dataset(node, here)
            else:
                raise self._no(here, "is a named type; only groups and datasets are read")

    def _once(self, node: Any, where: str) -> None:
        info = h5o.get_info(node)
        identity = (info.fileno, str(info.addr) if hasattr(info, "addr") else repr(info.token))
        if identity in self.seen:
            raise self._no(where, "is stored elsewhere in the file under another name (alias)")
        self.seen.add(identity)

    def _name(self, raw: bytes, where: str) -> str:
        if len(raw) > self.limits.name_bytes:
            raise self._no(
                where, f"holds a name of {len(raw)} bytes (limit {self.limits.name_bytes})"
            )
        name = raw.decode("utf-8", "replace")
        if name in ("", ".", "..") or "/" in name or "\\" in name or not name.isprintable():
            raise self._no(where, f"holds the name {name!r}, which is no plain name")
        return name

    def _attributes(self, node: Any, where: str) -> dict[str, Any]:
        count = h5a.get_num_attrs(node)
        if count > self.limits.hdf5_attributes:
            raise self._no(where, f"has {count} attributes (limit {self.limits.hdf5_attributes})")
        values: dict[str, Any] = {}
        for at in range(count):
            attribute = h5a.open(node, index=at)
            name = attribute.name.decode("utf-8", "replace")
            here = f"{where or '/'}@{name}"
            kind = attribute.get_type()
            entries = math.prod(attribute.shape)
            size = entries * kind.get_size()
            if entries > MAX_ATTRIBUTE_ENTRIES or size > self.limits.attribute_bytes:
                raise self._no(
                    here,
                    f"claims {entries} entries of {kind.get_size()} bytes (limits "
                    f"{MAX_ATTRIBUTE_ENTRIES} entries, {self.limits.attribute_bytes} bytes)",
                )
            is_text = isinstance(kind, h5t.TypeStringID)
            if not is_text:
                self._type(kind, here)
            values[name] = self._value(node, attribute.name, is_text, here)
        return values

    def _value(self, node: Any, name: bytes, is_text: bool, here: str) -> Any:
        value = (h5py.Group if isinstance(node, h5g.GroupID) else h5py.Dataset)(node).attrs[name]
        if isinstance(value, h5py.Empty):
            return None
        plain = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        if isinstance(plain, bytes):
            plain = plain.decode("utf-8", "replace")
        if is_text and isinstance(plain, str) and len(plain) > self.limits.attribute_bytes:
            raise self._no(
                here, f"is text of {len(plain)} letters (limit {self.limits.attribute_bytes})"
            )
        if isinstance(plain, list):
            plain = [p.decode("utf-8", "replace") if isinstance(p, bytes) else p for p in plain]
        return plain if isinstance(plain, str | int | float | bool | list) else str(plain)

    def _type(self, kind: Any, here: str, inside: bool = False) -> None:
        if isinstance(kind, h5t.TypeStringID):
            if kind.is_variable_str():
                raise self._no(here, "holds text of varying length; only fixed text is read")
            if kind.get_size() > MAX_FIXED_TEXT_BYTES:
                raise self._no(
                    here, f"holds text of {kind.get_size()} bytes (limit {MAX_FIXED_TEXT_BYTES})"
                )
            return
        if kind.get_class() in PLAIN:
            if kind.get_size() > 8:
                raise self._no(here, f"holds numbers of {kind.get_size()} bytes (limit 8)")
            return
        if isinstance(kind, h5t.TypeEnumID):
            return
        if isinstance(kind, h5t.TypeCompoundID) and not inside:
            if kind.get_nmembers() > MAX_MEMBERS:
                raise self._no(here, f"has {kind.get_nmembers()} fields (limit {MAX_MEMBERS})")
            for at in range(kind.get_nmembers()):
                self._type(kind.get_member_type(at), here, inside=True)
            return
        name = _CLASSES.get(kind.get_class(), "an unknown kind of value")
        raise self._no(here, f"holds {name}; only numbers and fixed text are read")

    def _dataset(self, data: Any, here: str) -> None:
        self._once(data, here)
        kind = data.get_type()
        self._type(kind, here)
        made = data.get_create_plist()
        if made.get_layout() == h5d.VIRTUAL:
            raise self._no(here, "is virtual: its data lies in other files")
        if made.get_external_count():
            raise self._no(here, f"keeps its data in another file ({made.get_external(0)[0]!r})")
        for at in range(made.get_nfilters()):
            code = made.get_filter(at)[0]
            if code not in FILTERS:
                raise self._no(
                    here, f"needs filter {code}; only deflate, shuffle and Fletcher-32 are read"
                )
        shape = data.shape
        if shape is None:
            raise self._no(here, "has no shape; only arrays and single values are read")
        if len(shape) > MAX_RANK:
            raise self._no(here, f"has {len(shape)} axes (limit {MAX_RANK})")
        claimed = math.prod(shape) * kind.get_size()
        if made.get_layout() == h5d.CHUNKED:
            chunk = math.prod(made.get_chunk()) * kind.get_size()
            if chunk > self.limits.chunk_bytes:
                raise self._no(
                    here, f"has chunks of {chunk} bytes (limit {self.limits.chunk_bytes})"
                )
            claimed = max(claimed, chunk if data.get_storage_size() else 0)
        self.claimed_bytes += claimed
        self._size(here)
        self.nodes.append(
            {
                "path": here,
                "attributes": self._attributes(data, here),
                "shape": [int(n) for n in shape],
                "dtype": kind.dtype.str,
                "stored": int(data.get_storage_size()),
                "raw": made.get_nfilters() == 0,
            }
        )
        if len(self.nodes) > self.limits.hdf5_objects:
            raise self._no(
                here,
                f"is object {len(self.nodes)} of the file (limit {self.limits.hdf5_objects})",
            )

    def _size(self, here: str) -> None:
        limits = self.limits
        allowed = max(limits.ratio * self.file_bytes, limits.ratio_floor_bytes)
        if self.claimed_bytes > min(allowed, limits.total_bytes):
            ratio = self.claimed_bytes / max(1, self.file_bytes)
            raise self._no(
                here,
                f"brings the file to {self.claimed_bytes} claimed bytes, {ratio:.0f} times its "
                f"size (limits {limits.total_bytes} bytes, {limits.ratio:g} times)",
            )

    def _no(self, where: str, why: str) -> Refused:
        return Refused(f"'{self.path.name}': '{_short(where) or '/'}' {why}")


_CLASSES = {
    h5t.REFERENCE: "references into the file",
    h5t.VLEN: "arrays of varying length",
    h5t.OPAQUE: "opaque bytes",
    h5t.TIME: "HDF5 times",
    h5t.BITFIELD: "bit fields",
    h5t.ARRAY: "arrays within arrays",
    h5t.COMPOUND: "structures within structures",
}


def _short(text: str) -> str:
    return text if len(text) <= 120 else text[:60] + "..." + text[-50:]


def open_audited(path: Path, limits: Limits) -> tuple[Any, Audit]:
    """Open a file and judge all of it.

    Raises
    ------
    Refused
        When it contains anything outside the allowed kind.
    """
    for at in reversed(range(h5pl.size())):
        h5pl.remove(at)
    with open(path, "rb") as file:
        if file.read(8) != SIGNATURE:
            raise Refused(f"'{path.name}' does not begin like an HDF5 file; it is another format")
    try:
        opened = h5f.open(bytes(path), h5f.ACC_RDONLY)
        audit = Audit(path, limits, path.stat().st_size)
        audit.walk(h5g.open(opened, b"/"), "", 0)
    except (OSError, RuntimeError, KeyError) as error:
        raise Refused(
            f"'{path.name}' cannot be read as HDF5: {str(error).splitlines()[0][:200]}; it is "
            "damaged or still being written"
        ) from None
    return opened, audit


_open: dict[Path, tuple[Any, Audit]] = {}


def _audited(path: Path, limits: Limits) -> tuple[Any, Audit]:
    if path not in _open:
        _open.clear()
        _open[path] = open_audited(path, limits)
    return _open[path]


def check(path: Path, limits: Limits) -> Iterator[tuple[dict[str, Any], list[NDArray[Any]]]]:
    """Audit; the answer counts objects and claimed bytes."""
    _, audit = _audited(path, limits)
    yield {"objects": len(audit.nodes), "claimed_bytes": audit.claimed_bytes}, []


def tree(path: Path, limits: Limits) -> Iterator[tuple[dict[str, Any], list[NDArray[Any]]]]:
    """Audit and describe every group and dataset."""
    _, audit = _audited(path, limits)
    for start in range(0, len(audit.nodes), 1000):
        yield {"nodes": audit.nodes[start : start + 1000]}, []


def rows(
    path: Path, limits: Limits, name: str
) -> Iterator[tuple[dict[str, Any], list[NDArray[Any]]]]:
    """Read one dataset in blocks of rows."""
    opened, audit = _audited(path, limits)
    if name not in {node["path"] for node in audit.nodes if "shape" in node}:
        raise Refused(f"'{path.name}' has no dataset '{_short(name)}'")
    data = h5py.Dataset(h5o.open(h5g.open(opened, b"/"), name.encode()))
    if data.ndim == 0:
        yield {"first": 0}, [_numbers(np.asarray(data[()]).reshape(1), name)]
        return
    row_bytes = max(1, math.prod(data.shape[1:]) * data.dtype.itemsize)
    step = max(1, BLOCK_BYTES // row_bytes)
    if row_bytes > limits.message_bytes:
        raise Refused(
            f"'{path.name}': one row of '{_short(name)}' has {row_bytes} bytes (limit "
            f"{limits.message_bytes})"
        )
    for first in range(0, data.shape[0], step):
        yield {"first": first}, [_numbers(np.asarray(data[first : first + step]), name)]


def _numbers(values: NDArray[Any], name: str) -> NDArray[Any]:
    if values.dtype.kind not in "biuf":
        raise Refused(f"'{_short(name)}' holds '{values.dtype}', numbers were expected")
    return values


QUESTIONS = {"hdf5.check": check, "hdf5.tree": tree, "hdf5.rows": rows}
