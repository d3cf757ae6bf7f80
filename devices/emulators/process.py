"""The emulator process of a session: one emulated chain per real hand of the rig.

Started as ``python -m devices.emulators.process --session FILE`` when the session emulates. Each
LEAP hand finds its servos behind ``<runtime_dir>/tty-<side>`` instead of its serial port.
"""

from __future__ import annotations

import logging
import threading

from devices.drivers.dynamixel_hand import emulated_port
from devices.emulators.dynamixel import leap_chain
from devices.emulators.pseudo_terminal import PseudoTerminal
from devices.process import ProcessContext
from devices.session_file import SessionFile

LOG = logging.getLogger(__name__)
POLL_S = 0.05


def emulated_terminals(session: SessionFile) -> list[PseudoTerminal]:
    """Build, but do not open, the terminals of every Dynamixel hand of ``session``."""
    return [
        PseudoTerminal(emulated_port(session, hand.side), leap_chain().receive)
        for hand in session.rig.hands
        if hand.driver == "dynamixel_hand"
    ]


def main(argv: list[str] | None = None) -> int:
    """Serve until the session ends."""
    context = ProcessContext.from_command_line("emulator", argv)
    terminals = emulated_terminals(context.session)
    for terminal in terminals:
        terminal.open()
        LOG.info("emulated device behind %s", terminal.path)
    pause = threading.Event()
    try:
        while not context.should_stop:
            context.report(replies=sum(terminal.replies_sent for terminal in terminals))
            pause.wait(POLL_S)
    finally:
        for terminal in terminals:
            terminal.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
