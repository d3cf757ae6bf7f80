"""``thenar doctor``: what this machine has and lacks, one line each, with the way out."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from app.settings import default_dataset_dir
from app.virtual_display import VirtualDisplay, has_display
from devices.rig import RigError, load_rig

PACKAGES = (
    "PySide6-Essentials", "pyqtgraph", "vispy", "opencv-python-headless", "numpy", "torch",
    "h5py", "iceoryx2", "av", "mujoco", "dynamixel-sdk",
)  # fmt: skip
SHARED_MEMORY_NEEDED_BYTES = 2 << 30  # 5 s of the recording load (0.7 GB) for each of 3 readers
DISK_WARN_BYTES = 10 << 30  # RELIABILITY.md section 4: start needs about 10 GB
PROBE_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""

    def line(self) -> str:
        """The finding as one line of text."""
        mark = "ok " if self.ok else "BAD"
        return f"{mark} {self.name:<9} {self.detail}" + (
            f" -> {self.remedy}" if self.remedy else ""
        )

    def as_dict(self) -> dict:
        """The finding for JSON."""
        return asdict(self)


def examine(rig_name: str) -> list[Finding]:
    """Run every check; none of them changes anything.

    Parameters
    ----------
    rig_name : str
        Rig whose devices are looked for.
    """
    findings: list[Finding] = []
    for check in (_versions, _display, _gl, _rendering, _bus, _shared_memory, _disk, _priority):
        findings.extend(_guarded(check))
    findings.extend(_devices(rig_name))
    return findings


def _guarded(check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(check())
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        return [Finding(check.__name__.strip("_"), False, str(error))]


def _versions() -> Iterator[Finding]:
    yield Finding(
        "python",
        sys.version_info >= (3, 11),
        f"{platform.python_version()} on {platform.platform()}",
        "" if sys.version_info >= (3, 11) else "install Python 3.11",
    )
    found, missing = [], []
    for package in PACKAGES:
        try:
            found.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(package)
    yield Finding(
        "packages",
        not missing,
        ", ".join(found) if not missing else f"missing: {', '.join(missing)}",
        "run 'make run' to set everything up" if missing else "",
    )
    torch = importlib.metadata.version("torch") if "torch" not in missing else ""
    yield Finding("torch", torch.startswith("2.13.0"), torch or "absent")


def _display() -> Iterator[Finding]:
    if has_display():
        shown = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY") or platform.system()
        yield Finding("display", True, shown)
    elif shutil.which("Xvfb"):
        yield Finding("display", True, "none; Xvfb is there and will be used")
    else:
        yield Finding("display", False, "none, and no Xvfb", "apt-get install xvfb")


def _gl() -> Iterator[Finding]:
    code = (
        "from PySide6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext\n"
        "a=QGuiApplication([]); s=QOffscreenSurface(); s.create(); c=QOpenGLContext()\n"
        "assert c.create() and c.makeCurrent(s), 'no OpenGL context'\n"
        "import ctypes; f=c.functions(); v=f.glGetString(0x1F01); print(v, f.glGetString(0x1F02))\n"
    )
    with _screen() as environment:
        done = _probe(code, environment)
    text = done.stdout.strip().splitlines()[-1:] or [""]
    yield Finding(
        "GL",
        done.returncode == 0,
        text[0] if done.returncode == 0 else _last_line(done.stderr),
        "" if done.returncode == 0 else "apt-get install libgl1-mesa-dri libglx-mesa0 libegl1",
    )


def _rendering() -> Iterator[Finding]:
    code = (
        "import mujoco\n"
        "ball='<mujoco><worldbody><geom size=\"1\"/></worldbody></mujoco>'\n"
        "m=mujoco.MjModel.from_xml_string(ball)\n"
        "m.vis.quality.offsamples=0; m.vis.quality.shadowsize=0\n"
        "r=mujoco.Renderer(m,48,64); d=mujoco.MjData(m); mujoco.mj_forward(m,d)\n"
        "r.update_scene(d); print(r.render().shape); r.close()\n"
    )
    done = _probe(code, {**os.environ, "MUJOCO_GL": os.environ.get("MUJOCO_GL", "egl")})
    yield Finding(
        "cameras",
        done.returncode == 0,
        "simulated cameras render off screen" if done.returncode == 0 else _last_line(done.stderr),
        "" if done.returncode == 0 else "apt-get install libegl1 libgl1-mesa-dri",
    )


def _bus() -> Iterator[Finding]:
    from devices.bus import Bus

    bus = Bus(f"doctor-{os.getpid()}")
    inbox, outbox = bus.inbox("probe"), bus.outbox("probe")
    outbox.send({"hello": 1})
    heard = inbox.newest()
    yield Finding("bus", heard == {"hello": 1}, "shared-memory bus carries messages")


def _shared_memory() -> Iterator[Finding]:
    place = Path("/dev/shm")
    if not place.is_dir():
        yield Finding("memory", True, f"no /dev/shm on {platform.system()}; not checked")
        return
    free = shutil.disk_usage(place).free
    enough = free >= SHARED_MEMORY_NEEDED_BYTES
    yield Finding(
        "memory",
        enough,
        f"{free / 1e9:.1f} GB of shared memory free",
        "" if enough else "enlarge /dev/shm to 2 GB, e.g. mount -o remount,size=2G /dev/shm",
    )


def _disk() -> Iterator[Finding]:
    place = default_dataset_dir()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    yield Finding(
        "disk",
        free >= DISK_WARN_BYTES,
        f"{free / 1e9:.1f} GB free at {place}",
        "" if free >= DISK_WARN_BYTES else "free at least 10 GB or choose --dataset elsewhere",
    )


def _priority() -> Iterator[Finding]:
    cores = os.cpu_count() or 1
    real_time = hasattr(os, "sched_setscheduler") and os.geteuid() == 0
    detail = "real-time priority permitted" if real_time else "normal priority only (still works)"
    yield Finding("timing", cores >= 2, f"{cores} cores, {detail}")


def _devices(rig_name: str) -> list[Finding]:
    try:
        rig = load_rig(rig_name)
    except RigError as error:
        return [Finding("rig", False, str(error))]
    findings = [Finding("rig", True, f"{rig.name}: {rig.title}")]
    for hand in rig.hands:
        if hand.port:
            there = Path(hand.port).exists()
            findings.append(
                Finding(
                    "device",
                    there,
                    f"{hand.side} hand '{hand.model}' at {hand.port}",
                    "" if there else "connect it, or add --emulate to try the rig without it",
                )
            )
        else:
            findings.append(Finding("device", True, f"{hand.side} hand '{hand.model}', simulated"))
    return findings


def _probe(code: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PROBE_TIMEOUT_S,
        check=False,
    )


@contextlib.contextmanager
def _screen() -> Iterator[dict[str, str]]:
    if has_display():
        yield dict(os.environ)
    else:
        with VirtualDisplay(320, 240):
            yield dict(os.environ)


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no message"
