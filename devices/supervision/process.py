"""``python -m devices.supervision.process --session FILE``: the only process that moves hands.

It takes the rig's lock, opens every hand and runs the control loop until it is told to stop or
the owner of the session dies. A rig in use ends it with exit code 3, an unknown driver
with 4, each with one sentence.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from devices.bus import Bus
from devices.hand_driver import DeviceError, HandDriver
from devices.process import ProcessContext, raise_priority
from devices.registry import device_class
from devices.rig import HandConfig
from devices.session_file import SessionFile
from devices.supervision.lock import RigLock
from devices.supervision.loop import ControlLoop

EXIT_IN_USE = 3
EXIT_NO_DEVICE = 4
REAL_TIME_PRIORITY = 10
MakeHand = Callable[[HandConfig, Bus, SessionFile], HandDriver]

log = logging.getLogger(__name__)


def run(context: ProcessContext, make_hand: MakeHand) -> int:
    """Supervise the session's rig with drivers from ``make_hand``; returns the exit code."""
    session = context.session
    lock = RigLock(session.rig.name, owner_pid=session.parent_pid)
    try:
        lock.acquire()
    except DeviceError as error:
        log.error("%s", error)
        context.report(force=True, error=str(error))
        return EXIT_IN_USE
    try:
        loop = ControlLoop(context, lambda config: make_hand(config, context.bus, session))
        loop.run(scheduling=raise_priority(real_time=REAL_TIME_PRIORITY))
    except DeviceError as error:
        log.error("%s", error)
        context.report(force=True, error=str(error))
        return EXIT_NO_DEVICE
    finally:
        lock.release()
    return 0


def make_hand(config: HandConfig, bus: Bus, session: SessionFile) -> HandDriver:
    """Build the driver that the rig file names."""
    return device_class("hand", config.driver)(config, bus, session)


def main(argv: list[str] | None = None) -> int:
    """Entry point."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    return run(ProcessContext.from_command_line("supervisor", argv), make_hand)


if __name__ == "__main__":
    sys.exit(main())
