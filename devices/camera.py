"""The contract between the capture process and one camera, real or simulated.

A camera is opened, read and closed by one thread of the capture process. It fills buffers lent
from shared memory, so a picture is written once and never copied on its way to the bus.
Degradation ladder of every camera:

- no new frame yet -> ``read_into`` returns None; the capture loop ages the last one;
- the same frame again and again -> the loop flags its samples as stale;
- the camera is gone -> ``DeviceError``; the loop closes it and reopens it with growing pauses;
- ``read_into`` never returns -> its heartbeat ages in the health message and the session
  restarts the process.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar, cast

from numpy.typing import NDArray

from devices.bus import Bus
from devices.hand_driver import DeviceError
from devices.rig import CameraConfig, TactileConfig
from devices.session_file import SessionFile
from devices.stream import StreamSpec

__all__ = ["Camera", "CameraReading", "CameraSite", "DeviceError"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CameraReading:
    """When a frame was taken; its pixels are in the lent buffers.

    Attributes
    ----------
    stamp_ns : int
        Host monotonic clock at receipt, ns; one value for all streams of the frame.
    device_stamp_ns : int or None
        The camera's own clock, ns; None when it has none.
    flags : int
        ``FLAG_*`` bits of ``devices.stream``.
    """

    stamp_ns: int
    device_stamp_ns: int | None = None
    flags: int = 0


@dataclass
class CameraSite:
    """Where a camera works: its session, its bus, and what cameras of one thread share.

    Attributes
    ----------
    session : SessionFile
        The session; its rig names every stream.
    bus : Bus
        The process's connection to the bus.
    """

    session: SessionFile
    bus: Bus
    _shared: dict[str, Any] = field(default_factory=dict)

    def shared(self, key: str, make: Callable[[], T]) -> T:
        """Return the object shared under ``key``, made on first use. One thread only."""
        if key not in self._shared:
            self._shared[key] = make()
        return cast(T, self._shared[key])

    def close(self) -> None:
        """Close what was shared. Call from the thread that used it."""
        while self._shared:
            self._shared.popitem()[1].close()


class Camera(ABC):
    """One camera. Construct anywhere; ``open``, ``read_into`` and ``close`` on one thread.

    Attributes
    ----------
    thread_group : str
        Cameras of the same non-empty group share one thread (and one GL context); others have
        a thread each, because a blocking driver must not hold up its neighbours.
    noise_free : bool
        Whether equal pictures are normal. A real sensor's noise never repeats, so there two
        equal pictures prove a freeze; in a simulator or a video file they do not.
    blocking : bool
        Whether ``read_into`` itself waits for the next frame; other cameras are paced.
    """

    thread_group: ClassVar[str] = ""
    noise_free: ClassVar[bool] = False
    blocking: ClassVar[bool] = False

    def __init__(self, config: CameraConfig | TactileConfig, device: str, site: CameraSite) -> None:
        self.config = config
        self.device = device
        self.site = site

    @property
    def name(self) -> str:
        """Name in messages and in the health table."""
        return self.device.removeprefix("camera_")

    @property
    def rate_hz(self) -> float:
        """Nominal rate, frames per second."""
        return self.config.rate_hz

    @property
    def stale_after_s(self) -> float:
        """Longest time without a new frame before the camera counts as silent or frozen."""
        return self.config.stale_after_s if isinstance(self.config, CameraConfig) else 0.5

    def streams(self) -> tuple[StreamSpec, ...]:
        """Streams this camera publishes: those of the rig that name it as their device."""
        return tuple(s for s in self.site.session.rig.streams() if s.device == self.device)

    @abstractmethod
    def open(self) -> None:
        """Open the device.

        Raises
        ------
        DeviceError
            One sentence naming the camera, the cause and the way out.
        """

    @abstractmethod
    def read_into(self, buffers: dict[str, NDArray]) -> CameraReading | None:
        """Fill ``buffers`` with the next frame.

        Parameters
        ----------
        buffers : dict of str to ndarray
            Per stream name a writable view with the stream's dtype and shape.

        Returns
        -------
        CameraReading or None
            None when there is no new frame yet; the buffers may then hold anything.

        Raises
        ------
        DeviceError
            When the camera is gone.
        """

    @abstractmethod
    def close(self) -> None:
        """Release the device; safe to call twice and after a failed ``open``."""
