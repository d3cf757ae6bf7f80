"""The Review workspace: library, episode with its labels, adjudication, statistics."""

from app.workspaces.review.review_workspace import ReviewWorkspace

__all__ = ["ReviewWorkspace"]
