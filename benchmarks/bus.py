"""What the bus itself costs: microseconds per send and per receive in one process."""

from __future__ import annotations

import os
import time

import numpy as np

from benchmarks.machine import parser, report
from devices.bus import Bus
from devices.stream import StreamSpec

REPEATS = 1000
SPECS = {
    "joints18": StreamSpec(
        name="bench/joints", kind="joints", dtype="<f8", shape=(18,), rate_hz=200
    ),
    "rgb640": StreamSpec(
        name="bench/rgb", kind="image", dtype="u1", shape=(480, 640, 3), rate_hz=30
    ),
}


def measure(spec: StreamSpec, repeats: int) -> tuple[float, float]:
    """Return microseconds per send and per received sample of ``spec``."""
    bus = Bus(f"bench-bus-{os.getpid()}")
    publisher, subscriber = bus.publisher(spec), bus.subscriber(spec)
    payload = np.zeros(spec.shape, spec.dtype)
    sent = received = 0.0
    count = 0
    batch = min(subscriber.depth, 100)
    while count < repeats:
        began = time.perf_counter()
        for _ in range(batch):
            publisher.send(payload)
        middle = time.perf_counter()
        got = sum(1 for _ in subscriber.drain())
        sent += middle - began
        received += time.perf_counter() - middle
        count += got
    return sent / count * 1e6, received / count * 1e6


def main() -> None:
    """Entry point."""
    options = parser(__doc__ or "", 0.0).parse_args()
    figures = {}
    for label, spec in SPECS.items():
        send_us, receive_us = measure(spec, REPEATS)
        figures[f"{label}_send_us"] = round(send_us, 1)
        figures[f"{label}_receive_us"] = round(receive_us, 1)
    report("bus", figures, {}, options.json)


if __name__ == "__main__":
    main()
