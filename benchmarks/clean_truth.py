"""Takes with truth for the ``clean`` figure: recorded once without a window, then kept.

``sim-xhand`` kinesthetic takes with the operator's arms in the picture, beside each picture the
same one without the operator and the operator's mask. Light and sensor are then made worse on
reading, the same way every time: the gain drifts by ``DRIFT`` over the take (recorded pictures
and truth alike), and the recorded pictures get noise (the truth does not).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from devices.rig import rig_files
from recorder.cleaning.clip import CameraGeometry, Mode
from recorder.cleaning.clips import episode_clip
from recorder.cleaning.picture_cache import PictureCache
from recorder.dataset import open_dataset

VERSION = 1
DRIFT = 0.03
NOISE_SIGMA = 2.0  # grey levels
DRIFT_PERIODS = (1.3, 0.9, 1.1)  # of red, green and blue over a take
TAKES_PER_TASK = 4
SECONDS = 5.0
RATE_HZ = 15.0
TASKS = {
    "pick-up-the-cube": ["cube", "bottle", "charger"],
    "pick-up-the-ball": ["ball", "bottle", "socket"],
    "pinch-the-cylinder": ["cylinder", "cube", "ball", "socket"],
}


@dataclass(frozen=True)
class TruthTake:
    """One take with truth, made worse in the same way every time.

    Attributes
    ----------
    path : Path
        Episode file.
    camera : str
        ``front`` or ``wrist``.
    """

    path: Path
    camera: str = "front"

    def open(self, drift: float = DRIFT, noise_sigma: float = NOISE_SIGMA) -> TruthClip:
        """The take as a clip with truth beside it."""
        return TruthClip(self, drift, noise_sigma)


class TruthClip:
    """Clip whose truth is known; see ``recorder.cleaning.clip.Clip``.

    Parameters
    ----------
    take : TruthTake
    drift : float
        Share by which each channel's gain swings over the take.
    noise_sigma : float
        Standard deviation of the recorded pictures' noise, grey levels.
    """

    def __init__(self, take: TruthTake, drift: float, noise_sigma: float) -> None:
        stream = f"{take.camera}/rgb"
        self._seen = episode_clip(take.path, stream)
        self._clear = episode_clip(take.path, f"{take.camera}/rgb_without_operator")
        self._masks = self._seen.episode.stream(f"{take.camera}/operator_mask")
        self._drift, self._noise_sigma = drift, noise_sigma
        self.rig: dict[str, Any] = self._seen.episode.rig
        self.name = stream
        self.size, self.count, self.time_ns = self._seen.size, self._seen.count, self._seen.time_ns
        self.mode: Mode = self._seen.mode
        self.geometry: CameraGeometry | None = self._seen.geometry
        self.joints = self._seen.joints
        self.objects = self._seen.objects
        self._cache = PictureCache(self.size[0] * self.size[1] * 3)
        self._seed = int(take.path.stem.rsplit("_", 1)[-1])

    def frame(self, index: int) -> NDArray[np.uint8]:
        """Recorded picture with drift and noise ``(height, width, 3)``."""
        return self._cache.get(index, self._worsened)

    def _worsened(self, index: int) -> NDArray[np.uint8]:
        lit = self._lit(self._seen.frame(index), index)
        if self._noise_sigma:
            random = np.random.default_rng((self._seed, index))
            lit += self._noise_sigma * random.standard_normal(lit.shape, np.float32)
        return np.clip(np.rint(lit), 0, 255).astype(np.uint8)

    def truth(self, index: int) -> NDArray[np.uint8]:
        """The same picture without the operator, with drift, without noise."""
        return np.clip(np.rint(self._lit(self._clear.frame(index), index)), 0, 255).astype(np.uint8)

    def mask(self, index: int) -> NDArray[np.bool_]:
        """True where the operator is seen; the clip is its own mask track."""
        return self._masks.frame(index) > 127

    def confidence(self, index: int) -> float:
        """Truth is sure."""
        return 1.0

    def close(self) -> None:
        """Close the episode files."""
        self._seen.close()
        self._clear.close()

    def _lit(self, picture: NDArray[np.uint8], index: int) -> NDArray[np.float32]:
        turn = 2 * np.pi * index / max(1, self.count - 1)
        gain = 1 + self._drift * np.sin(turn * np.array(DRIFT_PERIODS, np.float32))
        return picture * gain.astype(np.float32)


def cache_folder() -> Path:
    """Where takes with truth are kept: ``THENAR_BENCH_CACHE``, else the user's cache folder."""
    chosen = os.environ.get("THENAR_BENCH_CACHE")
    return Path(chosen) if chosen else Path.home() / ".cache" / "thenar" / "bench"


def truth_takes(camera: str, takes: int, folder: Path | None = None) -> list[TruthTake]:
    """Takes with truth, recorded now as far as they are not there yet.

    Parameters
    ----------
    camera : str
        ``front`` or ``wrist``.
    takes : int
        How many; the tasks take turns.
    folder : Path, optional
        By default ``cache_folder()``.
    """
    root = (folder or cache_folder()) / f"clean-{VERSION}" / camera
    per_task = -(-takes // len(TASKS))
    found = {task: _task_takes(root, camera, task, per_task) for task in TASKS}
    turns = [found[task][turn] for turn in range(per_task) for task in TASKS]
    return [TruthTake(path, camera) for path in turns[:takes]]


def _task_takes(root: Path, camera: str, task: str, wanted: int) -> list[Path]:
    folder = root / task
    there = sorted((folder / "episodes").glob("episode_*.h5"))
    if len(there) < wanted:
        _record(folder, camera, task, len(there), wanted)
        there = sorted((folder / "episodes").glob("episode_*.h5"))
    return there[:wanted]


def _record(folder: Path, camera: str, task: str, first: int, wanted: int) -> None:
    from app.headless import HeadlessDriver
    from app.opening import open_session

    folder.parent.mkdir(parents=True, exist_ok=True)
    open_dataset(folder, create=True)
    rig = folder.with_suffix(".yaml")
    rig.write_text(yaml.safe_dump(_rig(camera, task)))
    with open_session(str(rig), folder, seed=first) as session:
        driver = HeadlessDriver(session)
        driver.wait_ready()
        for number in range(first, wanted):
            driver.record(
                "kinesthetic", SECONDS, seed=100 * list(TASKS).index(task) + number, task=task
            )


def _rig(camera: str, task: str) -> dict[str, Any]:
    """``sim-xhand`` with one camera with truth, and the task's objects."""
    rig = yaml.safe_load(rig_files()["sim-xhand"].read_text())
    rig["cameras"] = [
        {**one, "width": 640, "height": 480, "rate_hz": RATE_HZ, "truth": True, "depth": False}
        for one in rig["cameras"]
        if one["name"] == camera
    ]
    rig["world"]["objects"] = TASKS[task]
    return rig
