"""The workspaces of the window. Only those that work are listed, in their final order:
Record, Review, Clean, Run, Study."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

__all__ = ["REVIEW_EXISTS", "review_class"]

REVIEW_EXISTS = (Path(__file__).parent / "review" / "review_workspace.py").exists()


def review_class() -> type:
    """The Review workspace; imported when it is first shown, since Record starts without it."""
    return import_module("app.workspaces.review").ReviewWorkspace
