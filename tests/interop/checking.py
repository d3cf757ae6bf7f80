"""What the check scripts share: arguments, what must be found, and how a check is reported.

A script is started as ``check_<peer>.py FOLDER NAME``: FOLDER holds the exports and ``NAME.json``,
``NAME.npz`` with what must be found in them. A line of JSON on stdout says what was checked; the
first assertion that does not hold ends the script.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

CELL_PX, BITS = 8, 16  # of the number a made-up picture carries in its first lines


@dataclass(frozen=True)
class Expected:
    """What one data set holds, read by the program that wrote the exports."""

    folder: Path
    name: str
    camera: str
    episodes: list[dict[str, Any]]
    arrays: Any

    @property
    def is_made_up(self) -> bool:
        """Whether the pictures carry their numbers."""
        return self.name == "made-up"

    @property
    def lengths(self) -> list[int]:
        """Rows of the episodes."""
        return [one["length"] for one in self.episodes]

    def export(self, variant: str) -> Path:
        """Folder of an export."""
        return self.folder / f"{self.name}-{variant}"


def arguments() -> Expected:
    """Read what the command line names."""
    folder, name = Path(sys.argv[1]), sys.argv[2]
    said = json.loads((folder / f"{name}.json").read_text())
    arrays = np.load(folder / f"{name}.npz")
    return Expected(folder, name, said["camera"], said["episodes"], arrays)


def passed(peer: str, what: str, substitute: str = "") -> None:
    """Say that a check held.

    Parameters
    ----------
    peer : str
        Distribution whose code was run.
    what : str
        What was checked, one sentence.
    substitute : str
        What of the peer had to be replaced for it.
    """
    line = {"peer": f"{peer} {version(peer)}", "what": what, "substitute": substitute}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def number_in(picture: np.ndarray) -> int:
    """Read the number in the cells of a made-up RGB picture ``(height, width, 3)``, 0 to 255."""
    cells = picture[:CELL_PX, : BITS * CELL_PX].reshape(CELL_PX, BITS, CELL_PX, -1)
    bright = cells.astype(np.float64).mean(axis=(0, 2, 3)) > 127
    return sum(1 << bit for bit in range(BITS) if bright[bit])
