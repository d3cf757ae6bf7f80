"""The workspaces of the window. Only those that work are listed, in their final order:
Record, Review, Clean, Run, Study."""

from __future__ import annotations

from importlib import import_module

WORKSPACES: tuple[str, ...] = ("Record", "Review")

__all__ = ["WORKSPACES", "review_class"]


def review_class() -> type:
    """The Review workspace; imported when it is first shown, since Record starts without it."""
    return import_module("app.workspaces.review").ReviewWorkspace
