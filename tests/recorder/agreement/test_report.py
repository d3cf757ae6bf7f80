"""The report: who counts, which measures stand where, and what is not claimed."""

from __future__ import annotations

import pytest

from recorder.agreement.coefficient import NO_VARIATION, TOO_FEW
from recorder.agreement.page import agreement_page
from recorder.agreement.report import agreement_report, report_of
from recorder.catalogue import Catalogue
from recorder.dataset import open_dataset
from recorder.review.adjudication import ADJUDICATOR
from recorder.review.schema import load_label_schemas
from recorder.review.state import Change, Contact, Edit, LabelState, Phase
from recorder.review.store import ReviewStore
from recorder.synthetic import SyntheticTake, write_take

S = 1_000_000_000


def state(outcome: str, quality: int, shift_ns: int = 0, contact_ns: int = S) -> LabelState:
    return LabelState(
        outcome=outcome,
        quality=quality,
        accepted=True,
        phases={
            "p1": Phase(label="reach", start_ns=0, stop_ns=S + shift_ns),
            "p2": Phase(label="grasp", start_ns=S + shift_ns, stop_ns=2 * S),
        },
        contacts={"c": Contact(finger="thumb", start_ns=contact_ns)},
    )


def of(report, title: str) -> dict[str, object]:
    lane = next(lane for lane in report.lanes if lane.title == title)
    return {measure.name: measure.figure for measure in lane.measures}


def report_for(pairs, names=("R1", "R2")):
    states = {f"e{at}": dict(zip(names, said, strict=False)) for at, said in enumerate(pairs)}
    return report_of(states, names, dict.fromkeys(states, 2 * S), seed=1)


def test_two_reviewers_get_cohen_and_more_get_fleiss():
    pair = (state("success", 4), state("failure", 4))
    assert "Cohen kappa" in of(report_for([pair] * 3), "Outcome")
    trio = report_for([(*pair, state("success", 3))] * 3, ("R1", "R2", "R3"))
    assert "Fleiss kappa" in of(trio, "Outcome")
    assert "Cohen kappa" not in of(trio, "Outcome")


def test_raw_agreement_stands_beside_a_coefficient_that_says_nothing():
    same = report_for([(state("success", 4), state("success", 4))] * 5)
    outcome = of(same, "Outcome")
    assert outcome["raw agreement"].value == 1.0
    assert outcome["Cohen kappa"].text() == NO_VARIATION
    assert outcome["Krippendorff alpha, nominal"].text() == NO_VARIATION


def test_known_outcomes_give_the_known_kappa():
    said = [("success", "success")] * 20 + [("success", "failure")] * 5
    said += [("failure", "success")] * 10 + [("failure", "failure")] * 15
    report = report_for([(state(a, 3), state(b, 3)) for a, b in said])
    kappa = of(report, "Outcome")["Cohen kappa"]
    assert kappa.value == pytest.approx(0.40)
    assert kappa.low < 0.40 < kappa.high
    lane = next(lane for lane in report.lanes if lane.title == "Outcome")
    assert (lane.names, lane.table) == (("failure", "success"), ((15, 10), (5, 20)))
    assert len(report.disagreements) == 15


def test_boundaries_and_contacts_are_measured_in_time():
    apart = report_for([(state("success", 3), state("success", 3, S // 10, S + S // 5))] * 2)
    assert apart.boundary_ms["reach end"] == pytest.approx(100.0)
    assert apart.boundary_ms["reach start"] == 0.0
    assert of(apart, "Contacts")["matched within 100 ms, F1"].value == 0.0
    assert of(apart, "Phases")["segment F1 at IoU 0.50"].value == 1.0
    framewise = of(apart, "Phases")["framewise alpha, 30 Hz"].value
    assert 0.8 < framewise < 1.0


def test_without_phases_nothing_is_claimed_about_them():
    plain = LabelState(outcome="success", accepted=True)
    report = report_for([(plain, plain)])
    assert of(report, "Phases")["framewise alpha, 30 Hz"].text() == TOO_FEW
    assert of(report, "Contacts")["matched within 100 ms, F1"].value is None


def test_report_counts_accepted_reviews_of_reviewers_only(tmp_path):
    dataset = open_dataset(tmp_path / "dataset", create=True)
    schema = load_label_schemas()["*"]
    for number in range(3):
        write_take(dataset, SyntheticTake(number=number, seconds=0.5, cameras=(), seed=number))
    uuids = [path.stem for path in dataset.published()]
    assert len(uuids) == 3
    said = {"R1": ("success",) * 3, "R2": ("success", "failure", "success")}
    said[ADJUDICATOR] = ("failure",) * 3
    from recorder.catalogue import Catalogue

    rows = Catalogue(dataset).rows()
    for who, outcomes in said.items():
        store = ReviewStore(dataset, who)
        for row, outcome in zip(rows, outcomes, strict=True):
            review = store.open(row.uuid, schema)
            edits = (Edit("outcome", None, outcome),)
            if not (who == "R2" and row.number == 2):
                edits += (Edit("accepted", None, True),)
            review.apply(Change("verdict", edits))
            review.close()
    report = agreement_report(dataset)
    assert (report.reviewers, report.episodes) == (("R1", "R2"), 2)
    assert of(report, "Outcome")["raw agreement"].value == 0.5
    page = agreement_page(report, "<demo>", "thenar agreement DATASET --seed 0")
    assert "&lt;demo&gt;" in page
    assert "Krippendorff alpha, nominal" in page
    assert "thenar agreement DATASET --seed 0" in page


def test_a_damaged_journal_does_not_count_and_the_others_do(tmp_path):
    dataset = open_dataset(tmp_path / "dataset", create=True)
    schema = load_label_schemas()["*"]
    write_take(dataset, SyntheticTake(number=0, seconds=0.2, cameras=()))
    (row,) = Catalogue(dataset).rows()
    for reviewer in ("R1", "R2", "R3"):
        review = ReviewStore(dataset, reviewer).open(row.uuid, schema)
        edits = (Edit("outcome", None, "success"), Edit("accepted", None, True))
        review.apply(Change("x", edits))
        review.publish()
    path = dataset.root / "reviews" / "R3" / f"{row.uuid}.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"success"', b'"failure"'))
    report = agreement_report(dataset)
    assert report.episodes == 1
    assert of(report, "Outcome")["raw agreement"].value == 1.0
