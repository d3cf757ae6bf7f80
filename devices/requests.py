"""Timed requests from an operator source to the supervisor.

A request is a chunk of future joint targets, each with the host time at which it is due. It
travels on the bus stream ``<side>/request_<source>`` (see ``request_spec``) and carries the
authority epoch it was made for, so that a request made before a takeover can never move the hand
after it.

Payload (little-endian)::

    epoch u32 | count u32 | due_ns i64[MAX_CHUNK] | targets f64[MAX_CHUNK, J]
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from devices.stream import StreamSpec

MAX_CHUNK = 32


class Source(IntEnum):
    """Operator sources. The number is what ``supervisor/control`` stores per tick."""

    NONE = 0
    KINESTHETIC = 1
    EXOSKELETON = 2
    KEYBOARD = 3
    SCRIPTED = 4
    REPLAY = 5
    POLICY = 6


REQUESTING_SOURCES = (
    Source.EXOSKELETON,
    Source.KEYBOARD,
    Source.SCRIPTED,
    Source.REPLAY,
    Source.POLICY,
)


@dataclass(frozen=True, slots=True)
class Request:
    """A chunk of timed targets.

    Attributes
    ----------
    epoch : int
        Authority epoch the source was granted.
    due_ns : (N,) int64 array
        Host monotonic time at which each target is due, increasing.
    targets : (N, J) float64 array
        Joint targets in ``HandSpec`` order and units.
    """

    epoch: int
    due_ns: NDArray[np.int64]
    targets: NDArray[np.float64]


def request_spec(side: str, source: Source, joints: int) -> StreamSpec:
    """Bus stream that carries the requests of ``source`` for the hand on ``side``."""
    return StreamSpec(
        name=f"{side}/request_{source.name.lower()}",
        kind="control",
        dtype="u1",
        shape=(8 + 8 * MAX_CHUNK + 8 * MAX_CHUNK * joints,),
        axes=("byte",),
        rate_hz=200.0,
        recorded=False,
        device=source.name.lower(),
    )


def encode_request(request: Request, out: NDArray[np.uint8]) -> None:
    """Write ``request`` into the lent payload ``out``; raises ``ValueError`` on a bad shape."""
    count = len(request.due_ns)
    joints = (out.size - 8 - 8 * MAX_CHUNK) // (8 * MAX_CHUNK)
    if not 1 <= count <= MAX_CHUNK or request.targets.shape != (count, joints):
        raise ValueError(
            f"request of {count} targets with shape {request.targets.shape}; expected 1 to "
            f"{MAX_CHUNK} targets of {joints} joints"
        )
    out[:8].view("<u4")[:] = (request.epoch, count)
    out[8 : 8 + 8 * MAX_CHUNK].view("<i8")[:count] = request.due_ns
    table = out[8 + 8 * MAX_CHUNK :].view("<f8").reshape(MAX_CHUNK, joints)
    table[:count] = request.targets


def decode_request(payload: NDArray[np.uint8]) -> Request:
    """Read a request payload; raises ``ValueError`` when its count is impossible."""
    joints = (payload.size - 8 - 8 * MAX_CHUNK) // (8 * MAX_CHUNK)
    epoch, count = (int(value) for value in payload[:8].view("<u4"))
    if not 1 <= count <= MAX_CHUNK:
        raise ValueError(f"request announces {count} targets; expected 1 to {MAX_CHUNK}")
    due_ns = payload[8 : 8 + 8 * MAX_CHUNK].view("<i8")[:count].copy()
    table = payload[8 + 8 * MAX_CHUNK :].view("<f8").reshape(MAX_CHUNK, joints)
    return Request(epoch, due_ns, table[:count].copy())
