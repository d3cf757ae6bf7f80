"""The library shows what catalogue, labels and overviews say, and can be made again from them."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
from support.recording import write_log

from recorder.catalogue import EPISODES, Catalogue
from recorder.catalogue_database import REVISIONS, CatalogueDatabase
from recorder.dataset import Dataset
from recorder.finalise import finalise_log
from recorder.library.library import Library
from recorder.library.rows import LibraryQuery, LibraryRow
from recorder.library.snapshot import FIGURES, REVIEWS
from recorder.overview.model import Overview, QualityFigures
from recorder.overview.store import save_overview
from recorder.progress import Cancelled, Progress
from recorder.review.schema import load_label_schemas, schema_for
from recorder.review.state import Change, Edit
from recorder.review.store import ReviewStore

pytestmark = pytest.mark.usefixtures("catalogue_kind")


def publish(dataset: Dataset, *numbers: int, **facts) -> None:
    for number in numbers:
        finalise_log(dataset, write_log(dataset, number=number, seconds=0.1, **facts))


def save_figures(dataset: Dataset, uuid: str, figures: QualityFigures) -> None:
    empty = Overview(uuid, 0.1, {}, (), (), (), (), figures, b"picture of " + uuid[:4].encode())
    save_overview(dataset, empty)


def say(dataset: Dataset, uuid: str, reviewer: str, **lanes) -> None:
    store = ReviewStore(dataset, reviewer)
    review = store.open(uuid, schema_for(load_label_schemas(), "plug"))
    for lane, value in {**lanes, "accepted": True}.items():
        review.apply(Change(f"{lane} {value}", (Edit(lane, None, value),)))
    review.publish()
    review.close()


def uuids(rows: list[LibraryRow]) -> list[str]:
    return [row.episode.uuid for row in rows]


def test_an_episode_nobody_reviewed_has_the_operators_outcome(dataset: Dataset) -> None:
    publish(dataset, 0)
    Catalogue(dataset).set_outcome(0, "failure")
    (row,) = Library(dataset).rows()
    assert (row.review.outcome, row.review.outcome_by) == ("failure", "operator")
    assert row.figures is None


def test_rows_follow_what_the_recorder_and_the_operator_do_meanwhile(dataset: Dataset) -> None:
    publish(dataset, 0, 1)
    library = Library(dataset)
    assert [row.episode.number for row in library.rows()] == [0, 1]
    publish(dataset, 2)
    assert [row.episode.number for row in library.rows()] == [0, 1, 2]
    Catalogue(dataset).set_outcome(1, "failure")
    assert [row.review.outcome for row in library.rows()] == ["success", "failure", "success"]
    Catalogue(dataset).discard(0)
    assert [row.episode.number for row in library.rows()] == [1, 2]
    Catalogue(dataset).undo_discard()
    Catalogue(dataset).rebuild()
    assert [row.episode.number for row in library.rows()] == [0, 1, 2]


def test_a_review_is_seen_after_refresh_here_and_in_other_windows(dataset: Dataset) -> None:
    publish(dataset, 0)
    here, there = Library(dataset), Library(dataset)
    (uuid,) = uuids(here.rows())
    there.rows()
    say(dataset, uuid, "R1", outcome="failure", quality=2, note="Thumb slipped")
    save_figures(dataset, uuid, QualityFigures(jerk=7.5, force_histogram=(1, 2)))
    refreshed = here.refresh(uuid)
    assert refreshed.review.outcome == "failure"
    assert refreshed.review.reviewers == ("R1",)
    assert refreshed.figures == QualityFigures(jerk=7.5, force_histogram=(1, 2))
    assert there.rows() == here.rows() == [refreshed]
    assert here.rows(LibraryQuery(text="thumb", quality_most=2)) == [refreshed]
    assert here.rows(LibraryQuery(outcomes=frozenset({"success"}))) == []
    assert here.thumbnail(uuid) == b"picture of " + uuid[:4].encode()


def test_a_reviewed_outcome_stands_over_a_later_word_of_the_operator(dataset: Dataset) -> None:
    publish(dataset, 0)
    library = Library(dataset)
    (uuid,) = uuids(library.rows())
    say(dataset, uuid, "R1", outcome="success")
    library.refresh(uuid)
    Catalogue(dataset).set_outcome(0, "failure")
    assert [row.review.outcome for row in library.rows()] == ["success"]


def test_overviews_made_elsewhere_are_taken_in(dataset: Dataset) -> None:
    publish(dataset, 0, 1)
    library = Library(dataset)
    first, second = uuids(library.rows())
    save_figures(dataset, second, QualityFigures(jerk=float("nan"), idle_share=0.3))
    assert library.missing_overviews() == [first]
    figures = library.row(second).figures
    assert figures is not None
    assert figures.idle_share == 0.3
    assert figures.jerk != figures.jerk, "NaN survives the database"
    assert library.thumbnail(first) == b""


def test_a_rebuilt_library_equals_the_one_before(dataset: Dataset) -> None:
    publish(dataset, 0, 1, 2, 3)
    Catalogue(dataset).discard(3)
    library = Library(dataset)
    first, second, _ = uuids(library.rows())
    say(dataset, first, "R1", outcome="failure", quality=4)
    say(dataset, first, "R2", outcome="success", quality=4)
    save_figures(dataset, second, QualityFigures(jerk=6.0, contact_losses=2))
    library.refresh(first)
    library.refresh(second)
    before = library.rows()
    assert before[0].review.outcome == "disputed"
    lose_everything(dataset)
    seen: list[Progress] = []
    assert Library(dataset).rebuild(seen.append) == 4
    assert Library(dataset).rows() == before == library.rows()
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)
    assert seen[-1].done == seen[-1].total


def test_an_open_window_drops_what_a_rebuild_elsewhere_did_not_find(dataset: Dataset) -> None:
    publish(dataset, 0, 1)
    library = Library(dataset)
    assert len(library.rows()) == 2
    dataset.episode_path(0).unlink()
    Catalogue(dataset).rebuild()
    assert [row.episode.number for row in library.rows()] == [1]


def lose_everything(dataset: Dataset) -> None:
    tables = (EPISODES, REVIEWS, FIGURES)
    with CatalogueDatabase(dataset, tables).connection() as connection:
        for table in tables:
            connection.execute(table.delete().where(table.c.dataset == dataset.uuid))


def test_labels_come_back_by_themselves_after_the_catalogue_was_lost(dataset: Dataset) -> None:
    publish(dataset, 0, 1)
    library = Library(dataset)
    uuid = uuids(library.rows())[0]
    say(dataset, uuid, "R1", outcome="failure")
    before = replace(library.refresh(uuid))
    lose_everything(dataset)
    with CatalogueDatabase(dataset, (EPISODES,)).connection() as connection:
        connection.execute(REVISIONS.delete().where(REVISIONS.c.dataset == dataset.uuid))
    assert Library(dataset).rows()[0] == before


def test_a_cancelled_rebuild_changes_nothing(dataset: Dataset) -> None:
    publish(dataset, 0, 1)
    library = Library(dataset)
    before = library.rows()

    def stop(progress: Progress) -> None:
        if progress.done > 0.6:
            raise Cancelled

    dataset.episode_path(1).unlink()
    with pytest.raises(Cancelled):
        library.rebuild(stop)
    assert Library(dataset).rows() == before
    assert library.rebuild() == 1


def test_an_episode_published_during_a_rebuild_is_kept(dataset: Dataset) -> None:
    publish(dataset, 0)
    library = Library(dataset)
    published: list[int] = []

    def meanwhile(progress: Progress) -> None:
        if not published:
            published.append(1)
            publish(dataset, 1)

    assert library.rebuild(meanwhile) == 2
    assert [row.episode.number for row in library.rows()] == [0, 1]


def test_an_unreadable_episode_leaves_the_others_in_the_library(
    dataset: Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    publish(dataset, 0, 1)
    path = dataset.episode_path(0)
    path.chmod(0o644)
    path.write_bytes(b"broken")
    with caplog.at_level(logging.WARNING):
        assert Library(dataset).rebuild() == 1
    assert "episode_000000.h5" in caplog.text


def test_an_identity_nobody_has_is_named(dataset: Dataset) -> None:
    publish(dataset, 0)
    library = Library(dataset)
    (row,) = library.rows()
    assert library.path_of(row.episode.uuid) == dataset.episode_path(0)
    with pytest.raises(KeyError, match="no published episode has the identity 'x'"):
        library.path_of("x")


def test_derived_figures_of_another_version_are_made_anew(
    dataset: Dataset, catalogue_kind: str
) -> None:
    publish(dataset, 0)
    library = Library(dataset)
    (uuid,) = uuids(library.rows())
    save_figures(dataset, uuid, QualityFigures(jerk=1.0))
    library.refresh(uuid)
    with CatalogueDatabase(dataset, (FIGURES,)).connection() as connection:
        old = FIGURES.update().where(FIGURES.c.dataset == dataset.uuid)
        connection.execute(old.values(overview_version=0))
    again = Library(dataset)
    assert again.rows()[0].figures is None
    assert again.missing_overviews() == []
    assert again.rows()[0].figures == QualityFigures(jerk=1.0)
