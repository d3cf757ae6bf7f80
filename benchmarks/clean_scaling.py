"""The speed-up table of ``docs/scaling.md``: ``python -m benchmarks.clean_scaling``.

The same episodes are cleaned by ``thenar clean`` in one process, in a pool, and on a local Ray
cluster, each on a fresh copy of the dataset and as a program of its own, so that the start counts.

``wall_s``     from start to end of the command
``speed_up``   wall time of one process over this one
``cpu_s``      processor time of the command and its children (not of Ray's processes, which are
               no children of it)
``memory_mb``  of the largest process among them
``equal``      whether every result has the bytes of the first run
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.clean_truth import truth_takes
from benchmarks.machine import describe_machine
from recorder.dataset import companions, open_dataset
from recorder.episode import Episode

CAMERA = "front/rgb"
OPTIONS = {
    "alone": (),
    "pool-2": ("--workers", "2"),
    "pool-4": ("--workers", "4"),
    "pool-8": ("--workers", "8"),
    "ray-2": ("--ray", "local", "--workers", "2"),
}
NAMES = {
    "alone": "this process",
    "pool-2": "2 processes",
    "pool-4": "4 processes",
    "pool-8": "8 processes",
    "ray-2": "Ray, 2 workers",
}


def measure(
    episodes: Sequence[Path], executors: Sequence[str], rounds: int
) -> list[dict[str, Any]]:
    """One row for every executor of every round, as they were run."""
    rows: list[dict[str, Any]] = []
    digests: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="thenar-scaling-") as scratch:
        for turn in range(rounds):
            for name in executors:
                root = Path(scratch) / "dataset"
                _fresh_dataset(root, episodes)
                row = {"round": turn + 1, "executor": name, **_run(root, OPTIONS[name])}
                made = _digests(root)
                digests = digests or made
                rows.append({**row, "equal": bool(made) and made == digests})
                shutil.rmtree(root)
    for row in rows:
        alone = next(
            one for one in rows if (one["round"], one["executor"]) == (row["round"], executors[0])
        )
        row["speed_up"] = round(alone["wall_s"] / row["wall_s"], 2)
    return rows


def _fresh_dataset(root: Path, episodes: Sequence[Path]) -> None:
    dataset = open_dataset(root, create=True)
    for number, path in enumerate(episodes):
        to = dataset.episode_path(number)
        for source, copy in zip((path, *companions(path)), (to, *companions(to)), strict=True):
            if source.exists():
                shutil.copyfile(source, copy)


def _run(root: Path, options: Sequence[str]) -> dict[str, Any]:
    code = "from app.cli import main; main()"
    argv = [sys.executable, "-c", code, "clean", str(root), "--camera", CAMERA, *options]
    load = os.getloadavg()[0]
    began_s = time.monotonic()
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert child.stderr is not None
    said = child.stderr.read().decode(errors="replace")
    _, status, used = os.wait4(child.pid, 0)
    wall_s = time.monotonic() - began_s
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{' '.join(options) or 'one process'} ended with "
                           f"{child.returncode}: {said.strip()[-300:]}")  # fmt: skip
    return {
        "load": round(load, 1),
        "wall_s": round(wall_s, 1),
        "cpu_s": None if "--ray" in options else round(used.ru_utime + used.ru_stime, 1),
        "memory_mb": None if "--ray" in options else round(used.ru_maxrss / 1000),
    }


def _digests(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.glob("cleaned/*/*.h5"))
    }


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Rows as Markdown."""
    lines = [
        "| round | executor | load at start | wall, s | speed-up | processor, s | largest process "
        "| same bytes |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        memory = "" if row["memory_mb"] is None else f"{row['memory_mb']} MB"
        processor = "" if row["cpu_s"] is None else f"{row['cpu_s']:.0f}"
        cells = (
            row["round"],
            NAMES[row["executor"]],
            row["load"],
            f"{row['wall_s']:.0f}",
            f"{row['speed_up']:.2f}",
            processor,
            memory,
            "yes" if row["equal"] else "NO",
        )
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(lines)


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description="speed-up of a batch of cleaning")
    options.add_argument("--dataset", type=Path, help="by default rendered takes, recorded once")
    options.add_argument("--episodes", type=int, default=4, help="how many of them")
    options.add_argument("--rounds", type=int, default=1)
    options.add_argument(
        "--executors",
        nargs="+",
        choices=list(OPTIONS),
        default=["alone", "pool-2", "ray-2"],
        help="the first is what the others are compared with",
    )
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    if chosen.dataset is None:
        episodes = [take.path for take in truth_takes("front", chosen.episodes)]
    else:
        episodes = open_dataset(chosen.dataset).published()[: chosen.episodes]
    rows = measure(episodes, chosen.executors, chosen.rounds)
    pictures = 0
    for path in episodes:
        with Episode(path) as episode:
            pictures += len(episode.stream(CAMERA))
            size = episode.stream(CAMERA).spec.shape[1::-1]
    if chosen.json:
        facts = {"episodes": len(episodes), "pictures": pictures, "size": size, "rows": rows}
        print(json.dumps({**facts, "machine": describe_machine()}, indent=1))
        return 0
    print(f"{len(episodes)} episodes, {pictures} pictures of {size[0]} x {size[1]}\n")
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
