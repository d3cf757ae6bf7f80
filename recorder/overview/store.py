"""Overviews on disk: ``DATASET/cache/<uuid>.npz``, arrays and one JSON text, no pickle.

They are derived. One of another version, damaged or half-written counts as missing and is made
again; a folder that cannot be written costs the saving, not the overview.

``python -m recorder.overview.store DATASET`` makes every missing one.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import re
import sys
import threading
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.dataset import Dataset, open_dataset
from recorder.episode import Episode, EpisodeError
from recorder.overview.making import make_overview
from recorder.overview.model import (
    OVERVIEW_VERSION,
    ContactCandidate,
    GapSpan,
    LaneSummary,
    Overview,
    QualityFigures,
)
from recorder.progress import ProgressMeter, Report, quiet
from recorder.progress_child import run_child

UUID = re.compile(r"[0-9a-f]{32}")
log = logging.getLogger(__name__)


def cache_path(dataset: Dataset, uuid: str) -> Path:
    """Where the overview of an episode lies.

    Raises
    ------
    ValueError
        ``uuid`` is not 32 hexadecimal digits, and so no part of a file name.
    """
    if not UUID.fullmatch(uuid):
        raise ValueError(f"'{uuid}' is no episode identity (32 hexadecimal digits)")
    return dataset.root / "cache" / f"{uuid}.npz"


def load_overview(dataset: Dataset, uuid: str) -> Overview | None:
    """The overview that was saved; None when there is none that this program can read."""
    path = cache_path(dataset, uuid)
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as stored:
            facts = json.loads(bytes(stored["facts"]))
            if facts["version"] != OVERVIEW_VERSION or facts["uuid"] != uuid:
                return None
            return _from_facts(facts, stored)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        log.info("overview '%s' is damaged and counts as missing: %s", path.name, error)
        return None


def save_overview(dataset: Dataset, overview: Overview) -> Path:
    """Save an overview so that a reader sees the old file or the new one, never a part."""
    path = cache_path(dataset, overview.uuid)
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    arrays: dict[str, NDArray[Any]] = {
        "thumbnail": np.frombuffer(overview.thumbnail_jpeg, np.uint8)
    }
    for at, lane in enumerate(overview.lanes.values()):
        arrays[f"low{at}"], arrays[f"high{at}"] = lane.low, lane.high
    arrays["facts"] = np.frombuffer(json.dumps(_facts(overview)).encode(), np.uint8)
    try:
        with open(part, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        os.replace(part, path)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    return path


def overview_for(dataset: Dataset, path: Path) -> Overview:
    """The overview of an episode file: as saved, else made and saved.

    Raises
    ------
    EpisodeError
        The file cannot be read as an episode.
    """
    with Episode(path) as episode:
        uuid = str(episode.attributes["uuid"])
    found = load_overview(dataset, uuid)
    if found is not None:
        return found
    made = make_overview(path)
    try:
        save_overview(dataset, made)
    except OSError as error:
        log.warning("overview of '%s' is not kept: %s", path.name, error)
    return made


def make_missing(dataset: Dataset, report: Report = quiet) -> dict[str, Any]:
    """Make every overview a dataset lacks.

    Returns
    -------
    dict
        ``made``: how many; ``failed``: sentences about episodes that could not be read.
    """
    paths = dataset.published()
    meter = ProgressMeter(len(paths), report)
    made, failed = 0, []
    for path in paths:
        try:
            with Episode(path) as episode:
                uuid = str(episode.attributes["uuid"])
            if load_overview(dataset, uuid) is None:
                save_overview(dataset, make_overview(path))
                made += 1
        except EpisodeError as error:
            failed.append(str(error))
        meter.advance(1, path.stem)
    return {"made": made, "failed": failed}


def _facts(overview: Overview) -> dict[str, Any]:
    return {
        "version": OVERVIEW_VERSION,
        "uuid": overview.uuid,
        "duration_s": overview.duration_s,
        "lanes": [
            {"stream": lane.stream, "kind": lane.kind, "labels": lane.labels, "unit": lane.unit}
            for lane in overview.lanes.values()
        ],
        "candidates": [asdict(candidate) for candidate in overview.candidates],
        "speed_minima_ns": overview.speed_minima_ns,
        "idle": overview.idle,
        "gaps": [asdict(gap) for gap in overview.gaps],
        "figures": asdict(overview.figures),
    }


def _from_facts(facts: dict[str, Any], stored: Any) -> Overview:
    lanes = [
        LaneSummary(
            stream=lane["stream"],
            kind=lane["kind"],
            labels=tuple(lane["labels"]),
            unit=lane["unit"],
            low=stored[f"low{at}"],
            high=stored[f"high{at}"],
        )
        for at, lane in enumerate(facts["lanes"])
    ]
    figures = dict(facts["figures"])
    figures["force_histogram"] = tuple(figures["force_histogram"])
    return Overview(
        uuid=facts["uuid"],
        duration_s=facts["duration_s"],
        lanes={lane.stream: lane for lane in lanes},
        candidates=tuple(ContactCandidate(**candidate) for candidate in facts["candidates"]),
        speed_minima_ns=tuple(facts["speed_minima_ns"]),
        idle=tuple((start, stop) for start, stop in facts["idle"]),
        gaps=tuple(GapSpan(**gap) for gap in facts["gaps"]),
        figures=QualityFigures(**figures),
        thumbnail_jpeg=bytes(stored["thumbnail"]),
    )


def main() -> int:
    """Make the missing overviews of the dataset named on the command line; the exit code."""
    parser = argparse.ArgumentParser(description="make the missing overviews of a dataset")
    parser.add_argument("dataset", type=Path)
    root = parser.parse_args().dataset
    return run_child(lambda report: make_missing(open_dataset(root), report))


if __name__ == "__main__":
    sys.exit(main())
