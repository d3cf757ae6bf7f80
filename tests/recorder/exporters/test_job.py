"""An export is there as a whole or not at all, goes on where it ended, and gives the same bytes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from recorder.exporters.job import partial_folder, run_export
from recorder.exporters.lerobot import LeRobotWriter
from recorder.exporters.plan import ExportError
from recorder.exporters.selection import select_episodes
from recorder.exporters.video import VideoWriter
from recorder.progress import Cancelled
from recorder.review.adjudication import ADJUDICATOR
from recorder.review.schema import load_label_schemas, schema_for
from recorder.review.state import Change, Edit
from recorder.review.store import ReviewStore
from recorder.synthetic import SyntheticTake, write_take

ROOT = Path(__file__).parents[3]
FORMATS = ("lerobot", "robomimic")


def _cancel_at(what, count):
    """A report that ends the work at the ``count``-th report of ``what``."""
    seen = []

    def report(progress):
        if progress.what == what:
            seen.append(progress)
            if len(seen) >= count:
                raise Cancelled("asked to end")

    return report


def _say(dataset, uuid, reviewer="r1", **lanes):
    schema = schema_for(load_label_schemas(dataset.root), "pick-up-the-ball")
    review = ReviewStore(dataset, reviewer).open(uuid, schema)
    edits = [Edit(lane, None, value) for lane, value in lanes.items()]
    review.apply(Change("say", (*edits, Edit("accepted", None, True))))
    review.publish()
    review.close()


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_episodes_give_the_same_bytes(name, plan, contents, tmp_path):
    run_export(plan(name, out=tmp_path / "one"))
    run_export(plan(name, out=tmp_path / "two"))
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize("name", FORMATS)
def test_a_cancelled_export_leaves_nothing_and_goes_on_to_the_same_bytes(
    name, plan, contents, tmp_path
):
    wanted = plan(name, out=tmp_path / "whole")
    run_export(wanted)
    halted = plan(name, out=tmp_path / "halted")
    with pytest.raises(Cancelled):
        run_export(halted, _cancel_at("episode 1", 10))
    assert not halted.out.exists()
    assert not list(partial_folder(halted).rglob("*.writing"))
    result = run_export(halted)
    assert result.resumed == 1
    assert contents(halted.out) == contents(wanted.out)
    assert not partial_folder(halted).exists()


def test_a_cancel_while_everything_is_put_together_keeps_all_episodes(plan, tmp_path):
    halted = plan("robomimic")
    with pytest.raises(Cancelled):
        run_export(halted, _cancel_at("putting everything together", 20))
    assert not halted.out.exists()
    assert run_export(halted).resumed == 3


def test_a_finished_episode_whose_file_was_changed_is_written_again(plan, contents, tmp_path):
    run_export(plan(out=tmp_path / "whole"))
    halted = plan()
    with pytest.raises(Cancelled):
        run_export(halted, _cancel_at("episode 2", 3))
    video = next(partial_folder(halted).rglob("file-001.mp4"))
    video.write_bytes(video.read_bytes()[:-1] + b"x")
    assert run_export(halted).resumed == 1
    assert contents(halted.out) == contents(tmp_path / "whole")


def test_a_label_that_changes_meanwhile_is_in_the_resumed_export(plan, takes):
    halted = plan()
    with pytest.raises(Cancelled):
        run_export(halted, _cancel_at("episode 2", 3))
    uuid = select_episodes(halted).chosen.episodes[0].uuid
    _say(takes, uuid, quality=4)
    assert run_export(halted).resumed == 1
    account = json.loads((halted.out / "thenar_export.json").read_text())
    assert account["episodes"][0]["quality"] == 4


def test_a_killed_export_leaves_nothing_and_goes_on(plan, contents, tmp_path):
    run_export(plan(out=tmp_path / "whole"))
    killed = plan(out=tmp_path / "killed")
    spec = tmp_path / "plan.json"
    spec.write_text(killed.model_dump_json())
    command = [sys.executable, "-m", "recorder.exporters.job", "--spec", str(spec)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        for line in child.stdout:
            if '"what": "episode' in line:
                os.kill(child.pid, signal.SIGKILL)
                break
    assert not killed.out.exists()
    run_export(killed)
    assert contents(killed.out) == contents(tmp_path / "whole")


def test_as_a_child_it_reports_progress_and_result_and_ends_when_asked(plan, tmp_path):
    wanted = plan(out=tmp_path / "child")
    spec = tmp_path / "plan.json"
    spec.write_text(wanted.model_dump_json())
    command = [sys.executable, "-m", "recorder.exporters.job", "--spec", str(spec)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        for line in child.stdout:
            if '"what": "episode' in line:
                child.terminate()
                break
        assert "result" not in child.stdout.read()
    assert child.returncode == 130
    assert not wanted.out.exists()
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["progress"]["total"] > 0
    assert lines[-1]["result"]["episodes"] == 3


def test_progress_counts_pictures_and_ends_at_the_total(plan):
    seen = []
    result = run_export(plan(), seen.append)
    shares = [step.done / step.total for step in seen if "looking" not in step.what]
    assert shares == sorted(shares)
    assert seen[-1].done == seen[-1].total == result.rows  # one camera
    assert seen[-2].left_s is not None


def test_a_place_that_is_taken_is_refused_and_left_alone(plan, tmp_path):
    wanted = plan()
    wanted.out.mkdir()
    (wanted.out / "precious").write_text("mine")
    with pytest.raises(ExportError, match="exists already; choose another place"):
        run_export(wanted)
    assert (wanted.out / "precious").read_text() == "mine"


def test_rejected_episodes_stay_out_unless_asked_for(plan, takes, tmp_path):
    uuid = select_episodes(plan()).chosen.episodes[1].uuid
    _say(takes, uuid, rejected="test_take")
    found = select_episodes(plan())
    assert [one.number for one in found.chosen.episodes] == [0, 2]
    assert [(one.number, one.reason) for one in found.skipped] == [(1, "rejected: test_take")]
    assert len(select_episodes(plan(include_rejected=True)).chosen.episodes) == 3


def test_only_the_asked_outcomes_go_out_in_the_asked_order(plan):
    found = select_episodes(plan(episodes=(2, 1, 0), require_outcome=("success",)))
    assert [one.number for one in found.chosen.episodes] == [1, 0]
    assert found.chosen.episodes[1].first_row == found.chosen.episodes[0].length


def test_a_kind_of_take_with_another_action_is_named(plan, takes):
    write_take(takes, SyntheticTake(number=3, seconds=1.0, seed=9, source="exoskeleton"))
    with pytest.raises(ExportError, match=r"episode 0 \(kinesthetic\).* episode 3 \(exoskeleton\)"):
        select_episodes(plan())
    assert len(select_episodes(plan(action="sent")).chosen.episodes) == 4


def test_a_format_without_common_rows_takes_any_mixture(plan, takes, monkeypatch):
    monkeypatch.setattr("recorder.exporters.selection.writer_for", lambda name: LeRobotWriter())
    write_take(takes, SyntheticTake(number=3, seconds=1.0, seed=9, source="exoskeleton"))
    assert len(select_episodes(plan("mcap")).chosen.episodes) == 4


def test_an_episode_with_another_camera_is_named_with_the_way_out(plan, takes):
    write_take(takes, SyntheticTake(number=3, seconds=1.0, seed=9, cameras=("front", "top")))
    with pytest.raises(ExportError, match="episode 3 has other cameras than episode 0"):
        select_episodes(plan())
    assert len(select_episodes(plan(cameras=("front/rgb",))).chosen.episodes) == 4


def test_hidden_people_are_in_no_file(plan, takes, contents):
    uuid = select_episodes(plan()).chosen.episodes[0].uuid
    _say(takes, uuid, "reviewer-zoe", note="Operator-Ann was tired", outcome="success")
    for name in FORMATS:
        shown = plan(name, out=takes.root.parent / name)
        hidden = shown.model_copy(update={"hide_people": True, "out": shown.out.with_suffix("")
                                          .with_name(f"{name}-hidden")})  # fmt: skip
        run_export(shown)
        run_export(hidden)
        assert any(b"P01" in data for data in contents(shown.out).values())
        for data in contents(hidden.out).values():
            for secret in (b"P01", b"P77", b"reviewer-zoe", b"Operator-Ann"):
                assert secret not in data


def test_no_export_names_a_path(plan, takes, contents):
    for name in FORMATS:
        wanted = plan(name, out=takes.root.parent / name)
        run_export(wanted)
        for data in contents(wanted.out).values():
            assert str(takes.root).encode() not in data


def test_an_export_without_room_is_refused_before_it_writes(plan, monkeypatch):
    monkeypatch.setattr("recorder.exporters.selection.free_bytes", lambda path: 1_000_000)
    wanted = plan()
    with pytest.raises(ExportError, match="choose another place, fewer episodes"):
        run_export(wanted)
    assert not partial_folder(wanted).exists()


def test_a_disk_that_becomes_full_is_said_in_words_and_the_export_goes_on_later(plan, monkeypatch):
    def full(self, picture):
        raise OSError(28, "No space left on device")

    wanted = plan()
    with monkeypatch.context() as patched:
        patched.setattr(VideoWriter, "add", full)
        with pytest.raises(ExportError, match="No space left on device.*goes on from there"):
            run_export(wanted)
    assert not wanted.out.exists()
    assert run_export(wanted).episodes == 3


def test_the_account_says_choices_and_repeated_rows(plan):
    wanted = plan()
    run_export(wanted)
    account = json.loads((wanted.out / "thenar_export.json").read_text())
    assert account["action"]["definition"] == "next_measured_with_force"
    assert account["alignment"]["policies"]["right/taxels"] == "nearest"
    assert [one["repeated_rows"]["front/rgb"] for one in account["episodes"]] == [3, 0, 0]
    assert account["plan"]["rate_hz"] == 30
    assert "dataset" not in account["plan"]


def test_a_format_that_repeats_nothing_says_nothing_of_repeated_rows(plan):
    assert run_export(plan("csv")).repeated == {}
    assert run_export(plan(out=plan().out.with_name("rows"))).repeated


def test_a_file_that_is_not_the_published_one_is_refused(plan, takes):
    path = takes.episode_path(1)
    content = bytearray(path.read_bytes())
    content[-1] ^= 0xFF
    path.chmod(0o644)
    path.write_bytes(content)
    for name in ("lerobot", "csv"):
        with pytest.raises(ExportError, match="episode 1 was changed after it was published"):
            run_export(plan(name, episodes=(1,)))


def test_an_episode_that_one_reviewer_rejects_stays_out_until_it_is_settled(plan, takes):
    uuid = select_episodes(plan()).chosen.episodes[1].uuid
    _say(takes, uuid, "r1", rejected="privacy", outcome="success")
    _say(takes, uuid, "r2", outcome="success")
    skipped = select_episodes(plan()).skipped
    assert [one.number for one in skipped] == [1]
    assert "reviewers differ on rejecting it" in skipped[0].reason
    assert len(select_episodes(plan(include_rejected=True)).chosen.episodes) == 3
    _say(takes, uuid, ADJUDICATOR, outcome="success")
    assert not select_episodes(plan()).skipped


def test_an_episode_with_a_damaged_journal_stays_out_as_it_may_be_rejected(plan, takes):
    uuid = select_episodes(plan()).chosen.episodes[1].uuid
    _say(takes, uuid, rejected="privacy")
    journal = takes.root / "reviews" / "r1" / f"{uuid}.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"privacy", b"privacX"))
    selection = select_episodes(plan())
    assert [one.number for one in selection.chosen.episodes] == [0, 2]
    assert "cannot be trusted" in selection.skipped[0].reason
