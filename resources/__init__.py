"""Data files: hand models, rigs, tasks, icons, themes, keymaps and schemas. No code beside this."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent

__all__ = ["ROOT"]
