"""The emulator process of a session: a driver finds its hand there; it leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
from support.emulated_leap import leap_rig
from support.repository import ROOT
from support.waiting import wait_until

from devices.drivers.dynamixel_hand import DynamixelHand, emulated_port


def test_driver_opens_the_emulated_hand_of_its_session(session_file):
    session = session_file(leap_rig(), emulate=True)
    path = session.write()
    process = subprocess.Popen(
        [sys.executable, "-m", "devices.emulators.process", "--session", str(path)], cwd=ROOT
    )
    hand = DynamixelHand(session.rig.hands[0], None, session)
    try:
        hand.open()
        feedback = wait_until(hand.read, what="feedback")
        assert np.allclose(feedback.position, 0.0)
        assert feedback.detail.startswith("16 x XC330-M288")
    finally:
        hand.close()
        process.terminate()
        assert process.wait(10) == 0
    assert not emulated_port(session, "right").exists()
    assert not emulated_port(session, "right").is_symlink()


def test_session_without_real_hands_has_no_emulated_terminals(session_file):
    from devices.emulators.process import emulated_terminals

    assert emulated_terminals(session_file("sim-xhand", emulate=True)) == []
