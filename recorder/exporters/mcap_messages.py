"""Samples as JSON messages that Foxglove plots and shows, each with its schema.

=====================  ===========================================================================
sample                 message
=====================  ===========================================================================
(J,) with labels       ``values``: an object by label, ``/right/joints_measured.values.right_...``
(J,)                   ``values``: an array
(R, 3) of vectors      ``rows``: objects with ``name``, ``x``, ``y``, ``z``
(R, D)                 ``rows``: objects with ``name`` and ``values``
(R, T, 3) taxels       ``rows``: objects with ``name``, arrays ``x``, ``y``, ``z``, and ``sum``
JPEG, PNG              foxglove.CompressedImage, bytes as they were recorded
raw pictures, depth    foxglove.RawImage
JSON events            ``event``: as it was
=====================  ===========================================================================

All of them have ``timestamp`` (wall), ``stamp_ns`` (host monotonic), ``seq`` and ``flags``;
``device_stamp_ns`` where the device has a clock. Numbers that are not finite become null: JSON has
none.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.clock import NS_PER_S
from devices.stream import NO_DEVICE_STAMP
from recorder.encoding import encode_sample
from recorder.episode import EpisodeStream
from recorder.exporters.mcap_labels import Note

NUMBER, TEXT, INTEGER = {"type": "number"}, {"type": "string"}, {"type": "integer"}
NUMBERS = {"type": "array", "items": NUMBER}
TIME = {
    "type": "object",
    "title": "time",
    "properties": {"sec": INTEGER, "nsec": INTEGER},
}
STAMPS = {
    "timestamp": TIME,
    "stamp_ns": INTEGER,
    "seq": INTEGER,
    "flags": INTEGER,
    "device_stamp_ns": INTEGER,
}
BYTES = {"type": "string", "contentEncoding": "base64"}
XYZ = ("x", "y", "z")
VECTOR = {"type": "object", "properties": dict.fromkeys(XYZ, NUMBER)}

Body = Callable[[EpisodeStream, int], dict[str, Any]]


def schema_of(title: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON schema of an object."""
    return {"title": title, "type": "object", "properties": dict(properties)}


PHASE_SCHEMA = schema_of("thenar.Phase", {"timestamp": TIME, "stamp_ns": INTEGER, "label": TEXT})
LOG_SCHEMA = schema_of(
    "foxglove.Log",
    {
        "timestamp": TIME,
        "level": INTEGER,
        "message": TEXT,
        "name": TEXT,
        "file": TEXT,
        "line": INTEGER,
        "stamp_ns": INTEGER,
    },
)


@dataclass(frozen=True)
class MessageKind:
    """How the samples of one stream are said.

    Attributes
    ----------
    schema_name : str
    schema : dict
        JSON schema.
    body : callable
        Makes the message of a sample without its stamps.
    """

    schema_name: str
    schema: dict[str, Any]
    body: Body

    def message(self, stream: EpisodeStream, index: int, wall_ns: int) -> bytes:
        """Return the message of one sample; ``wall_ns`` is its time."""
        device_ns = int(stream.device_stamp_ns[index])
        said = {
            "timestamp": time_of(wall_ns),
            "stamp_ns": int(stream.stamp_ns[index]),
            "seq": int(stream.seq[index]),
            "flags": int(stream.flags[index]),
        }
        if device_ns != NO_DEVICE_STAMP:
            said["device_stamp_ns"] = device_ns
        return as_json(said | self.body(stream, index))


def message_kind(stream: EpisodeStream, size: tuple[int, int] | None) -> MessageKind:
    """Return how the samples of a stream are said.

    Parameters
    ----------
    stream : EpisodeStream
    size : tuple of (int, int), optional
        Width and height pictures are brought to; else they pass as they were recorded.
    """
    spec = stream.spec
    own = f"thenar.{spec.name.replace('/', '.')}"
    if spec.variable:
        return MessageKind(own, schema_of(own, {**STAMPS, "event": {"type": "object"}}), _event)
    if spec.kind in ("image", "visuotactile", "depth", "mask"):
        return _picture_kind(stream, size if spec.kind in ("image", "visuotactile") else None)
    properties, body = _numbers(stream)
    return MessageKind(own, schema_of(own, {**STAMPS, **properties}), body)


def phase_message(note: Note, wall_ns: int, stamp_ns: int) -> bytes:
    """Return the message that a phase holds from now on."""
    return as_json({"timestamp": time_of(wall_ns), "stamp_ns": stamp_ns, "label": note.text})


def log_message(note: Note, wall_ns: int, stamp_ns: int) -> bytes:
    """Return a line of the log."""
    said = {"level": note.level, "message": note.text, "name": note.name, "file": "", "line": 0}
    return as_json({"timestamp": time_of(wall_ns), **said, "stamp_ns": stamp_ns})


def time_of(wall_ns: int) -> dict[str, int]:
    """Return a time as Foxglove writes it."""
    return {"sec": wall_ns // NS_PER_S, "nsec": wall_ns % NS_PER_S}


def as_json(value: Any) -> bytes:
    """Return compact JSON; what is not finite becomes null."""
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
    except ValueError:
        return json.dumps(_finite(value), separators=(",", ":"), allow_nan=False).encode()


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _event(stream: EpisodeStream, index: int) -> dict[str, Any]:
    text = bytes(stream.stored(index)).decode("utf-8", "replace")
    try:
        return {"event": json.loads(text)}
    except ValueError:
        return {"event": {"text": text}}


def _numbers(stream: EpisodeStream) -> tuple[dict[str, Any], Body]:
    shape, labels = stream.spec.shape, stream.spec.labels
    named = len(labels) >= shape[0]
    names = list(labels[: shape[0]]) if named else [str(place) for place in range(shape[0])]
    block = stream.rows(slice(None))
    if len(shape) == 1 and named:
        properties = {"type": "object", "properties": dict.fromkeys(names, NUMBER)}
        return {"values": properties}, lambda _, at: {
            "values": dict(zip(names, block[at].tolist(), strict=True))
        }
    if len(shape) == 1:
        return {"values": NUMBERS}, lambda _, at: {"values": block[at].tolist()}
    if len(shape) == 2:
        inner: dict[str, Any] = {"values": NUMBERS}
        if shape[1] == 3:
            inner = dict.fromkeys(XYZ, NUMBER)
        return _rows_of(inner), lambda _, at: {"rows": _table(names, block[at])}
    inner = {**dict.fromkeys(XYZ, NUMBERS), "sum": VECTOR}
    return _rows_of(inner), lambda _, at: {"rows": _taxels(names, block[at])}


def _rows_of(properties: Mapping[str, Any]) -> dict[str, Any]:
    item = {"type": "object", "properties": {"name": TEXT, **properties}}
    return {"rows": {"type": "array", "items": item}}


def _table(names: list[str], sample: NDArray) -> list[dict[str, Any]]:
    if sample.shape[1] == 3:
        return [
            {"name": name, **dict(zip(XYZ, row, strict=True))}
            for name, row in zip(names, sample.tolist(), strict=True)
        ]
    pairs = zip(names, sample.tolist(), strict=True)
    return [{"name": name, "values": row} for name, row in pairs]


def _taxels(names: list[str], sample: NDArray) -> list[dict[str, Any]]:
    sums = sample.sum(axis=1, dtype=np.float64).tolist()
    return [
        {"name": name, **dict(zip(XYZ, pad.T.tolist(), strict=True)),
         "sum": dict(zip(XYZ, total, strict=True))}
        for name, pad, total in zip(names, sample, sums, strict=True)
    ]  # fmt: skip


def _picture_kind(stream: EpisodeStream, size: tuple[int, int] | None) -> MessageKind:
    spec = stream.spec
    height, width = spec.shape[:2]
    if spec.encoding == "raw" and (size is None or size == (width, height)):
        name, body = "foxglove.RawImage", _raw
        own = {"width": INTEGER, "height": INTEGER, "encoding": TEXT, "step": INTEGER}
    else:
        name, own = "foxglove.CompressedImage", {"format": TEXT}
        body = _compressed if size in (None, (width, height)) else _resized(size)
    properties = {**STAMPS, "frame_id": TEXT, "data": BYTES, **own}
    return MessageKind(name, schema_of(name, properties), body)


def _compressed(stream: EpisodeStream, index: int) -> dict[str, Any]:
    return _image(stream, bytes(stream.stored(index)), stream.spec.encoding)


def _resized(size: tuple[int, int]) -> Body:
    def body(stream: EpisodeStream, index: int) -> dict[str, Any]:
        smaller = cv2.resize(stream.frame(index), size, interpolation=cv2.INTER_AREA)
        encoding = "png" if stream.spec.encoding == "raw" else stream.spec.encoding
        spec = stream.spec.model_copy(update={"encoding": encoding})
        return _image(stream, bytes(encode_sample(spec, np.asarray(smaller))), encoding)

    return body


def _image(stream: EpisodeStream, data: bytes, encoding: str) -> dict[str, Any]:
    encoded = base64.b64encode(data).decode()
    return {"frame_id": stream.spec.device, "data": encoded, "format": encoding}


def _raw(stream: EpisodeStream, index: int) -> dict[str, Any]:
    sample = np.ascontiguousarray(stream.frame(index))
    encodings = {("u1", 3): "rgb8", ("u1", 2): "mono8", ("u2", 2): "16UC1"}
    kind = encodings[sample.dtype.str[1:], sample.ndim]
    return {
        "frame_id": stream.spec.device,
        "width": sample.shape[1],
        "height": sample.shape[0],
        "encoding": kind,
        "step": sample.strides[0],
        "data": base64.b64encode(sample.tobytes()).decode(),
    }
