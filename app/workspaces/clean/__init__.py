"""The Clean workspace: look at cleaned pictures, judge them, draw, and clean whole datasets."""

from app.workspaces.clean.clean_workspace import CleanWorkspace

__all__ = ["CleanWorkspace"]
