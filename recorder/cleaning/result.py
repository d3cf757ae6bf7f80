"""Cleaned videos as stored: read one, list them all.

One HDF5 file per camera and episode (``recorder.cleaning.place`` says where)::

    schema, digest      attributes; the digest is that of the content
    facts               JSON, see recorder.cleaning.facts
    stamp_ns, seq       of every picture, equal to those of the raw stream
    confidence          how sure the mask is, 0 to 1
    residue             share of the filled pixels that were guessed
    picture, mask, layers   packed pictures: JPEG 95 or PNG, one-bit PNG, PNG of layer numbers
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from recorder.cleaning.clip import CleanError
from recorder.cleaning.facts import CleanedFacts
from recorder.cleaning.packed import PackedReader, decode_colour, decode_grey
from recorder.cleaning.place import EARLIER, ResultPlace, cleaned_dir
from recorder.cleaning.verdict import Verdict, read_verdict
from recorder.dataset import Dataset
from recorder.layout import get_json, refuse_foreign

CLEANED_SCHEMA = "thenar.cleaned/1"


class CleanedVideo:
    """A cleaned video, open for reading. Use it in a ``with`` block, or ``close`` it.

    Parameters
    ----------
    path : Path
        The ``.h5`` file.

    Attributes
    ----------
    facts : CleanedFacts
    digest : str
        SHA-256 of the content.
    count : int
        Pictures.
    size : tuple of (int, int)
        Width and height, pixels.
    stamp_ns : (N,) int64 array
        Host monotonic clock, as in the raw stream.
    seq : (N,) uint64 array
    confidence, residue : (N,) float32 arrays
        0 to 1.

    Raises
    ------
    CleanError
        The file is missing, damaged, or none of ours.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise CleanError(f"there is no cleaned video '{path}'; make it with 'thenar clean'")
        try:
            self._file = h5py.File(self.path, "r")
        except OSError as error:
            raise CleanError(f"'{path}' cannot be opened: {error}; clean it again") from None
        try:
            self._read()
        except (KeyError, ValueError, OSError, TypeError, RuntimeError) as error:
            self._file.close()
            said = "its facts are not whole" if isinstance(error, ValidationError) else error
            raise CleanError(
                f"'{path}' is damaged: {said}; clean it again, the raw episode is untouched"
            ) from None

    def _read(self) -> None:
        schema = self._file.attrs.get("schema")
        if schema != CLEANED_SCHEMA:
            raise ValueError(f"its schema is '{schema}', not '{CLEANED_SCHEMA}'")
        refuse_foreign(self._file, self.path.stat().st_size)
        self.facts = CleanedFacts.model_validate(get_json(self._file, "facts"))
        self.digest = str(self._file.attrs["digest"])
        self.count = self.facts.frames
        self.size = self.facts.size
        self.stamp_ns: NDArray[np.int64] = self._column("stamp_ns", "<i8")
        self.seq: NDArray[np.uint64] = self._column("seq", "<u8")
        self.confidence: NDArray[np.float32] = self._column("confidence", "<f4")
        self.residue: NDArray[np.float32] = self._column("residue", "<f4")
        self._pictures = PackedReader(self._file, "picture", self.count)
        self._masks = PackedReader(self._file, "mask", self.count)
        self._layers = PackedReader(self._file, "layers", self.count)

    def _column(self, name: str, dtype: str) -> NDArray:
        column = np.asarray(self._file[name])
        if column.shape != (self.count,) or column.dtype != np.dtype(dtype):
            raise ValueError(f"'{name}' is {column.dtype} {column.shape}, not {self.count} values")
        return column

    def __len__(self) -> int:
        return self.count

    def image(self, index: int) -> NDArray[np.uint8]:
        """Cleaned RGB picture ``(height, width, 3)``.

        Raises
        ------
        IndexError
            There is no such picture.
        CleanError
            Its bytes changed on the disk.
        """
        what = self._what("picture", index)
        return decode_colour(self._pictures.stored(index, what), self.size, what)

    def mask(self, index: int) -> NDArray[np.bool_]:
        """Where the operator was seen, before dilation ``(height, width)``; raises as ``image``."""
        what = self._what("mask", index)
        return decode_grey(self._masks.stored(index, what), self.size, what) > 127

    def layers(self, index: int) -> NDArray[np.uint8]:
        """``Layer`` of every pixel ``(height, width)``; raises as ``image``."""
        what = self._what("layers", index)
        return decode_grey(self._layers.stored(index, what), self.size, what)

    def _what(self, what: str, index: int) -> str:
        if not 0 <= index < self.count:
            raise IndexError(f"'{self.path.name}' has {self.count} pictures, no picture {index}")
        return f"{what} {index} of '{self.path}'"

    def check(self) -> None:
        """Read every byte; raises ``CleanError`` naming the first picture that is damaged."""
        for index in range(self.count):
            self.image(index)
            self.mask(index)
            self.layers(index)

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._file.close()

    def __enter__(self) -> CleanedVideo:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


@dataclass(frozen=True)
class CleanedInfo:
    """A cleaned video and what was said about it.

    Attributes
    ----------
    path : Path
    facts : CleanedFacts
    digest : str
    verdict : Verdict
    made_now : bool
        Whether this is what a cleaning has just made.
    """

    path: Path
    facts: CleanedFacts
    digest: str
    verdict: Verdict
    made_now: bool = False

    @property
    def uuid(self) -> str:
        """Identity of the episode."""
        return self.facts.source_uuid

    @property
    def camera(self) -> str:
        """Image stream."""
        return self.facts.camera

    @property
    def state(self) -> str:
        """``proposed``, ``accepted`` or ``redo``."""
        return self.verdict.state


def open_cleaned(dataset: Dataset, uuid: str, camera: str) -> CleanedVideo:
    """Open the cleaned video of a camera of an episode; raises ``CleanError``."""
    return CleanedVideo(ResultPlace(dataset, uuid, camera).path)


def cleaned_info(dataset: Dataset, uuid: str, camera: str) -> CleanedInfo | None:
    """What there is of a camera of an episode; None when it was never cleaned.

    Raises
    ------
    CleanError
        There is a file, and it is damaged.
    """
    place = ResultPlace(dataset, uuid, camera)
    if not place.path.exists():
        return None
    with CleanedVideo(place.path) as video:
        return CleanedInfo(
            place.path, video.facts, video.digest, read_verdict(place.journal, video.digest)
        )


def cleaned_results(dataset: Dataset) -> tuple[list[CleanedInfo], list[str]]:
    """All cleaned videos by source file and camera, and a sentence for each damaged one."""
    found: list[CleanedInfo] = []
    damaged: list[str] = []
    for path in sorted(cleaned_dir(dataset).glob("*/*.h5")):
        camera = path.stem.replace(".", "/")
        if EARLIER.match(path.name):
            continue
        try:
            info = cleaned_info(dataset, path.parent.name, camera)
        except CleanError as error:
            damaged.append(str(error))
            continue
        if info is not None:
            found.append(info)
    found.sort(key=lambda one: (one.facts.source_name, one.camera))
    return found, damaged
