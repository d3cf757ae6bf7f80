"""Rebuild a library as a job of the window: ``python -m recorder.library.rebuild DATASET``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from recorder.dataset import open_dataset
from recorder.library.library import Library
from recorder.progress_child import run_child


def main() -> int:
    """Rebuild the dataset named on the command line; the exit code."""
    parser = argparse.ArgumentParser(description="make the catalogue of a dataset anew")
    parser.add_argument("dataset", type=Path)
    root = parser.parse_args().dataset
    return run_child(lambda report: {"episodes": Library(open_dataset(root)).rebuild(report)})


if __name__ == "__main__":
    sys.exit(main())
