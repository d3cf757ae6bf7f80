"""The workspaces of the window. Only those that work are listed, in their final order:
Record, Review, Clean, Run, Study."""

from __future__ import annotations

from importlib import import_module

WORKSPACES: tuple[str, ...] = ("Record", "Review", "Clean")

WITHOUT_HAND: tuple[str, ...] = ("Review", "Clean")  # of a window that was opened for review

__all__ = ["WITHOUT_HAND", "WORKSPACES", "clean_class", "review_class"]


def review_class() -> type:
    """The Review workspace; imported when it is first shown, since Record starts without it."""
    return import_module("app.workspaces.review").ReviewWorkspace


def clean_class() -> type:
    """The Clean workspace; imported when it is first shown."""
    return import_module("app.workspaces.clean").CleanWorkspace
