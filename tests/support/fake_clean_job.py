"""The cleaning job with a cleaner that is quick and needs no eyes; slow where a file says so."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from recorder.cleaning.job import run_clean
from recorder.cleaning.methods import Methods
from recorder.cleaning.plan import CleanPlan
from recorder.progress_child import run_child
from support.fake_cleaner import (
    FAKE,
    filler_that_fails_on_episode_1,
    filler_that_waits,
    rectangle_masks,
)

METHODS = {
    "slow": Methods(rectangle_masks, filler_that_waits),
    "failing": Methods(rectangle_masks, filler_that_fails_on_episode_1),
}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--spec", type=Path, required=True)
    plan = CleanPlan.model_validate_json(parser.parse_args().spec.read_text())
    named = [name for name in METHODS if (plan.dataset / name).exists()]
    methods = METHODS[named[0]] if named else FAKE
    return run_child(lambda report: run_clean(plan, report, methods=methods).as_dict())


if __name__ == "__main__":
    sys.exit(main())
