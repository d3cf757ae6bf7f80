"""A program that ends with an episode still open ends, and ends well."""

from __future__ import annotations

import subprocess
import sys

from support.repository import ROOT

from recorder.dataset import open_dataset
from recorder.synthetic import SyntheticTake, write_take

TRIES = 4  # without the end of the readers two in three hung or crashed
LIMIT_S = 30
PROGRAM = """
import sys
from pathlib import Path
from recorder.player.player_episode import PlayerEpisode
episode = PlayerEpisode(Path(sys.argv[1]))
assert episode.frame_at("front/rgb", 10**9) is not None
episode.prefetch(["front/rgb"], 10**9, 1.0)
"""


def test_a_process_with_an_open_episode_ends_by_itself(tmp_path):
    dataset = open_dataset(tmp_path / "dataset", create=True)
    path = write_take(dataset, SyntheticTake(seconds=2.0, size=(320, 240), texture=True))
    for _ in range(TRIES):
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(path)],
            cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
