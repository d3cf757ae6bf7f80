"""What holds for UMI, MCAP and CSV exports alike: same bytes, going on, nobody's name."""

import json

import pytest
from mcap.reader import make_reader

from recorder.episode import Episode
from recorder.exporters.job import partial_folder, run_export
from recorder.progress import Cancelled
from recorder.review.schema import load_label_schemas, schema_for
from recorder.review.state import Change, Edit
from recorder.review.store import ReviewStore
from recorder.synthetic import SyntheticTake, write_take

FORMATS = ("umi", "mcap", "csv")
SECRETS = (b"operator-no-77", b"reviewer-zoe", b"Operator-Ann")


def _cancel_when(what):
    def report(progress):
        if progress.what == what and progress.done > 0:
            raise Cancelled("asked to end")

    return report


def _said(path):
    """Everything a file says, also what lies compressed in an MCAP file."""
    yield path.read_bytes()
    if path.suffix == ".mcap":
        with open(path, "rb") as file:
            reader = make_reader(file)
            for schema, channel, message in reader.iter_messages():
                yield schema.data + channel.topic.encode() + message.data
            for one in reader.iter_metadata():
                yield json.dumps(one.metadata).encode()


def _all_said(folder):
    return b"".join(part for path in folder.rglob("*") if path.is_file() for part in _said(path))


@pytest.fixture
def labelled(takes):
    write_take(takes, SyntheticTake(number=3, seconds=1.0, operator_code="operator-no-77"))
    with Episode(takes.episode_path(0)) as episode:
        uuid = str(episode.attributes["uuid"])
    schema = schema_for(load_label_schemas(takes.root), "pick-up-the-ball")
    review = ReviewStore(takes, "reviewer-zoe").open(uuid, schema)
    edits = (Edit("note", None, "Operator-Ann was tired"), Edit("outcome", None, "success"),
             Edit("accepted", None, True))  # fmt: skip
    review.apply(Change("labels", edits))
    review.publish()
    review.close()
    return takes


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_episodes_give_the_same_bytes(name, plan, contents, tmp_path):
    run_export(plan(name, out=tmp_path / "one"))
    run_export(plan(name, out=tmp_path / "two"))
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("when", ["episode 2", "putting everything together"])
def test_a_cancelled_export_leaves_nothing_and_goes_on_to_the_same_bytes(
    name, when, plan, contents, tmp_path
):
    run_export(plan(name, out=tmp_path / "whole"))
    halted = plan(name, out=tmp_path / "halted")
    with pytest.raises(Cancelled):
        run_export(halted, _cancel_when(when))
    assert not halted.out.exists()
    assert not list(partial_folder(halted).rglob("*.writing"))
    result = run_export(halted)
    assert result.resumed == (2 if when == "episode 2" else 3)
    assert contents(halted.out) == contents(tmp_path / "whole")


@pytest.mark.parametrize("name", FORMATS)
def test_hidden_people_are_in_no_file(name, plan, labelled, tmp_path):
    run_export(plan(name, out=tmp_path / "shown"))
    run_export(plan(name, out=tmp_path / "hidden", hide_people=True))
    shown, hidden = _all_said(tmp_path / "shown"), _all_said(tmp_path / "hidden")
    for secret in SECRETS:
        assert secret in shown
        assert secret not in hidden


@pytest.mark.parametrize("name", FORMATS)
def test_no_file_names_a_path(name, plan, takes, contents, tmp_path):
    run_export(plan(name))
    for data in contents(tmp_path / "out").values():
        assert str(takes.root).encode() not in data


@pytest.mark.parametrize("name", FORMATS)
def test_progress_ends_at_the_total(name, plan):
    seen = []
    run_export(plan(name), seen.append)
    shares = [step.done / step.total for step in seen if "looking" not in step.what]
    assert shares == sorted(shares)
    assert max(shares) == pytest.approx(1.0)
    assert seen[-1].done == pytest.approx(seen[-1].total)
