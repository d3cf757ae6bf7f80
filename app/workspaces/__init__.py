"""The workspaces of the window. Only those that work are listed, in their final order:
Record, Review, Clean, Run, Study."""

WORKSPACES: tuple[str, ...] = ("Record",)

__all__ = ["WORKSPACES"]
