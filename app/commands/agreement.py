"""``thenar agreement``: how far the reviewers of a dataset agree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from app.reporting import fail, show


def agreement(
    dataset: Annotated[Path, typer.Argument(help="Dataset folder.")],
    reviewers: Annotated[
        str, typer.Option("--reviewers", help="Codes, separated by commas; all by default.")
    ] = "",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the bootstrap.")] = 0,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write the report as a page into this file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Compare what reviewers said: kappa, alpha, segments, boundaries, with intervals."""
    from recorder.agreement.page import agreement_page
    from recorder.agreement.report import agreement_report
    from recorder.dataset import open_dataset

    with fail():
        chosen = [name.strip() for name in reviewers.split(",") if name.strip()]
        report = agreement_report(open_dataset(dataset), chosen or None, seed=seed)
        if html is not None:
            command = f"thenar agreement DATASET --seed {seed}"
            command += f" --reviewers {reviewers}" if chosen else ""
            html.write_text(agreement_page(report, dataset.name, command))
    if as_json:
        show(json.dumps(report.as_dict(), indent=1))
        return
    show(f"{report.episodes} episodes reviewed by two or more of {', '.join(report.reviewers)}")
    for lane in report.lanes:
        show(f"\n{lane.title} ({lane.episodes} episodes)")
        for measure in lane.measures:
            show(f"  {measure.name:<32} {measure.figure.text()}")
    for name, value in report.boundary_ms.items():
        show(f"  {name:<32} {value:.0f} ms")
    if html is not None:
        show(f"\nwritten to {html}")
