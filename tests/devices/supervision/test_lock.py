"""One owner per rig."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from devices.hand_driver import DeviceError
from devices.supervision.lock import RigLock, require_free

ROOT = Path(__file__).parents[3]
HOLD = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from devices.supervision.lock import RigLock
lock = RigLock("sim-xhand", directory=Path({folder!r}))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_the_second_owner_learns_who_the_first_is(tmp_path: Path) -> None:
    code = HOLD.format(root=str(ROOT), folder=str(tmp_path))
    owner = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert owner.stdout.readline() == "held\n"
        with pytest.raises(DeviceError) as caught:
            RigLock("sim-xhand", directory=tmp_path).acquire()
        message = str(caught.value)
        assert message.startswith(f"rig 'sim-xhand' is in use by process {owner.pid} (")
        assert "close it or choose another rig" in message
        with pytest.raises(DeviceError):
            require_free("sim-xhand", tmp_path)
        require_free("sim-leap", tmp_path)
    finally:
        owner.kill()
        owner.communicate()
    require_free("sim-xhand", tmp_path)


def test_a_released_rig_is_free_again(tmp_path: Path) -> None:
    with RigLock("leap", directory=tmp_path), pytest.raises(DeviceError, match=str(os.getpid())):
        require_free("leap", tmp_path)
    require_free("leap", tmp_path)


def test_the_message_names_the_owner_of_the_session(tmp_path: Path) -> None:
    parent = os.getppid()
    with (
        RigLock("leap", owner_pid=parent, directory=tmp_path),
        pytest.raises(DeviceError, match=f"process {parent} "),
    ):
        require_free("leap", tmp_path)
