"""Every flipped bit of a published episode is noticed; flipped data never reads as data."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from support.recording import JOINTS, write_log

from recorder.dataset import companions, open_dataset
from recorder.episode import Episode
from recorder.finalise import finalise_log
from recorder.verify import verify_path

DEFAULT_FLIPS = 60
CAMPAIGN_FLIPS = 1000


@pytest.fixture
def episode(tmp_path: Path) -> Path:
    dataset = open_dataset(tmp_path / "dataset", create=True)
    path = finalise_log(dataset, write_log(dataset, seconds=0.2)).path
    assert path is not None
    path.chmod(0o644)
    return path


def flip_campaign(path: Path, flips: int, seed: int) -> None:
    draw = random.Random(seed)
    content = path.read_bytes()
    for _ in range(flips):
        at, bit = draw.randrange(len(content)), draw.randrange(8)
        broken = bytearray(content)
        broken[at] ^= 1 << bit
        path.write_bytes(broken)
        critical = [f for f in verify_path(path) if f.level == "critical"]
        assert critical, f"bit {bit} of byte {at} was flipped and not noticed"
    path.write_bytes(content)
    assert verify_path(path) == []


def test_flipped_bits_anywhere_in_the_file_are_detected(episode: Path) -> None:
    flip_campaign(episode, DEFAULT_FLIPS, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_thousand_flipped_bits_are_all_detected(episode: Path) -> None:
    flip_campaign(episode, CAMPAIGN_FLIPS, seed=2)


def test_flipped_sample_data_is_refused_by_a_plain_reader_too(episode: Path) -> None:
    content = episode.read_bytes()
    with Episode(episode) as opened:
        raw = opened.stream(JOINTS.name).frame(7).tobytes()
    at = content.find(raw)
    assert at > 0
    broken = bytearray(content)
    broken[at + 3] ^= 0x10
    episode.write_bytes(broken)
    with Episode(episode) as opened, pytest.raises(OSError, match=r"(?i)checksum|fletcher|filter"):
        opened.stream(JOINTS.name).frame(7)


def test_a_missing_or_wrong_checksum_file_is_reported(episode: Path) -> None:
    sidecar = companions(episode)[0]
    sidecar.write_text("0" * 64 + "  " + episode.name)
    assert [finding.level for finding in verify_path(episode)] == ["critical"]
    sidecar.unlink()
    (finding,) = verify_path(episode)
    assert finding.level == "warning"
    assert "missing" in finding.text


def test_a_truncated_episode_is_reported_at_every_tenth_of_its_length(episode: Path) -> None:
    content = episode.read_bytes()
    for share in np.linspace(0, 0.99, 10):
        episode.write_bytes(content[: int(len(content) * share)])
        assert any(finding.level == "critical" for finding in verify_path(episode))
