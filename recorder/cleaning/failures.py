"""Why an episode could not be cleaned, kept beside its results until it is.

One small JSON file per camera and episode, ``DATASET/cleaned/<uuid>/front.rgb.failed.json``, which
the batch writes as soon as the episode failed and removes when it is cleaned. An episode that is
too damaged to tell its identity, and is in no catalogue, goes by the name of its file.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from recorder.cleaning.clip import CleanError
from recorder.cleaning.place import ResultPlace, cleaned_dir
from recorder.cleaning.work import CleanOutcome
from recorder.dataset import Dataset
from recorder.exporters.manifest import write_json


class Failure(BaseModel):
    """The newest attempt at an episode, which failed.

    Attributes
    ----------
    uuid : str
        Of the episode, or the name of its file without an ending.
    number : int
    camera : str
    error : str
        One sentence.
    when : str
        ISO 8601, UTC.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    uuid: str
    number: int
    camera: str
    error: str
    when: str


def remember(dataset: Dataset, outcome: CleanOutcome) -> None:
    """Write down a failure; forget it when the episode was cleaned. A cancelled one says nothing.

    A full disk or a wrong name of a camera never ends the batch here.
    """
    if not outcome.uuid or outcome.outcome == "cancelled":
        return
    with contextlib.suppress(OSError, CleanError):
        place = ResultPlace(dataset, outcome.uuid, outcome.camera)
        if outcome.outcome != "failed":
            place.failure.unlink(missing_ok=True)
            return
        place.folder.mkdir(parents=True, exist_ok=True)
        failure = Failure(
            uuid=outcome.uuid,
            number=outcome.number,
            camera=outcome.camera,
            error=outcome.error,
            when=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        write_json(place.failure, failure.model_dump())


def failure_of(dataset: Dataset, uuid: str, camera: str) -> Failure | None:
    """Why the newest attempt at a camera of an episode failed; None when it did not."""
    with contextlib.suppress(CleanError):
        return _read(ResultPlace(dataset, uuid, camera).failure)
    return None


def failures(dataset: Dataset) -> list[Failure]:
    """Failures of published episodes by number and camera; files that are none are passed over."""
    from recorder.catalogue import Catalogue

    found = [_read(path) for path in cleaned_dir(dataset).glob("*/*.failed.json")]
    if not found:
        return []
    there = {row.uuid for row in Catalogue(dataset).rows()}
    there |= {path.stem for path in dataset.published()}
    kept = [one for one in found if one is not None and one.uuid in there]
    return sorted(kept, key=lambda one: (one.number, one.camera))


def _read(path: Path) -> Failure | None:
    try:
        return Failure.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
