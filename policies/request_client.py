"""Sends an operator source's timed requests to the supervisor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from devices.bus import Bus
from devices.clock import now_ns
from devices.requests import Request, Source, encode_request, request_spec
from devices.rig import HandConfig


class RequestClient:
    """The only sender of one source's requests for one hand.

    Parameters
    ----------
    bus : Bus
        The session's bus.
    hand : HandConfig
        The hand that shall move.
    source : Source
        The operator source in whose name the requests are made.
    """

    def __init__(self, bus: Bus, hand: HandConfig, source: Source) -> None:
        self.hand = hand
        self.source = source
        self._publisher = bus.publisher(request_spec(hand.side, source, hand.spec.size))

    def send(
        self, epoch: int, due_ns: NDArray[np.int64] | int, targets: NDArray[np.float64]
    ) -> None:
        """Ask for ``targets`` ``(J,)`` or ``(N, J)`` at ``due_ns`` (host clock, ns).

        Parameters
        ----------
        epoch : int
            Authority epoch under which the source was armed; the supervisor refuses any other.
        """
        due = np.atleast_1d(np.asarray(due_ns, np.int64))
        request = Request(epoch, due, np.atleast_2d(np.asarray(targets, np.float64)))
        encode_request(request, self._publisher.lend())
        self._publisher.publish(stamp_ns=now_ns())

    def close(self) -> None:
        """Release the stream; safe to call twice."""
        self._publisher.close()
