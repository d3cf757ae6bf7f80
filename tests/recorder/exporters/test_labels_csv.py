"""CSV tables hold what was said, in the times of the episode, and start no formula."""

import csv

import pytest

from recorder.episode import Episode
from recorder.exporters.job import run_export
from recorder.exporters.labels_csv import cell
from recorder.review.schema import load_label_schemas, schema_for
from recorder.review.state import Change, Edit
from recorder.review.store import ReviewStore


def _table(out, name):
    with open(out / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _say(takes, number, reviewer, *edits, accepted=True):
    with Episode(takes.episode_path(number)) as episode:
        uuid = str(episode.attributes["uuid"])
    schema = schema_for(load_label_schemas(takes.root), "pick-up-the-ball")
    review = ReviewStore(takes, reviewer).open(uuid, schema)
    more = (Edit("accepted", None, True),) if accepted else ()
    review.apply(Change("labels", (*edits, *more)))
    review.publish()
    review.close()


@pytest.fixture
def labelled(takes):
    failure = {"start_ns": 700_000_000, "stop_ns": 800_000_000}
    repair = {"start_ns": 800_000_000, "stop_ns": 900_000_000}
    _say(
        takes,
        1,
        "R1",
        Edit("outcome", None, "qualified_success"),
        Edit("quality", None, 4),
        Edit("note", None, '=HYPERLINK("x"), two\nlines'),
        Edit("trim", None, {"start_ns": 100_000_000, "stop_ns": 1_600_000_000}),
        Edit("phases", "p2", {"label": "release", "start_ns": 500_000_000, "stop_ns": 700_000_000}),
        Edit("phases", "p1", {"label": "grasp", "start_ns": 233_333_333, "stop_ns": 500_000_000}),
        Edit("events", "e", {"label": "slip", "at_ns": 650_000_000}),
        Edit("contacts", "c", {"finger": "thumb", "start_ns": 300_000_000, "stop_ns": None,
                               "proposed": True}),
        Edit("recoveries", "r", {"failure": failure, "recovery": repair, "mode": "dropped"}),
    )  # fmt: skip
    _say(takes, 0, "R1", Edit("outcome", None, "success"))
    _say(takes, 0, "R2", Edit("outcome", None, "failure"))
    _say(takes, 2, "R2", Edit("quality", None, 2), accepted=False)
    return takes


@pytest.fixture
def exported(plan, labelled):
    wanted = plan("csv")
    run_export(wanted)
    return wanted.out


def test_each_episode_has_one_line_with_its_final_labels(exported):
    rows = _table(exported, "episodes.csv")
    assert [row["number"] for row in rows] == ["0", "1", "2"]
    assert [row["outcome"] for row in rows] == ["disputed", "qualified_success", "failure"]
    assert [row["operator"] for row in rows] == ["P01", "P01", "P77"]
    assert rows[0]["disputed"] == "outcome"
    assert rows[0]["reviewers"] == "R1;R2"
    assert rows[1]["quality"] == "4"
    assert (rows[1]["trim_start_s"], rows[1]["trim_stop_ns"]) == ("0.1", "1600000000")
    assert rows[2]["quality"] == ""


def test_segments_come_in_the_times_of_the_episode(exported):
    rows = [row for row in _table(exported, "segments.csv") if not row["reviewer"]]
    said = [(row["lane"], row["label"], row["start_ns"], row["stop_ns"]) for row in rows]
    assert said == [
        ("phase", "grasp", "233333333", "500000000"),
        ("phase", "release", "500000000", "700000000"),
        ("event", "slip", "650000000", ""),
        ("contact", "thumb", "300000000", ""),
        ("failure", "dropped", "700000000", "800000000"),
        ("recovery", "dropped", "800000000", "900000000"),
    ]
    assert rows[0]["start_s"] == "0.233333333"
    assert rows[3]["proposed"] == "true"
    assert rows[4]["pair"] == rows[5]["pair"] == "1"


def test_each_reviewer_has_a_line_also_before_accepting(exported):
    rows = _table(exported, "reviewers.csv")
    said = [(row["number"], row["reviewer"], row["accepted"], row["outcome"]) for row in rows]
    assert said == [
        ("0", "R1", "true", "success"),
        ("0", "R2", "true", "failure"),
        ("1", "R1", "true", "qualified_success"),
        ("2", "R2", "false", ""),
    ]
    own = [row for row in _table(exported, "segments.csv") if row["reviewer"] == "R1"]
    assert len(own) == 6


def test_a_note_cannot_become_a_formula_and_survives_commas_quotes_and_lines(exported):
    note = _table(exported, "episodes.csv")[1]["note"]
    assert note == '\'=HYPERLINK("x"), two\nlines'
    text = (exported / "episodes.csv").read_bytes()
    assert text.count(b"\r\n") == 4


@pytest.mark.parametrize("text", ["=1+1", "+49", "-5", "@SUM(A1)", "\tx", "\rx"])
def test_texts_that_a_spreadsheet_would_calculate_are_quoted(text):
    assert cell(text) == f"'{text}"


def test_numbers_and_plain_texts_stay_as_they_are():
    assert [cell(value) for value in (-3, -0.5, True, None, "a=b", "")] == [
        "-3", "-0.5", "true", "", "a=b", ""]  # fmt: skip


def test_hidden_people_leave_their_columns_empty(plan, labelled):
    wanted = plan("csv", hide_people=True)
    run_export(wanted)
    assert not (wanted.out / "reviewers.csv").exists()
    for row in _table(wanted.out, "episodes.csv"):
        assert row["operator"] == row["reviewers"] == row["note"] == ""
    assert {row["reviewer"] for row in _table(wanted.out, "segments.csv")} == {""}
