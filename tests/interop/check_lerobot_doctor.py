"""lerobot-doctor's own checks over LeRobot exports, as its command line runs them in CI."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from checking import arguments, passed

expected = arguments()
doctor = str(Path(sys.executable).with_name("lerobot-doctor"))
variants = ("lerobot-video", "lerobot-png") if expected.is_made_up else ("lerobot-video",)
for variant in variants:
    folder = str(expected.export(variant))
    done = subprocess.run([doctor, folder, "--ci"], capture_output=True, text=True)
    assert done.returncode == 0, f"{variant}: {done.stdout[-3000:]}{done.stderr[-2000:]}"
    report = json.loads(done.stdout)
    counts = Counter(str(one["severity"]) for one in report["checks"])
    warned = ", ".join(one["name"] for one in report["checks"] if one["severity"] == "WARN")
    assert not counts["FAIL"], report["summary"]
    assert report["total_frames"] == sum(expected.lengths)
    passed(
        "lerobot-doctor",
        f"`{variant}`: `--ci` exits 0 with {counts['PASS']} groups passed, {counts['WARN']} with "
        f"warnings ({warned}), none failed",
    )
