"""Size of everything on the screen, chosen before the first window."""

from __future__ import annotations

import os

import pytest
from pydantic import ValidationError

from app.settings import Settings
from app.window_start import SCALE_VARIABLE, set_scale


def test_the_scale_reaches_qt_unless_the_user_has_set_one(monkeypatch):
    monkeypatch.delenv(SCALE_VARIABLE, raising=False)
    set_scale(1.0)
    assert SCALE_VARIABLE not in os.environ
    monkeypatch.setenv(SCALE_VARIABLE, "2")
    set_scale(1.5)
    assert os.environ[SCALE_VARIABLE] == "2"
    monkeypatch.delenv(SCALE_VARIABLE)
    set_scale(1.5)
    assert os.environ[SCALE_VARIABLE] == "1.5"
    monkeypatch.delenv(SCALE_VARIABLE)


@pytest.mark.parametrize("scale", [0.5, 2.5])
def test_a_scale_that_nobody_could_read_is_refused(scale):
    with pytest.raises(ValidationError):
        Settings().ui_scale = scale
