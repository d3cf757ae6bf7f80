"""The capture loop: keeps every camera at its own rate and survives each of them.

Ladder of one camera; its neighbours notice nothing of it:

- a frame is late -> counted as a gap once the next one is there;
- the same frame for longer than ``stale_after_s`` -> state ``stale``, samples carry FLAG_STALE;
- stale for ``FROZEN_REOPEN_S`` -> closed and reopened;
- no frame for longer than ``stale_after_s`` -> state ``silent``, closed and reopened;
- an error -> state ``failed``, closed and reopened, pauses growing to ``RETRY_MAX_S``;
- a call that never returns -> its heartbeat ages; only a restart of the process helps.
"""

from __future__ import annotations

import logging
import threading
import zlib
from collections import deque
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from devices.bus import Bus
from devices.camera import Camera, CameraReading
from devices.clock import NS_PER_S, now_ns
from devices.stream import FLAG_STALE

SlotState = Literal["opening", "waiting", "live", "slow", "stale", "silent", "failed"]

RETRY_FIRST_S = 0.2
RETRY_MAX_S = 1.0  # with the time to open, a camera is back within 3 s of its return
FROZEN_REOPEN_S = 2.0
FIRST_FRAME_S = 5.0  # a source may take this long to send its very first frame
REOPENED_FRAME_S = 1.5  # and this long after a reopening
IDLE_S = 0.05  # longest sleep of a capture thread, so that heartbeats stay fresh
RATE_WINDOW_S = 2.0
SLOW_BELOW = 0.7  # share of the nominal rate
JOIN_S = 2.0
_DIGEST_ROWS = 8  # every eighth row tells whether two pictures are equal

log = logging.getLogger(__name__)


class CameraSlot:
    """One camera on the loop: opens, paces, publishes and judges it. One thread only.

    Parameters
    ----------
    camera : Camera
        The camera.
    bus : Bus
        Where its streams are published.
    offset : float
        Share of a period by which its frames are shifted, so that cameras do not all render at
        once.
    """

    def __init__(self, camera: Camera, bus: Bus, offset: float = 0.0) -> None:
        self.camera = camera
        self.state: SlotState = "opening"
        self.error = ""
        self.frames = 0
        self.gaps = 0
        self.reopens = 0
        self.heartbeat_ns = now_ns()
        self._publishers = {spec.name: bus.publisher(spec) for spec in camera.streams()}
        self._buffers: dict[str, NDArray] = {}
        self._period_ns = round(NS_PER_S / camera.rate_hz)
        self._stale_ns = round(camera.stale_after_s * NS_PER_S)
        self._due_ns = now_ns() + round(offset * self._period_ns)
        self._is_open = False
        self._retry_s = RETRY_FIRST_S
        self._retry_ns = 0
        self._opened_ns = 0
        self._new_ns = 0
        self._identity: tuple[str, int] | None = None
        self._stamps: deque[int] = deque(maxlen=max(4, round(RATE_WINDOW_S * camera.rate_hz)))

    def step(self) -> int:
        """Do what is due and return the host time in ns at which to call again."""
        self.heartbeat_ns = at_ns = now_ns()
        try:
            if not self._is_open:
                if at_ns < self._retry_ns:
                    return self._retry_ns
                self._open()
                return now_ns()
            if at_ns < self._due_ns:
                return self._due_ns
            if not self._buffers:
                self._buffers = {name: port.lend() for name, port in self._publishers.items()}
            reading = self.camera.read_into(self._buffers)
            if reading is None:
                return self._on_nothing()
            return self._on_frame(reading)
        except Exception as error:  # noqa: BLE001 - a driver's bug must not stop its neighbours
            return self._on_failure("failed", str(error) or type(error).__name__)

    def close(self) -> None:
        """Close the camera and its ports; call on the thread that stepped."""
        self._close_camera()
        self._buffers = {}
        for port in self._publishers.values():
            port.close()

    def health(self, at_ns: int) -> dict[str, Any]:
        """Figures for the health message; callable from any thread."""
        return {
            "state": self.state,
            "rate_hz": round(self._rate_hz(at_ns), 2),
            "age_s": round((at_ns - self._new_ns) / 1e9, 3) if self._new_ns else None,
            "heartbeat_age_s": round((at_ns - self.heartbeat_ns) / 1e9, 3),
            "frames": self.frames,
            "gaps": self.gaps,
            "reopens": self.reopens,
            "error": self.error,
        }

    def _open(self) -> None:
        self.camera.open()
        self._is_open = True
        self._opened_ns = now_ns()
        self._identity = None
        if self.state == "opening":
            self.state = "waiting"

    def _on_nothing(self) -> int:
        at_ns = now_ns()
        limit_ns = self._patience_ns()
        quiet_ns = at_ns - max(self._new_ns, self._opened_ns)
        if quiet_ns > limit_ns:
            return self._on_failure(
                "silent",
                f"camera '{self.camera.name}': no frame for {quiet_ns / 1e9:.2f} s "
                f"(limit {limit_ns / 1e9:.2f} s); reopening it",
            )
        return at_ns + (0 if self.camera.blocking else min(self._period_ns // 8, 4_000_000))

    def _patience_ns(self) -> int:
        if self._new_ns > self._opened_ns:
            return self._stale_ns
        return round((REOPENED_FRAME_S if self.frames else FIRST_FRAME_S) * NS_PER_S)

    def _on_frame(self, reading: CameraReading) -> int:
        stamp_ns = reading.stamp_ns
        identity = self._identify(reading)
        if identity != self._identity:
            self._count_gap(stamp_ns)
            self._identity = identity
            self._new_ns = stamp_ns
            self._retry_s = RETRY_FIRST_S
        frozen_ns = stamp_ns - self._new_ns
        stale = frozen_ns > self._stale_ns
        flags = reading.flags | (FLAG_STALE if stale else 0)
        for port in self._publishers.values():
            port.publish(stamp_ns, reading.device_stamp_ns, flags)
        self._buffers = {}
        self.frames += 1
        self._stamps.append(stamp_ns)
        if frozen_ns > self._stale_ns + FROZEN_REOPEN_S * NS_PER_S:
            return self._on_failure("stale", self._frozen_text(frozen_ns))
        if stale:
            self._enter("stale", self._frozen_text(frozen_ns))
        elif self.frames >= 8 and self._rate_hz(stamp_ns) < SLOW_BELOW * self.camera.rate_hz:
            self._enter("slow", "")
        else:
            self._enter("live", "")
        return self._schedule(now_ns())

    def _identify(self, reading: CameraReading) -> tuple[str, int]:
        """What tells this frame from the one before: its device stamp, its pixels, or both."""
        if self.camera.noise_free and reading.device_stamp_ns is not None:
            return ("stamp", reading.device_stamp_ns)
        if self.camera.noise_free:
            return ("stamp", reading.stamp_ns)
        picture = next(iter(self._buffers.values()))
        return ("pixels", zlib.crc32(np.ascontiguousarray(picture[::_DIGEST_ROWS]).data))

    def _count_gap(self, stamp_ns: int) -> None:
        if self._new_ns > self._opened_ns:
            missed = round((stamp_ns - self._new_ns) / self._period_ns) - 1
            self.gaps += max(0, missed)

    def _schedule(self, at_ns: int) -> int:
        if self.camera.blocking:
            return at_ns
        self._due_ns += self._period_ns
        if self._due_ns < at_ns:
            self._due_ns += (at_ns - self._due_ns) // self._period_ns * self._period_ns
        return self._due_ns

    def _on_failure(self, state: SlotState, error: str) -> int:
        self._enter(state, error)
        self._close_camera()
        self.reopens += 1
        self._retry_ns = now_ns() + round(self._retry_s * NS_PER_S)
        self._retry_s = min(2 * self._retry_s, RETRY_MAX_S)
        return self._retry_ns

    def _close_camera(self) -> None:
        self._is_open = False
        try:
            self.camera.close()
        except Exception as error:  # noqa: BLE001 - closing a broken device may fail in any way
            log.warning("camera '%s' did not close cleanly: %s", self.camera.name, error)

    def _enter(self, state: SlotState, error: str) -> None:
        if state != self.state and error:
            log.warning("%s", error)
        self.state, self.error = state, error

    def _frozen_text(self, frozen_ns: int) -> str:
        return (
            f"camera '{self.camera.name}': the same frame for {frozen_ns / 1e9:.2f} s "
            f"(limit {self._stale_ns / 1e9:.2f} s); its samples are flagged stale"
        )

    def _rate_hz(self, at_ns: int) -> float:
        stamps = [s for s in tuple(self._stamps) if at_ns - s <= RATE_WINDOW_S * NS_PER_S]
        if len(stamps) < 2:
            return 0.0
        return (
            (len(stamps) - 1) * 1e9 / max(1, max(stamps[-1], at_ns - self._period_ns) - stamps[0])
        )


class CaptureLoop:
    """Runs cameras on threads: one per thread group, one for each camera of its own.

    Parameters
    ----------
    cameras : sequence of Camera
        Constructed, not opened.
    bus : Bus
        Where they publish.
    """

    def __init__(self, cameras: Sequence[Camera], bus: Bus) -> None:
        groups: dict[str, list[CameraSlot]] = {}
        self._slots: list[CameraSlot] = []
        for index, camera in enumerate(cameras):
            slot = CameraSlot(camera, bus, offset=index / max(1, len(cameras)))
            self._slots.append(slot)
            groups.setdefault(camera.thread_group or f"camera-{index}", []).append(slot)
        self._stop = threading.Event()
        self._threads = {
            threading.Thread(
                target=self._run, args=(slots,), name=f"capture-{key}", daemon=True
            ): slots
            for key, slots in groups.items()
        }

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> list[str]:
        """Stop the threads; return the cameras of those that hang in a driver call."""
        self._stop.set()
        for thread in self._threads:
            thread.join(JOIN_S)
        hung = [slots for thread, slots in self._threads.items() if thread.is_alive()]
        return [slot.camera.name for slots in hung for slot in slots]

    def health(self) -> dict[str, dict[str, Any]]:
        """Figures per camera; callable from any thread."""
        at_ns = now_ns()
        return {slot.camera.name: slot.health(at_ns) for slot in self._slots}

    def _run(self, slots: list[CameraSlot]) -> None:
        try:
            while not self._stop.is_set():
                next_ns = min(slot.step() for slot in slots)
                pause_s = (next_ns - now_ns()) / NS_PER_S
                if pause_s > 0:
                    self._stop.wait(min(pause_s, IDLE_S))
        finally:
            for slot in slots:
                slot.close()
            for slot in slots:
                slot.camera.site.close()
