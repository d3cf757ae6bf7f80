"""Publishes a camera of the running session without the operator.

``python -m recorder.cleaning.live_process --session FILE [--camera front/rgb]`` takes the newest
picture and the newest joints, whenever it is ready for one, and publishes the preview on a stream
of its own that nobody records. It has the lowest claim on the processor; falling behind costs
pictures of the preview and nothing else. Its health message carries ``rate_hz``, ``work_ms`` and
``doubtful``, the share of the last pictures that could not be cleaned because too much moved.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import threading
from collections import deque
from pathlib import Path

# Numbers of threads are read when the libraries load.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.bus import Subscriber
from devices.clock import NS_PER_S, now_ns
from devices.process import ProcessContext
from devices.session_file import SessionFile
from devices.stream import StreamSpec
from recorder.cleaning.live import LiveCleaner
from recorder.cleaning.live_stream import MOST_HZ, NAME, preview_source, preview_stream

NICENESS = 10
QUEUE = 2
PAUSE_S = 0.01
RATE_OVER = 20  # pictures

log = logging.getLogger(__name__)


class LivePublisher:
    """Reads a camera and the joints, publishes the preview.

    Parameters
    ----------
    context : ProcessContext
    source : StreamSpec
        The camera.
    """

    def __init__(self, context: ProcessContext, source: StreamSpec) -> None:
        rig, bus = context.session.rig, context.bus
        self._pictures = bus.subscriber(source, QUEUE)
        self._joints: dict[str, Subscriber] = {
            hand.side: bus.subscriber(rig.stream(f"{hand.side}/joints_measured"), QUEUE)
            for hand in rig.hands
        }
        self._publisher = bus.publisher(preview_stream(source))
        size = (source.shape[1], source.shape[0])
        described = rig.model_dump(mode="json", by_alias=True)
        self._cleaner = LiveCleaner(described, source.name, size)
        self._at: dict[str, NDArray[np.float64]] = {}
        self._ended_ns: deque[int] = deque(maxlen=RATE_OVER)
        self._doubtful: deque[bool] = deque(maxlen=RATE_OVER)
        self._due_ns = 0
        self.work_ms = 0.0

    @property
    def rate_hz(self) -> float:
        """Pictures a second over the last ones."""
        if len(self._ended_ns) < 2:
            return 0.0
        return (len(self._ended_ns) - 1) * NS_PER_S / (self._ended_ns[-1] - self._ended_ns[0])

    @property
    def doubtful(self) -> float:
        """Share of the last pictures that were shown as recorded, because too much moved."""
        return sum(self._doubtful) / max(1, len(self._doubtful))

    def step(self) -> bool:
        """Clean the newest picture; False when there is none yet or none is due."""
        began_ns = now_ns()
        if began_ns < self._due_ns:
            return False
        sample = self._pictures.newest()
        if sample is None:
            return False
        self._due_ns = began_ns + int(NS_PER_S / MOST_HZ)
        for side, subscriber in self._joints.items():
            newest = subscriber.newest()
            if newest is not None:
                self._at[side] = np.array(newest.data, np.float64)
        known = self._at if len(self._at) == len(self._joints) else {}
        image = np.array(sample.data)
        cleaned = self._cleaner.clean(image, known)
        self._publisher.send(cleaned.image, sample.stamp_ns)
        self._doubtful.append(cleaned.doubtful)
        ended_ns = now_ns()
        self._ended_ns.append(ended_ns)
        self.work_ms = (ended_ns - began_ns) / 1e6
        return True


def main(argv: list[str] | None = None) -> int:
    """Run the preview; returns its exit status."""
    parser = argparse.ArgumentParser(prog=NAME)
    parser.add_argument("--session", type=Path, required=True)
    parser.add_argument("--camera", default="", help="image stream; by default the first standing")
    arguments = parser.parse_args(argv)
    cv2.setNumThreads(1)
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    context = ProcessContext(NAME, SessionFile.read(arguments.session))
    rig = context.session.rig
    source = rig.stream(arguments.camera) if arguments.camera else preview_source(rig)
    if source is None:
        log.error("rig '%s' has no colour camera that stands; nothing can be previewed", rig.name)
        return 0
    publisher = LivePublisher(context, source)
    pause = threading.Event()
    while not context.should_stop:
        if not publisher.step():
            pause.wait(PAUSE_S)
        context.report(
            rate_hz=publisher.rate_hz, work_ms=publisher.work_ms, doubtful=publisher.doubtful
        )
    return 0


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    raise SystemExit(main())
