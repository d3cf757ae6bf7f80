"""What an importer says about a foreign dataset, in words the log writer understands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from devices.clock import NS_PER_S
from devices.stream import StreamSpec
from recorder.importers.limits import Refused

MADE_UP_START_NS = 1_000 * NS_PER_S  # of episodes that carry no clock: any constant would do
MADE_UP_CLOCK = "made-up clock: row number divided by the rate"
RECORDED_CLOCK = "recorded clock: stamps travelled with the export"
Outcome = Literal["success", "failure", "unlabelled"]
TEXT_LETTERS = 500


@dataclass(frozen=True)
class ForeignStream:
    """One stream of a foreign episode.

    Attributes
    ----------
    spec : StreamSpec
        How it is stored here.
    stamp_ns : (N,) int64 array
        Rising; host monotonic clock of the recording or a made-up one.
    samples : callable
        Yields N arrays of the spec's dtype and shape.
    """

    spec: StreamSpec
    stamp_ns: NDArray[np.int64]
    samples: Callable[[], Iterator[NDArray[Any]]]


@dataclass(frozen=True)
class ForeignEpisode:
    """One episode of a foreign dataset, checked and ready to be written.

    Attributes
    ----------
    index : int
        Its number there.
    streams : tuple of ForeignStream
    task, instruction, operator_code : str
    outcome : str
    notes : dict
        JSON facts that go into the header: quality, clock, what was left out.
    wall_time : str
        ISO 8601, or empty when unknown.
    """

    index: int
    streams: tuple[ForeignStream, ...]
    task: str = ""
    instruction: str = ""
    operator_code: str = ""
    outcome: Outcome = "unlabelled"
    notes: dict[str, Any] = field(default_factory=dict)
    wall_time: str = ""


class ForeignDataset(Protocol):
    """A foreign dataset that was opened and whose facts were judged."""

    format: str
    robot: str
    lengths: Sequence[int]

    def hashed_files(self) -> Sequence[Path]:
        """Files whose bytes identify the dataset."""
        ...

    def episode(self, at: int) -> ForeignEpisode:
        """Episode at position ``at``; raises ``Refused``."""
        ...


def slug(text: str, joint: str = "_") -> str:
    """Lower-case letters, digits and ``joint``; never empty."""
    plain = re.sub(r"[^a-z0-9]+", joint, text.lower()).strip(joint)
    return plain[:60] or "unnamed"


def clean_text(value: Any, letters: int = TEXT_LETTERS) -> str:
    """Printable text of bounded length; empty for anything else."""
    if not isinstance(value, str):
        return ""
    return "".join(letter for letter in value if letter.isprintable())[:letters].strip()


def outcome_of(value: Any) -> Outcome:
    """An outcome from what exports write: a word, a truth value, 0 or 1."""
    if value is None or (isinstance(value, float) and value != value):
        return "unlabelled"
    if isinstance(value, bool | int | float):
        return "success" if value == 1 else "failure" if value == 0 else "unlabelled"
    word = str(value).strip().lower()
    if word in ("success", "qualified_success", "true", "1"):
        return "success"
    return "failure" if word in ("failure", "failed", "false", "0") else "unlabelled"


def made_up_stamps(rows: int, rate_hz: float) -> NDArray[np.int64]:
    """``(rows,)`` int64 stamps of a clock that was never there: ``k / rate_hz``."""
    times_ns = np.rint(np.arange(rows) * (NS_PER_S / rate_hz)).astype(np.int64)
    return MADE_UP_START_NS + times_ns


def need_finite(values: NDArray[Any], name: str) -> None:
    """Refuse numbers that are not finite, naming the first row."""
    if values.dtype.kind == "f":
        bad = ~np.isfinite(values.reshape(len(values), -1)).all(axis=1)
        if bad.any():
            raise Refused(
                f"'{name[:80]}' has {int(bad.sum())} rows with numbers that are not finite, the "
                f"first is row {int(np.argmax(bad))}"
            )


def need_rising(stamps: NDArray[np.int64], name: str) -> None:
    """Refuse stamps that go backwards or are absurd."""
    if len(stamps) and (stamps.min() < 0 or np.any(np.diff(stamps) < 0)):
        raise Refused(f"the stamps of '{name[:80]}' are negative or go backwards")


def image_spec(
    name: str, size: tuple[int, int], rate_hz: float, lossless: bool, device: str = "imported"
) -> StreamSpec:
    """A colour stream; what was stored without loss stays without loss.

    Parameters
    ----------
    size : tuple of (int, int)
        Width, height.
    """
    width, height = size
    return StreamSpec(
        name=name,
        kind="image",
        dtype="u1",
        shape=(height, width, 3),
        axes=("row", "column", "rgb"),
        rate_hz=rate_hz,
        encoding="png" if lossless else "jpeg",
        device=device,
    )
