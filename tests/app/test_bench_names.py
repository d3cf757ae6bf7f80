"""``make bench``, ``thenar bench`` and the page of figures name the same benchmarks."""

from __future__ import annotations

import re

from app.cli import BENCHMARKS
from resources import ROOT

REPOSITORY = ROOT.parent


def test_make_bench_runs_every_benchmark() -> None:
    (line,) = re.findall(r"^BENCHMARKS \?= (.*)$", (REPOSITORY / "Makefile").read_text(), re.M)
    assert line.split() == list(BENCHMARKS)
    for name in BENCHMARKS:
        assert (REPOSITORY / "benchmarks" / f"{name}.py").is_file(), name


def test_the_figures_of_recording_and_review_have_their_section() -> None:
    page = (REPOSITORY / "docs" / "benchmarks.md").read_text()
    titles = set(re.findall(r"^## (\w+)$", page, re.M))
    assert {name for name in BENCHMARKS if name != "preview"} <= titles
