"""The capture process: every camera and visuotactile fingertip of the rig.

``python -m devices.capture_process --session FILE`` reads the rig, opens its cameras, and
publishes their pictures until the session ends. Its health message carries per camera ``state``,
``rate_hz``, ``age_s``, ``heartbeat_age_s``, ``frames``, ``gaps``, ``reopens`` and ``error``. A
``heartbeat_age_s`` above ``HUNG_AFTER_S`` means that a driver call does not return: the process
must be killed and started again, which its owner does.
"""

from __future__ import annotations

import logging
import os
import threading

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

HUNG_AFTER_S = 2.0
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


def main(argv: list[str] | None = None) -> int:
    """Run the capture process; returns its exit status (3: a driver call hung at the end)."""
    cv2.setNumThreads(1)
    context = ProcessContext.from_command_line("capture", argv)
    loop = CaptureLoop(build_cameras(context.session, context.bus), context.bus)
    loop.start()
    pause = threading.Event()
    while not context.should_stop:
        context.report(cameras=loop.health())
        pause.wait(POLL_S)
    hung = loop.stop()
    context.report(force=True, cameras=loop.health())
    if hung:
        log.error("%s did not return from a driver call; leaving without it", ", ".join(hung))
        os._exit(3)
    return 0


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    raise SystemExit(main())
