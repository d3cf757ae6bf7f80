"""Ways in which a reply can be damaged between a servo and the host.

A fault is a function from one reply to the pieces that reach the host: ``(pause_s, bytes)`` each,
sent in order after its pause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

Pieces = Iterable[tuple[float, bytes]]
WireFault = Callable[[bytes], Pieces]


def intact(reply: bytes) -> Pieces:
    """The reply arrives whole."""
    return [(0.0, reply)]


def dropped(reply: bytes) -> Pieces:
    """Nothing arrives: silence."""
    return []


def duplicated(reply: bytes) -> Pieces:
    """The reply arrives twice."""
    return [(0.0, reply), (0.0, reply)]


def delayed(delay_s: float) -> WireFault:
    """The reply arrives ``delay_s`` late."""
    return lambda reply: [(delay_s, reply)]


def truncated(length: int) -> WireFault:
    """Only the first ``length`` bytes arrive."""
    return lambda reply: [(0.0, reply[:length])]


def byte_flipped(index: int, mask: int = 0x01) -> WireFault:
    """Byte ``index`` arrives with the bits of ``mask`` inverted."""

    def damage(reply: bytes) -> Pieces:
        if index >= len(reply):
            return [(0.0, reply)]
        return [(0.0, reply[:index] + bytes([reply[index] ^ mask]) + reply[index + 1 :])]

    return damage


def byte_lost(index: int) -> WireFault:
    """Byte ``index`` does not arrive."""
    return lambda reply: [(0.0, reply[:index] + reply[index + 1 :])]


def byte_doubled(index: int) -> WireFault:
    """Byte ``index`` arrives twice."""
    return lambda reply: [(0.0, reply[: index + 1] + reply[index:])]


def split_at(index: int, pause_s: float = 0.001) -> WireFault:
    """The reply arrives in two parts, ``pause_s`` apart."""
    return lambda reply: [(0.0, reply[:index]), (pause_s, reply[index:])]
