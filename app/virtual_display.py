"""Is there a display, and a virtual one (Xvfb) for machines without."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
from types import TracebackType

START_S = 10.0


def has_display() -> bool:
    """Whether a window can be opened here."""
    if sys.platform != "linux":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


class VirtualDisplayError(RuntimeError):
    """No virtual display could be started."""


class VirtualDisplay:
    """Runs Xvfb and points ``DISPLAY`` at it while the context is open.

    Parameters
    ----------
    width, height : int
        Size of the screen in pixels.
    """

    def __init__(self, width: int = 1920, height: int = 1080) -> None:
        self.width, self.height = width, height
        self._server: subprocess.Popen | None = None
        self._before: str | None = None

    def __enter__(self) -> VirtualDisplay:
        program = shutil.which("Xvfb")
        if program is None:
            raise VirtualDisplayError(
                "no display and no Xvfb; install it with 'apt-get install xvfb' or set DISPLAY"
            )
        reader, writer = os.pipe()
        self._server = subprocess.Popen(
            [
                program,
                "-displayfd",
                str(writer),
                "-screen",
                "0",
                f"{self.width}x{self.height}x24",
                "+extension",
                "GLX",
                "+render",
                "-noreset",
                "-nolisten",
                "tcp",
            ],
            pass_fds=(writer,),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(writer)
        number = _first_line(reader)
        os.close(reader)
        if not number:
            self._server.kill()
            raise VirtualDisplayError(f"Xvfb did not start within {START_S:.0f} s")
        self._before = os.environ.get("DISPLAY")
        os.environ["DISPLAY"] = f":{number}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._before is None:
            os.environ.pop("DISPLAY", None)
        else:
            os.environ["DISPLAY"] = self._before
        if self._server is not None:
            self._server.terminate()
            self._server.wait()


def _first_line(reader: int) -> str:
    """Read up to the newline; closing earlier would kill the server in mid-write."""
    text = b""
    while not text.endswith(b"\n"):
        ready, _, _ = select.select([reader], [], [], START_S)
        piece = os.read(reader, 16) if ready else b""
        if not piece:
            return ""
        text += piece
    return text.decode().strip()
