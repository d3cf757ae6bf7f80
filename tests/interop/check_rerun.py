"""rerun's own loaders open a LeRobot folder and an MCAP file, without a window.

``log_file_from_path`` is what dragging the folder into the viewer does; the recording it makes is
verified and counted by rerun's command line.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import rerun
from checking import arguments, passed

expected = arguments()
program = str(Path(sys.executable).with_name("rerun"))


def loaded(source: Path, scratch: Path) -> tuple[int, dict[str, int]]:
    """Load a file or folder; returns rows and chunks per entity of what was made."""
    made = scratch / "made.rrd"
    rerun.init("thenar_interop", recording_id="interop")
    rerun.save(made)
    rerun.log_file_from_path(source)
    rerun.disconnect()
    subprocess.run([program, "rrd", "verify", str(made)], check=True, capture_output=True)
    done = subprocess.run([program, "rrd", "stats", str(made)], check=True, capture_output=True,
                          text=True)  # fmt: skip
    rows = re.search(r"num_rows = ([\d\s\u2009\u202f]+?)\n", done.stdout)
    assert rows is not None, done.stdout
    chunks = dict(re.findall(r"^/(\S+): (\d+)$", done.stdout, re.MULTILINE))
    count = int(re.sub(r"\D", "", rows.group(1)))
    return count, {name: int(number) for name, number in chunks.items()}


with tempfile.TemporaryDirectory() as folder:
    scratch = Path(folder)
    rows, entities = loaded(expected.export("lerobot-video"), scratch)
    camera = f"observation.images.{expected.camera}"
    assert {"action", "observation.state", camera} <= set(entities), sorted(entities)
    passed("rerun-sdk", f"`log_file_from_path` loads the LeRobot folder headless: {rows} rows in "
           f"{len(entities)} entities, pictures, state and action among them; `rerun rrd verify` "
           "accepts it")  # fmt: skip
    number = expected.episodes[0]["number"]
    rows, entities = loaded(expected.export("mcap") / f"episode_{number:06d}.mcap", scratch)
    missing = set(expected.episodes[0]["samples"]) - set(entities)
    assert not missing, missing
    assert rows >= sum(expected.episodes[0]["samples"].values())
    passed("rerun-sdk", f"`log_file_from_path` loads an MCAP file headless: {rows} rows, an entity "
           "for every stream; `rerun rrd verify` accepts it")  # fmt: skip
done = subprocess.run(
    [program, "mcap", "check", str(expected.export("mcap") / f"episode_{number:06d}.mcap")],
    capture_output=True, text=True,
)  # fmt: skip
assert done.returncode == 0, done.stdout + done.stderr
passed("rerun-sdk", "`rerun mcap check` finds no structural or timeline issue")
