"""What ``docs/labels-format.md`` says about journals is true of journals."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from support.repository import ROOT
from support.reviewing import new_dataset, open_review, phase, setting

from recorder.review.entry import Entry
from recorder.review.folding import state_as_json
from recorder.review.state import LIST_LANES, SCALAR_LANES

DOCUMENT = (ROOT / "docs" / "labels-format.md").read_text()


def test_the_script_of_the_document_reads_a_journal_as_it_stands(tmp_path: Path) -> None:
    script = re.search(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    assert script is not None
    file = tmp_path / "read.py"
    file.write_text(script[1])
    review = open_review(new_dataset(tmp_path))
    review.apply(setting("quality", 4))
    review.apply(setting("phases", phase("reach", 0, 5), "p"))
    review.apply(setting("phases", phase("grasp", 5, 9), "q"))
    review.apply(setting("phases", None, "p"))
    review.apply(setting("quality", 1))
    review.undo()
    review.note_access("verdict")
    review.apply(setting("trim", {"start_ns": 1, "stop_ns": 8}))
    review.apply(setting("trim", None))
    review.publish()
    command = [sys.executable, "-I", "-X", "utf8", str(file), str(review.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    expected = {lane: value for lane, value in state_as_json(review.state).items() if value}
    assert json.loads(done.stdout) == expected
    review.path.write_bytes(review.path.read_bytes().replace(b'"new":4', b'"new":5'))
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


def test_every_lane_and_every_field_of_a_line_is_described() -> None:
    for lane in (*SCALAR_LANES, *LIST_LANES):
        assert f"`{lane}`" in DOCUMENT, lane
    for name, field in Entry.model_fields.items():
        assert f"`{field.alias or name}`" in DOCUMENT, name
