"""A disk that takes no more ends in a sentence, never in a process that dies."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest
from support.fake_cleaner import FAKE, dataset_of_takes
from support.repository import ROOT

from recorder.cleaning.job import run_clean
from recorder.cleaning.part_file import PartFile
from recorder.cleaning.plan import CleanPlan
from recorder.cleaning.result import cleaned_results

RANDOM = np.random.default_rng(0).integers(0, 256, 900_000, dtype=np.uint8)


@pytest.fixture
def small_disk(monkeypatch):
    """Takes the bytes it is told, over all files, and then none."""

    def small_disk(room: int) -> None:
        left = [room]
        put = os.pwrite

        def pwrite(fd: int, data, at: int) -> int:
            if len(data) > left[0]:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            left[0] -= len(data)
            return put(fd, data, at)

        monkeypatch.setattr("recorder.cleaning.part_file.os.pwrite", pwrite)

    return small_disk


def write(path) -> PartFile:
    below = PartFile(path)
    with h5py.File(below, "w") as file:
        data = file.create_dataset(
            "data", (0,), np.uint8, maxshape=(None,), chunks=(65536,), fletcher32=True
        )
        for start in range(0, len(RANDOM), 100_000):
            data.resize((start + 100_000,))
            data[start : start + 100_000] = RANDOM[start : start + 100_000]
            assert (data[: start + 100_000] == RANDOM[: start + 100_000]).all()
        file.attrs["whole"] = True
    return below


def test_what_is_written_is_an_ordinary_file(tmp_path):
    below = write(tmp_path / "part")
    below.check()
    below.close()
    with h5py.File(tmp_path / "part") as file:
        assert (np.asarray(file["data"]) == RANDOM).all()


@pytest.mark.parametrize("room", [0, 100, 70_000, 500_000, 880_000])
def test_hdf5_reads_and_closes_whatever_the_disk_took(tmp_path, small_disk, room):
    small_disk(room)
    below = write(tmp_path / "part")
    with pytest.raises(OSError, match="No space left") as caught:
        below.check()
    assert caught.value.errno == errno.ENOSPC
    below.close()
    below.close()


def test_a_full_disk_fails_the_episode_and_keeps_what_was_there(tmp_path, small_disk):
    dataset = dataset_of_takes(tmp_path / "dataset", count=2, seconds=0.2)
    run_clean(CleanPlan(dataset=dataset.root), methods=FAKE)
    before = [info.digest for info in cleaned_results(dataset)[0]]
    small_disk(20_000)
    summary = run_clean(CleanPlan(dataset=dataset.root, again=True), methods=FAKE)
    assert [one.outcome for one in summary.outcomes] == ["failed", "failed"]
    assert "No space left on device; make room and clean it again" in summary.outcomes[0].error
    assert [info.digest for info in cleaned_results(dataset)[0]] == before
    assert list(dataset.root.glob("cleaned/*/.*.part")) == []


def test_a_real_limit_of_the_system_ends_in_a_sentence_too(tmp_path):
    dataset = dataset_of_takes(tmp_path / "dataset", count=2, seconds=1.0)
    code = (
        "import resource, signal, sys; sys.path[:0] = ['.', 'tests']\n"
        "from support.fake_cleaner import FAKE\n"
        "from recorder.cleaning.job import run_clean\n"
        "from recorder.cleaning.plan import CleanPlan\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"summary = run_clean(CleanPlan(dataset={str(dataset.root)!r}), methods=FAKE)\n"
        "sys.stdout.write(summary.outcomes[1].error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, (done.returncode == -signal.SIGSEGV, done.stderr)
    assert "File too large; clean it again" in done.stdout
