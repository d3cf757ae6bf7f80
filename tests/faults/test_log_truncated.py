"""A log cut at any byte of its last record, or a finaliser killed at any step."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from support.recording import COLOUR, JOINTS, ROOT, write_log

import recorder.finalise as finalising
from recorder.catalogue import Catalogue
from recorder.dataset import Dataset, open_dataset
from recorder.finalise import finalise_log
from recorder.log import HEAD, HEADER_STREAM, TAIL, LogReader
from recorder.log_index import index_log
from recorder.recover import recover_dataset
from recorder.verify import verify_path

DEFAULT_KILLS = 4
CAMPAIGN_KILLS = 100


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return open_dataset(tmp_path / "dataset", create=True)


def test_a_log_cut_at_every_byte_of_its_last_record_keeps_all_the_others(
    dataset: Dataset,
) -> None:
    log = write_log(dataset, seconds=0.1, end=False, streams=(JOINTS,))
    content = log.read_bytes()
    whole = index_log(LogReader(log))
    last_start = whole.streams[0].offset[-1] - HEAD.size
    last_bytes = HEAD.size + whole.streams[0].length[-1] + TAIL.size
    assert last_start + last_bytes == len(content)
    for size in range(last_start, len(content)):
        log.write_bytes(content[:size])
        cut = index_log(LogReader(log))
        assert list(cut.streams[0].seq) == list(whole.streams[0].seq[:-1]), f"cut at {size}"
        assert cut.skipped_bytes == size - last_start


@pytest.mark.parametrize("cut", [1, 4, 5, 20, 40, 43, 44, 45, 500])
def test_a_cut_log_becomes_a_verified_episode(dataset: Dataset, cut: int) -> None:
    log = write_log(dataset, seconds=0.1, end=False)
    with open(log, "r+b") as file:
        file.truncate(log.stat().st_size - cut)
    (recovered,) = recover_dataset(dataset.root)
    assert recovered.number == 0
    assert recovered.path is not None
    assert [f.text for f in verify_path(recovered.path) if f.level == "critical"] == []
    assert recover_dataset(dataset.root) == []


def test_a_log_that_ends_in_zeros_after_power_loss_is_read_up_to_them(dataset: Dataset) -> None:
    log = write_log(dataset, seconds=0.1, streams=(COLOUR,))
    count = sum(1 for _ in LogReader(log).records())
    with open(log, "ab") as file:
        file.write(bytes(3 << 20))
    reader = LogReader(log)
    assert sum(1 for _ in reader.records()) == count
    assert reader.damage == [(log.stat().st_size - (3 << 20), log.stat().st_size)]


def test_two_logs_one_of_them_hopeless_give_one_episode_and_one_sentence(
    dataset: Dataset,
) -> None:
    dataset.log_path(0, "a" * 32).write_bytes(b"\xff" * 10_000)
    write_log(dataset, number=1, seconds=0.1)
    bad, good = recover_dataset(dataset.root)
    assert bad.number is None
    assert "no intact header" in bad.problem
    assert good.number == 1
    assert bad.log.exists(), "a log is never thrown away because it cannot be read"


class KilledError(BaseException):
    """What SIGKILL is to a process: nothing after it runs."""


STEPS = ("copy_log", "fsync_path", "verify_copy", "os.chmod", "os.rename", "row_of", "_remove_log")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_of_publishing_leaves_a_whole_episode_or_the_log(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    log = write_log(dataset, number=3, seconds=0.1)
    owner = finalising.os if step.startswith("os.") else finalising
    name = step.removeprefix("os.")
    real = getattr(owner, name)

    def killed(*arguments: object) -> None:
        if when == "after":
            real(*arguments)
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, killed)
        with pytest.raises(KilledError):
            finalise_log(dataset, log)
    check_whole_or_log(dataset, log)
    recover_dataset(dataset.root)
    check_published_once(dataset, 3)


def check_whole_or_log(dataset: Dataset, log: Path) -> None:
    for path in dataset.published():
        assert [f.text for f in verify_path(path) if f.level == "critical"] == []
    assert log.exists() or dataset.published()


def check_published_once(dataset: Dataset, number: int) -> None:
    assert [path.name for path in dataset.published()] == [f"episode_{number:06d}.h5"]
    assert [row.number for row in Catalogue(dataset).rows()] == [number]
    assert list(dataset.logs_dir.iterdir()) == []
    assert list(dataset.episodes_dir.glob(".*")) == []
    assert [f.text for f in verify_path(dataset.root) if f.level == "critical"] == []


def kill_finaliser(dataset: Dataset, kills: int, seed: int) -> None:
    draw = random.Random(seed)
    for number in range(kills):
        log = write_log(dataset, number=number, seconds=2.0)
        child = subprocess.Popen(
            [sys.executable, "-m", "recorder.finalise", "--dataset", dataset.root, "--log", log],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )
        try:
            child.wait(timeout=draw.uniform(0.15, 1.2))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(timeout=10)
        check_whole_or_log(dataset, log)
    recover_dataset(dataset.root)
    assert [row.number for row in Catalogue(dataset).rows()] == list(range(kills))
    assert list(dataset.logs_dir.iterdir()) == []
    assert [f.text for f in verify_path(dataset.root) if f.level == "critical"] == []


def test_a_finaliser_killed_at_random_leaves_whole_episodes_only(dataset: Dataset) -> None:
    kill_finaliser(dataset, DEFAULT_KILLS, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_hundred_killed_finalisers_leave_whole_episodes_only(dataset: Dataset) -> None:
    kill_finaliser(dataset, CAMPAIGN_KILLS, seed=2)


def test_the_header_stands_twice_so_that_either_copy_may_be_damaged(dataset: Dataset) -> None:
    log = write_log(dataset, seconds=0.1)
    content = log.read_bytes()
    headers = [o for o, record in LogReader(log).records() if record.stream == HEADER_STREAM]
    for offset in headers:
        broken = bytearray(content)
        broken[offset + HEAD.size + 10] ^= 1
        log.write_bytes(broken)
        assert LogReader(log).header()["number"] == 0
