"""The capture process: every camera and visuotactile fingertip of the rig.

``python -m devices.capture_process --session FILE`` reads the rig, opens its cameras, and
publishes their pictures until the session ends. Its health message carries per camera ``state``,
``rate_hz``, ``age_s``, ``heartbeat_age_s``, ``frames``, ``gaps``, ``reopens`` and ``error``. A
``heartbeat_age_s`` above ``HUNG_AFTER_S`` means that a driver call does not return. No thread can
end such a call, so the process says so and leaves with status ``EXIT_HUNG``; its owner starts it
again.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

# Software GL draws such small pictures with the least effort on the calling thread alone.
os.environ.setdefault("MUJOCO_GL", "egl")
# The same holds for the array libraries: a thread pool per small picture costs more than it gives.
os.environ.setdefault("LP_NUM_THREADS", "0")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2

from devices.bus import Bus
from devices.camera import Camera, CameraSite
from devices.capture_loop import CaptureLoop
from devices.process import ProcessContext
from devices.registry import device_class
from devices.session_file import SessionFile

HUNG_AFTER_S = 4.0
HUNG_OPENING_S = 30.0  # the first opening may load libraries and compile shaders
EXIT_HUNG = 3
POLL_S = 0.05

log = logging.getLogger(__name__)


def build_cameras(session: SessionFile, bus: Bus) -> list[Camera]:
    """Construct the rig's cameras and visuotactile fingertips; nothing is opened yet.

    Raises
    ------
    DeviceError
        When a driver is unknown or cannot be loaded.
    """
    sites: dict[str, CameraSite] = {}

    def site_of(kind: type[Camera], device: str) -> CameraSite:
        return sites.setdefault(kind.thread_group or device, CameraSite(session, bus))

    cameras: list[Camera] = []
    for config in session.rig.cameras:
        kind = device_class("camera", config.driver)
        device = f"camera_{config.name}"
        cameras.append(kind(config, device, site_of(kind, device)))
    for touch in session.rig.tactile:
        if touch.kind != "visuotactile":
            continue
        kind = device_class("touch", touch.driver)
        for pad in session.rig.hand(touch.side).spec.pads:
            if pad.kind == "visuotactile":
                device = f"{touch.side}_{pad.finger}_gel"
                cameras.append(kind(touch, device, site_of(kind, device)))
    return cameras


def hung_cameras(health: dict[str, dict[str, Any]]) -> list[str]:
    """Name the cameras whose driver call does not return, from ``CaptureLoop.health``."""
    return [
        name
        for name, figures in health.items()
        if figures["heartbeat_age_s"]
        > (HUNG_OPENING_S if figures["state"] == "opening" else HUNG_AFTER_S)
    ]


def main(argv: list[str] | None = None) -> int:
    """Run the capture process; returns its exit status."""
    cv2.setNumThreads(1)
    context = ProcessContext.from_command_line("capture", argv)
    loop = CaptureLoop(build_cameras(context.session, context.bus), context.bus)
    loop.start()
    pause = threading.Event()
    hung: list[str] = []
    while not (context.should_stop or hung):
        health = loop.health()
        context.report(cameras=health)
        hung = hung_cameras(health)
        pause.wait(POLL_S)
    hung = hung or loop.stop()
    context.report(force=True, cameras=loop.health())
    if hung:
        log.error(
            "camera %s: a driver call does not return (limit %.0f s); the capture process leaves",
            ", ".join(f"'{name}'" for name in hung),
            HUNG_AFTER_S,
        )
        os._exit(EXIT_HUNG)
    return 0


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    raise SystemExit(main())
