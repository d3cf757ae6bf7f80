"""The ``library`` figure: a dataset of ten thousand episodes, from its folder to the first picture.

The episodes are made up: their rows stand in the catalogue, their files do not exist, because only
the catalogue is read when a library opens. Rebuilding reads files, so that a few hundred real HDF5
headers are written for it and the time is scaled up (``rebuild_extrapolated_s``); they are warm in
the page cache and have neither labels nor overviews.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
import uuid as uuids
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import h5py

from benchmarks.machine import parser, report
from recorder.catalogue import EPISODES, Catalogue, EpisodeRow
from recorder.catalogue_database import ADDRESS_VARIABLE, CatalogueDatabase
from recorder.dataset import Dataset, open_dataset
from recorder.library.library import Library
from recorder.library.rows import LibraryQuery, LibraryRow, ReviewSummary
from recorder.library.snapshot import Snapshot
from recorder.library.triage import triage
from recorder.overview.model import QualityFigures

TARGETS = {"open_to_first_paint_s": "<= 2", "search_worst_ms": "<= 50", "filter_worst_ms": "<= 50"}
SIZE = 1280, 800
TASKS = {
    "pick-up-the-ball": "pick up the ball",
    "pinch-the-cylinder": "pinch the cylinder with thumb and index finger",
    "plug-the-charger": "plug the charger into the socket",
    "open-the-jar": "open the jar and put the lid aside",
    "turn-the-key": "turn the key a quarter turn to the right",
}
OUTCOMES = ("success", "success", "success", "qualified_success", "failure", "cannot_judge")
NOTES = ("", "", "", "slipped once before the lift", "thumb late", "lighting changed half way")
SEARCHES = ("p", "pi", "pinch", "pinch thumb", "slipped", "0012", "nothing of the sort", "")


def synthetic_rows(count: int, seed: int = 0) -> list[LibraryRow]:
    """Made-up rows with a few odd ones among them."""
    chance = random.Random(seed)
    began = datetime(2026, 1, 5, 8, tzinfo=UTC)
    return [_row(chance, number, began + timedelta(minutes=2 * number)) for number in range(count)]


def _row(chance: random.Random, number: int, when: datetime) -> LibraryRow:
    task = chance.choice(list(TASKS))
    odd = chance.random() < 0.02
    length_s = max(2.0, chance.gauss(12.0, 2.0)) * (2.5 if odd and chance.random() < 0.5 else 1.0)
    samples, gaps = int(1800 * length_s), chance.choice((3, 40)) if chance.random() < 0.04 else 0
    operator_outcome = chance.choice(("success", "success", "failure", "unlabelled"))
    episode = EpisodeRow(
        uuid=uuids.UUID(int=chance.getrandbits(128), version=4).hex,
        number=number,
        status="published",
        path=f"episodes/episode_{number:06d}.h5",
        task=task,
        instruction=TASKS[task],
        operator_code=f"P{chance.randint(1, 24):02d}",
        source=chance.choice(("kinesthetic", "exoskeleton", "scripted")),
        outcome=operator_outcome,
        duration_s=length_s,
        samples=samples,
        gaps=gaps,
        bytes=7_000_000 * int(length_s),
        rig="sim-xhand",
        wall_time=when.isoformat(timespec="milliseconds"),
    )
    return LibraryRow(episode, _review(chance, operator_outcome), _figures(chance, odd, episode))


def _review(chance: random.Random, operator_outcome: str) -> ReviewSummary:
    if chance.random() < 0.4:
        by = "nobody" if operator_outcome == "unlabelled" else "operator"
        return ReviewSummary(outcome=operator_outcome, outcome_by=by)
    reviewers = ("R1",) if chance.random() < 0.7 else ("R1", "R2")
    disputed = len(reviewers) > 1 and chance.random() < 0.1
    return ReviewSummary(
        outcome="disputed" if disputed else chance.choice(OUTCOMES),
        outcome_by="reviewers",
        quality=chance.randint(1, 5),
        reviewers=reviewers,
        rejected="operator in the way" if chance.random() < 0.04 else "",
        trimmed=chance.random() < 0.3,
        phases=4,
        contacts=chance.randint(0, 3),
        disagreement=0.25 if disputed else 0.0,
        text=chance.choice(NOTES),
    )


def _figures(chance: random.Random, odd: bool, episode: EpisodeRow) -> QualityFigures:
    idle = min(0.9, max(0.0, chance.gauss(0.45 if odd else 0.08, 0.02)))
    return QualityFigures(
        jerk=chance.gauss(9.0 if odd else 7.0, 0.4),
        idle_s=idle * episode.duration_s,
        idle_share=idle,
        longest_idle_s=0.5 * idle * episode.duration_s,
        contacts=2,
        contact_losses=1 if chance.random() < 0.02 else 0,
        peak_force_n=chance.uniform(1.0, 8.0),
        force_histogram=(30, 80, 120, 60, 20, 4, 1, 0),
        gap_rate=episode.gaps / (episode.samples + episode.gaps),
        worst_gap_s=0.01 * episode.gaps,
    )


def fill_catalogue(dataset: Dataset, rows: list[LibraryRow]) -> None:
    """Write rows of episodes that have no files into the catalogue."""
    Catalogue(dataset)
    database = CatalogueDatabase(dataset, (EPISODES,))
    with database.connection() as connection:
        revision = database.next_revision(connection)
        database.upsert(connection, EPISODES, revision, [asdict(row.episode) for row in rows])
    Snapshot(dataset).store(
        {row.episode.uuid: row.review for row in rows},
        {row.episode.uuid: row.figures for row in rows if row.figures is not None},
    )


def measure_opening(root: Path) -> dict[str, Any]:
    """Open the library in a window, then search, filter and sort."""
    from PySide6.QtGui import QImage
    from PySide6.QtWidgets import QApplication

    from widgets.library.library_view import LibraryView
    from widgets.theme import apply_theme

    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    apply_theme(app)
    image = QImage(*SIZE, QImage.Format.Format_RGB32)
    started, started_cpu = time.perf_counter(), time.process_time()
    library = Library(open_dataset(root))
    rows = library.rows()
    read = time.perf_counter()
    view = LibraryView()
    view.resize(*SIZE)
    view.set_rows(rows)
    filled = time.perf_counter()
    view.show()
    view.render(image)
    painted, painted_cpu = time.perf_counter(), time.process_time()
    queue = triage(rows)
    ranked = time.perf_counter()
    view.set_triage(queue)
    search_ms = [
        _timed_ms(lambda text=text: view.filters.search.setText(text)) for text in SEARCHES
    ]
    filter_ms = [_timed_ms(lambda one=one: view.set_query(one)) for one in _queries()]
    again_ms = [_timed_ms(library.rows) for _ in range(5)]
    view.set_query(LibraryQuery())
    return {
        "open_to_first_paint_s": painted - started,
        "open_to_first_paint_cpu_s": painted_cpu - started_cpu,
        "read_catalogue_s": read - started,
        "fill_table_ms": 1e3 * (filled - read),
        "first_paint_ms": 1e3 * (painted - filled),
        "triage_ms": 1e3 * (ranked - painted),
        "search_median_ms": median(search_ms),
        "search_worst_ms": max(search_ms),
        "filter_median_ms": median(filter_ms),
        "filter_worst_ms": max(filter_ms),
        "sort_ms": _timed_ms(lambda: view.table.horizontalHeader().sectionClicked.emit(2)),
        "rows_unchanged_ms": median(again_ms),
    }


def _queries() -> list[LibraryQuery]:
    all_on = LibraryQuery(text="p", tasks=frozenset(TASKS), labels="reviewed", quality_least=1)
    return [
        LibraryQuery(tasks=frozenset({"open-the-jar"})),
        LibraryQuery(outcomes=frozenset({"failure", "disputed"})),
        LibraryQuery(labels="unreviewed"),
        LibraryQuery(quality_least=4),
        LibraryQuery(with_gaps=True),
        LibraryQuery(length_least_s=10.0, length_most_s=14.0),
        replace(all_on, since="2026-01-06", until="2026-02-01", length_least_s=1.0),
    ]


def _timed_ms(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return 1e3 * (time.perf_counter() - started)


def measure_rebuild(root: Path, rows: list[LibraryRow], episodes: int) -> dict[str, Any]:
    """Rebuild from real headers of ``rows``, scaled up to ``episodes``."""
    dataset = open_dataset(root, create=True)
    library = Library(dataset)  # before the files are there, so that none is remembered
    for row in rows:
        episode = row.episode
        with h5py.File(dataset.root / episode.path, "w") as file:
            file.attrs.update(
                schema="thenar.episode/1",
                uuid=episode.uuid,
                task=episode.task,
                instruction=episode.instruction,
                operator_code=episode.operator_code,
                operator_source=episode.source,
                outcome=episode.outcome,
                duration_s=episode.duration_s,
                samples=episode.samples,
                lost_samples=episode.gaps,
                rig_name=episode.rig,
                wall_time=episode.wall_time,
            )
    started = time.perf_counter()
    assert library.rebuild() == len(rows)
    return _scaled(time.perf_counter() - started, len(rows), episodes)


def _scaled(spent_s: float, headers: int, episodes: int) -> dict[str, Any]:
    return {
        "rebuild_headers": headers,
        "rebuild_per_header_ms": 1e3 * spent_s / headers,
        "rebuild_extrapolated_s": spent_s / headers * episodes,
    }


def main() -> None:
    """Entry point."""
    options = parser(__doc__ or "", 0.0)
    options.add_argument("--episodes", type=int, default=10_000, help="rows in the catalogue")
    options.add_argument("--headers", type=int, default=300, help="files to rebuild from")
    chosen = options.parse_args()
    if not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.pop(ADDRESS_VARIABLE, None)
    rows = synthetic_rows(chosen.episodes)
    with tempfile.TemporaryDirectory() as folder:
        opened = open_dataset(Path(folder) / "opened", create=True)
        fill_catalogue(opened, rows)
        figures = {"episodes": chosen.episodes, **measure_opening(opened.root)}
        few = rows[: chosen.headers]
        figures |= measure_rebuild(Path(folder) / "rebuilt", few, chosen.episodes)
    shown = {key: round(value, 3) for key, value in figures.items()}
    report("library", shown, TARGETS, chosen.json)


if __name__ == "__main__":
    main()
