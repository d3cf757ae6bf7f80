"""The session file refuses what no process could work with."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from devices.messages import ResetWorld, RunScript
from devices.rig import ExoskeletonConfig, load_rig
from devices.session_file import SessionFile


def test_a_written_session_is_read_back(tmp_path) -> None:
    made = SessionFile(
        namespace="n", rig=load_rig("sim-leap"), dataset_dir=tmp_path, runtime_dir=tmp_path,
        parent_pid=1, seed=7,
    )  # fmt: skip
    assert SessionFile.read(made.write()) == made


def test_a_negative_seed_is_refused_by_name_and_limit(tmp_path) -> None:
    with pytest.raises(
        ValidationError, match=r"seed\n.*greater than or equal to 0.*input_value=-1"
    ):
        SessionFile(
            namespace="n", rig=load_rig("sim-leap"), dataset_dir=tmp_path, runtime_dir=tmp_path,
            parent_pid=1, seed=-1,
        )  # fmt: skip
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        RunScript(mode="kinesthetic", seconds=1.0, seed=-1)
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        ResetWorld(seed=-3)
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        ExoskeletonConfig(seed=-1)
