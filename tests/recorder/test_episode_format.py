"""What ``docs/episode-format.md`` says about the file is true of the file."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import h5py
import pytest
from support.recording import ROOT

DOCUMENT = (ROOT / "docs" / "episode-format.md").read_text()


def test_the_script_of_the_document_reads_an_episode_as_it_stands(
    episode_path: Path, tmp_path: Path
) -> None:
    script = re.search(r"```python\n(import json.*?)```", DOCUMENT, re.DOTALL)
    assert script is not None
    assert len(script[1].splitlines()) <= 35
    file = tmp_path / "read.py"
    file.write_text(script[1])
    done = subprocess.run(
        [sys.executable, "-I", str(file), str(episode_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "plug success 0.4" in done.stdout or "plug success 0.5" in done.stdout
    assert "rig: small" in done.stdout
    assert "right/joints_measured: 100 samples, 0 gaps, unit rad" in done.stdout
    assert r"first sample: jpeg b'\xff\xd8" in done.stdout


def test_every_dataset_of_a_stream_has_the_documented_type(episode_path: Path) -> None:
    tree = DOCUMENT.split("## The tree")[1].split("### Streams")[0]
    documented = dict(re.findall(r"[├└]── (\w+)\s+\(N[^)]*\)\s+(\w+)", tree))
    assert documented.keys() == {
        "offset", "seq", "stamp_ns", "device_stamp_ns", "flags", "crc32"
    }  # fmt: skip
    with h5py.File(episode_path) as file:
        group = file["streams/front/rgb"]
        assert set(group) == {*documented, "data"}
        for name, dtype in documented.items():
            assert group[name].dtype == dtype
            assert len(group[name]) == 15 + (name == "offset")


def test_every_attribute_in_the_file_is_documented(episode_path: Path) -> None:
    with h5py.File(episode_path) as file:
        names = set(file.attrs) | set(file["streams/front/rgb"].attrs)
    missing = sorted(name for name in names if f"`{name}`" not in DOCUMENT)
    assert missing == []


@pytest.mark.parametrize("rig", ["sim-xhand", "sim-leap", "sim-allegro", "sim-bimanual"])
def test_every_stream_of_the_simulated_rigs_is_documented(rig: str) -> None:
    from devices.rig import load_rig

    table = DOCUMENT.split("### Streams")[1].split("### Attributes")[0]
    patterns = [
        re.escape(name)
        .replace("<side>", "(right|left)")
        .replace("<finger>", r"\w+")
        .replace("<camera>", r"\w+")
        for line in table.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([^`]+)`", line.split("|")[1])
    ]
    missing = [
        spec.name
        for spec in load_rig(rig).streams()
        if not any(re.fullmatch(pattern, spec.name) for pattern in patterns)
    ]
    assert missing == []
