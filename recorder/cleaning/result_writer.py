"""Write a cleaned video: picture by picture into a part file that gets its name at the end."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import CleanError
from recorder.cleaning.facts import CleanedFacts, PictureFormat
from recorder.cleaning.layers import Filled
from recorder.cleaning.packed import PackedWriter, encode_layers, encode_mask, encode_picture
from recorder.cleaning.part_file import PartFile
from recorder.cleaning.place import ResultPlace
from recorder.cleaning.result import CLEANED_SCHEMA, CleanedInfo, CleanedVideo
from recorder.cleaning.verdict import note_made, read_verdict
from recorder.durability import is_full
from recorder.layout import put_array, put_json


class ResultWriter:
    """A cleaned video in the making. Use it in a ``with`` block, inside ``ResultPlace.alone``.

    Left before ``finish``, nothing remains of it and what was there before stays.

    Parameters
    ----------
    place : ResultPlace
    pictures : str
        ``jpeg`` or ``png``.
    """

    def __init__(self, place: ResultPlace, pictures: PictureFormat = "jpeg") -> None:
        self._place = place
        self._lossless = pictures == "png"
        self._part = place.folder / f".{place.stem}.part"
        place.folder.mkdir(parents=True, exist_ok=True)
        self._part.unlink(missing_ok=True)
        self._below = PartFile(self._part)
        self._file = h5py.File(self._below, "w")
        self._pictures, self._masks, self._layers = (
            PackedWriter(self._file.create_group(name)) for name in ("picture", "mask", "layers")
        )
        self._confidence: list[float] = []
        self._residue: list[float] = []
        self._digest = hashlib.sha256()

    def add(self, filled: Filled, mask: NDArray[np.bool_], confidence: float) -> None:
        """Append the next picture.

        Parameters
        ----------
        filled : Filled
        mask : (height, width) bool array
            Operator before dilation.
        confidence : float
            0 to 1.

        Raises
        ------
        CleanError
            The disk does not take it.
        """
        stored = (
            encode_picture(filled.image, self._lossless),
            encode_mask(mask),
            encode_layers(filled.layers),
        )
        for writer, part in zip((self._pictures, self._masks, self._layers), stored, strict=True):
            writer.add(part)
            self._digest.update(part)
        self._confidence.append(confidence)
        self._residue.append(filled.residue_share)
        try:
            self._below.check()
        except OSError as error:
            raise self._not_written(error) from None

    def finish(
        self,
        facts: CleanedFacts,
        stamp_ns: NDArray[np.int64],
        seq: NDArray[np.uint64],
        who: str = "",
    ) -> CleanedInfo:
        """Store facts and columns and put the video in place, the previous one beside it.

        Parameters
        ----------
        facts : CleanedFacts
        stamp_ns, seq : (N,) int64 and uint64 arrays
            Of the raw stream.
        who : str
            For the journal.

        Raises
        ------
        CleanError
            There is not one picture for every stamp, or the disk does not take the file.
        """
        count = len(self._confidence)
        if not len(stamp_ns) == len(seq) == facts.frames == count:
            raise CleanError(
                f"{count} pictures were cleaned for the {len(stamp_ns)} of '{facts.camera}'"
            )
        try:
            digest = self._store(facts, stamp_ns, seq)
            self._file.close()
            self._below.check()
            self._below.close()
            self._place.publish(self._part, self._present_digest() != digest)
            note_made(self._place, digest, who)
        except OSError as error:
            raise self._not_written(error) from error
        verdict = read_verdict(self._place.journal, digest)
        return CleanedInfo(self._place.path, facts, digest, verdict, made_now=True)

    def _store(self, facts: CleanedFacts, stamp_ns: NDArray, seq: NDArray) -> str:
        stored = facts.model_dump_json()
        columns = {
            "stamp_ns": np.asarray(stamp_ns, "<i8"),
            "seq": np.asarray(seq, "<u8"),
            "confidence": np.array(self._confidence, "<f4"),
            "residue": np.array(self._residue, "<f4"),
        }
        for writer in (self._pictures, self._masks, self._layers):
            writer.close()
        for name, column in columns.items():
            put_array(self._file, name, column)
            self._digest.update(column.tobytes())
        self._digest.update(stored.encode())
        put_json(self._file, "facts", facts.model_dump(mode="json"))
        digest = self._digest.hexdigest()
        self._file.attrs["schema"] = CLEANED_SCHEMA
        self._file.attrs["digest"] = digest
        return digest

    def _not_written(self, error: OSError) -> CleanError:
        way_out = "make room and clean it again" if is_full(error) else "clean it again"
        return CleanError(
            f"'{self._place.path}' cannot be written: {error.strerror or error}; {way_out}, what "
            "was there before is untouched"
        )

    def _present_digest(self) -> str:
        try:
            with CleanedVideo(self._place.path) as present:
                return present.digest
        except CleanError:
            return ""

    @property
    def part(self) -> Path:
        """The unfinished file."""
        return self._part

    def close(self) -> None:
        """Leave nothing unfinished behind; safe to call twice."""
        with contextlib.suppress(OSError, RuntimeError):
            self._file.close()
        self._below.close()
        self._part.unlink(missing_ok=True)

    def __enter__(self) -> ResultWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
