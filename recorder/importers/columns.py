"""Which stream a foreign column becomes, and how its values are shaped."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.stream import StreamKind, StreamSpec
from recorder.importers.account import Account
from recorder.importers.foreign import ForeignStream, need_finite, need_rising, slug

PREFIX = "observation."
PICTURE_PREFIX = "observation.images."
CLOCK_PREFIX = "observation.time_ns."
STATE, ACTION = "imported/state", "imported/action"
OWN: dict[str, tuple[str, StreamKind]] = {
    "force": ("fingertip_force", "force"),
    "taxels": ("taxels", "taxels"),
    "pressure": ("fingertip_pressure", "pressure"),
}
AXES = {"force": ("finger", "xyz"), "taxels": ("finger", "taxel", "xyz"), "pressure": ("finger",)}
UNITS = {"force": "N", "taxels": "N", "pressure": "Pa"}


def numeric_stream(
    key: str,
    data: NDArray[Any],
    names: tuple[str, ...],
    rate_hz: float,
    stamp_ns: NDArray[np.int64],
    account: Account,
    index: int,
    shape: tuple[int, ...] = (),
) -> ForeignStream:
    """A stream of numbers from a column ``(N, D)``.

    Parameters
    ----------
    key : str
        Name of the column there.
    names : tuple of str
        Names of the D values; made up where they do not fit.
    stamp_ns : (N,) int64 array
    account : Account
        Gives hands their own stream names back when this program made the export.
    shape : tuple of int
        Shape of one row before it was flattened, where that is known.
    """
    data = data.reshape(len(data), -1)
    need_finite(data, key)
    need_rising(stamp_ns, key)
    width = data.shape[1]
    name, kind, unit = _target(key, account, index)
    own = account.spec(name)
    if own is not None and math.prod(own.shape) == width:
        spec = own.model_copy(update={"rate_hz": rate_hz, "device": "imported"})
        shaped = data.astype(own.dtype).reshape(len(data), *own.shape)
        return ForeignStream(spec, stamp_ns, _iterate(shaped))
    quantity = key.removeprefix(PREFIX).partition(".")[0]
    sample: tuple[int, ...] = (width,)
    axes: tuple[str, ...] = ("joint",) if kind == "joints" else ("value",)
    if kind in ("force", "taxels", "pressure"):
        wanted = AXES[quantity]
        if len(shape) == len(wanted) and int(np.prod(shape)) == width:
            sample, axes = shape, wanted
        elif quantity == "force" and width % 3 == 0:
            sample, axes = (width // 3, 3), wanted
        elif quantity != "pressure":
            name, kind = f"imported/{slug(key.removeprefix(PREFIX))}", "encoders"
    if len(names) != width or len(sample) > 1:
        names = tuple(f"{slug(key.rpartition('.')[2])}_{at}" for at in range(width))
    dtype = "<f4" if data.dtype == np.float32 and kind != "joints" else "<f8"
    spec = StreamSpec(
        name=name,
        kind=kind,
        dtype=dtype,
        shape=sample,
        axes=axes,
        unit=unit,
        rate_hz=rate_hz,
        labels=names if len(sample) == 1 else (),
        device="imported",
    )
    shaped = data.astype(dtype).reshape(len(data), *sample)
    return ForeignStream(spec, stamp_ns, _iterate(shaped))


def _iterate(values: NDArray[Any]) -> Callable[[], Iterator[NDArray[Any]]]:
    return lambda: iter(values)


def _target(key: str, account: Account, index: int) -> tuple[str, StreamKind, str]:
    """Stream name, kind and unit of a column."""
    short = key.removeprefix(PREFIX)
    if short in ("state", "velocity", "effort"):
        ending = {"state": "joints_measured"}.get(short, f"joints_{short}_measured")
        own = account.hand(index, ending)
        unit = {"state": "rad|m", "velocity": "rad/s", "effort": "N*m"}[short] if own else "1"
        return own or f"imported/{short}", "joints", unit
    if key in ("action", "actions"):
        own = account.hand(index, "joints_sent") if account.action == "sent" else ""
        return own or ACTION, "joints", "rad|m" if own else "1"
    if key == "sent":
        own = account.hand(index, "joints_sent")
        return own or "imported/sent", "joints", "rad|m" if own else "1"
    quantity, _, side = short.partition(".")
    if quantity in OWN and side:
        ending, kind = OWN[quantity]
        if f"{side}/{ending}" in account.streams(index):
            return f"{side}/{ending}", kind, UNITS[quantity]
    return f"imported/{slug(short)}", "encoders", "1"


def camera_name(key: str, account: Account, index: int, used: set[str]) -> str:
    """Name of the stream a picture column becomes, ``<camera>/rgb``, each once."""
    short = key.removeprefix(PICTURE_PREFIX).removeprefix(PREFIX)
    own = account.stream_of_key(index, short)
    camera = slug(short.removesuffix("_rgb").removesuffix("_image"))
    name = own or f"{camera}/rgb"
    at = 2
    while name in used:
        name, at = f"{camera}_{at}/rgb", at + 1
    used.add(name)
    return name
