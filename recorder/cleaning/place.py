"""Where cleaned videos lie: beside the raw episodes, never over them.

::

    DATASET/cleaned/<uuid>/front.rgb.h5          the cleaned video
    DATASET/cleaned/<uuid>/front.rgb.run3.h5     what it was before; the last three are kept
    DATASET/cleaned/<uuid>/front.rgb.jsonl       who made, accepted or sent it back, and when
    DATASET/cleaned/<uuid>/front.rgb.failed.json why the newest attempt failed, until one succeeds
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from devices.exclusive import try_lock
from recorder.cleaning.clip import CleanError
from recorder.dataset import Dataset
from recorder.durability import fsync_path

CAMERA = re.compile(r"^[a-z0-9_]+(/[a-z0-9_]+)+\Z")
EPISODE = re.compile(r"^[0-9A-Za-z][0-9A-Za-z_-]{0,63}\Z")
EARLIER = re.compile(r"^[a-z0-9_]+(?:\.[a-z0-9_]+)+\.run(\d+)\.h5\Z")
KEPT_RUNS = 3


def cleaned_dir(dataset: Dataset) -> Path:
    """Folder of all cleaned videos of a dataset."""
    return dataset.root / "cleaned"


class ResultPlace:
    """Files of one camera of one episode.

    Parameters
    ----------
    dataset : Dataset
    uuid : str
        Of the episode.
    camera : str
        Image stream, e.g. ``front/rgb``.

    Raises
    ------
    CleanError
        One of them cannot be a name of a file.
    """

    def __init__(self, dataset: Dataset, uuid: str, camera: str) -> None:
        if not CAMERA.match(camera):
            raise CleanError(f"'{camera}' is no image stream; write e.g. front/rgb")
        if not EPISODE.match(uuid):
            raise CleanError(f"'{uuid}' is no identity of an episode")
        self.folder = cleaned_dir(dataset) / uuid
        self.stem = camera.replace("/", ".")
        self.path = self.folder / f"{self.stem}.h5"
        self.journal = self.folder / f"{self.stem}.jsonl"
        self.failure = self.folder / f"{self.stem}.failed.json"

    def earlier(self) -> list[Path]:
        """Previous runs that are kept, oldest first."""
        found = []
        for path in self.folder.glob(f"{self.stem}.run*.h5"):
            match = EARLIER.match(path.name)
            if match:
                found.append((int(match.group(1)), path))
        return [path for _, path in sorted(found)]

    def next_run(self) -> Path:
        """Where the present video goes when a new one takes its place."""
        earlier = [EARLIER.match(path.name) for path in self.earlier()]
        newest = max((int(match.group(1)) for match in earlier if match), default=0)
        return self.folder / f"{self.stem}.run{newest + 1}.h5"

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other process from writing here while the block runs.

        Raises
        ------
        CleanError
            Another process is cleaning this camera of this episode.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        fd = os.open(self.folder / f".{self.stem}.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if not try_lock(fd):
                raise CleanError(
                    f"'{self.path}' is being made by another process; wait for it to end"
                )
            yield
        finally:
            os.close(fd)

    def publish(self, part: Path, keep_present: bool) -> None:
        """Put the finished file ``part`` in place; there is no moment without a video.

        Parameters
        ----------
        part : Path
            Closed, in the same folder.
        keep_present : bool
            Whether the present video stays as a previous run.
        """
        fsync_path(part)
        if keep_present and self.path.exists():
            before = self.next_run()
            try:
                os.link(self.path, before)
            except OSError:  # a file system without links
                self.path.rename(before)
        os.replace(part, self.path)
        fsync_path(self.folder)
        for old in self.earlier()[:-KEPT_RUNS]:
            old.unlink()
