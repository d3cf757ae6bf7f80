"""What all reviewers say together: adjudicated, agreed, disputed, or the operator alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.reviewing import UUID, new_dataset, open_review, phase

from recorder.dataset import Dataset
from recorder.library.rows import ReviewSummary
from recorder.review.adjudication import ADJUDICATOR
from recorder.review.final import final_labels, review_summary
from recorder.review.state import Change, Edit, LabelState


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return new_dataset(tmp_path)


def _say(dataset: Dataset, reviewer: str, accepted: bool = True, **lanes) -> None:
    edits = [Edit(lane, None, value) for lane, value in lanes.items() if lane != "phases"]  # type: ignore[arg-type]
    edits += [Edit("phases", f"{reviewer}-{n}", p) for n, p in enumerate(lanes.get("phases", ()))]
    edits.append(Edit("accepted", None, accepted))
    open_review(dataset, reviewer).apply(Change("all", tuple(edits)))


def test_without_reviewers_the_operator_speaks(dataset: Dataset) -> None:
    final = final_labels(dataset, UUID, "success")
    assert (final.by, final.state) == ("operator", LabelState(outcome="success"))
    assert final_labels(dataset, UUID, "unlabelled").by == "nobody"
    assert review_summary(dataset, UUID, "unlabelled") == ReviewSummary()
    summary = review_summary(dataset, UUID, "failure")
    assert (summary.outcome, summary.outcome_by, summary.reviewers) == ("failure", "operator", ())


def test_labels_that_are_not_accepted_do_not_count(dataset: Dataset) -> None:
    _say(dataset, "R1", accepted=False, outcome="failure", quality=1)
    assert final_labels(dataset, UUID, "success").by == "operator"
    summary = review_summary(dataset, UUID, "success")
    assert (summary.quality, summary.reviewers, summary.begun) == (None, (), ("R1",))


def test_one_reviewer_overrules_the_operator(dataset: Dataset) -> None:
    _say(dataset, "R1", outcome="failure", failure_mode="dropped", quality=2, note="fell")
    final = final_labels(dataset, UUID, "success")
    assert (final.by, final.reviewers, final.disputed) == ("reviewers", ("R1",), ())
    assert final.state.outcome == "failure"
    summary = review_summary(dataset, UUID, "success")
    assert (summary.outcome, summary.outcome_by) == ("failure", "reviewers")
    assert (summary.failure_mode, summary.quality, summary.text) == ("dropped", 2, "fell")
    assert summary.disagreement == 0.0


def test_reviewers_without_an_outcome_leave_the_operators(dataset: Dataset) -> None:
    _say(dataset, "R1", quality=3)
    assert final_labels(dataset, UUID, "success").state.outcome == "success"
    summary = review_summary(dataset, UUID, "success")
    assert (summary.outcome, summary.outcome_by) == ("success", "operator")
    assert review_summary(dataset, UUID).outcome_by == "nobody"


def test_what_reviewers_share_holds_and_what_differs_is_disputed(dataset: Dataset) -> None:
    grasp, late = phase("grasp", 0, 4 * 10**9), phase("grasp", 50_000_000, 4 * 10**9)
    _say(dataset, "R1", outcome="success", quality=5, note="a", phases=[grasp])
    _say(dataset, "R2", outcome="failure", quality=2, note="b", phases=[late])
    final = final_labels(dataset, UUID, "success")
    assert final.disputed == ("outcome", "quality")
    assert final.state.outcome is None
    assert final.state.quality is None
    assert [p.start_ns for p in final.state.phases.values()] == [0]
    assert final.state.note == "a\nb"
    summary = review_summary(dataset, UUID, "success")
    assert (summary.outcome, summary.outcome_by) == ("disputed", "reviewers")
    assert summary.quality == 3
    assert summary.phases == 1
    assert summary.disagreement == pytest.approx(2 / 3)
    assert summary.reviewers == ("R1", "R2")


def test_a_third_reviewer_can_bring_a_dispute(dataset: Dataset) -> None:
    for reviewer, rejected in (("R1", None), ("R2", None), ("R3", "bad_data")):
        _say(dataset, reviewer, outcome="success", rejected=rejected)
    assert final_labels(dataset, UUID).disputed == ("rejected",)
    assert review_summary(dataset, UUID).rejected == ""
    assert review_summary(dataset, UUID).disagreement == pytest.approx(1 / 2)


def test_the_adjudicator_wins_once_finished(dataset: Dataset) -> None:
    _say(dataset, "R1", outcome="success", quality=5)
    _say(dataset, "R2", outcome="failure", quality=2)
    _say(dataset, ADJUDICATOR, accepted=False, outcome="failure", quality=1)
    assert final_labels(dataset, UUID).by == "reviewers"
    _say(dataset, ADJUDICATOR, trim={"start_ns": 0, "stop_ns": 5})
    final = final_labels(dataset, UUID)
    assert (final.by, final.disputed, final.reviewers) == ("adjudicated", (), ("R1", "R2"))
    assert final.state.outcome == "failure"
    summary = review_summary(dataset, UUID)
    assert (summary.outcome, summary.outcome_by, summary.quality) == ("failure", "adjudicated", 1)
    assert summary.trimmed
    assert summary.disagreement == 1.0
