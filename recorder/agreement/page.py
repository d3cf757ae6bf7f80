"""The agreement report as one HTML page that needs nothing else."""

from __future__ import annotations

from html import escape

from recorder.agreement.coefficient import RELY_FROM, RESAMPLES, TENTATIVE_FROM
from recorder.agreement.report import AgreementReport, LaneAgreement, Measure

STYLE = """
body { font: 15px/1.5 sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; }
th, td { border: 1px solid #999; padding: .25rem .6rem; text-align: left; }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
"""


def agreement_page(report: AgreementReport, title: str, command: str) -> str:
    """Return the report as HTML.

    Parameters
    ----------
    report : AgreementReport
    title : str
        Heading, e.g. the dataset's name.
    command : str
        Command that makes the same figures again; printed at the end.
    """
    people = ", ".join(report.reviewers) or "nobody"
    parts = [
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{escape(title)}</title>",
        f"<style>{STYLE}</style><h1>Agreement: {escape(title)}</h1>",
        f"<p>{report.episodes} episodes that at least two of {escape(people)} finished. ",
        f"Intervals: 95 %, bootstrap over episodes, {RESAMPLES} resamples, seed {report.seed}. ",
        f"Read-out after Krippendorff: rely from {RELY_FROM:.2f}, tentative from ",
        f"{TENTATIVE_FROM:.3f}; it is meant for alpha.</p>",
        *(_lane(lane) for lane in report.lanes),
        _boundaries(report),
        f"<p>Made by <code>{escape(command)}</code></p></html>",
    ]
    return "".join(parts)


def _lane(lane: LaneAgreement) -> str:
    rows = "".join(
        f"<tr><td>{escape(measure.name)}</td><td class='n'>{escape(measure.figure.text())}</td>"
        f"<td>{escape(_reading(measure))}</td></tr>"
        for measure in lane.measures
    )
    head = f"<h2>{escape(lane.title)}</h2><p>{lane.episodes} episodes</p>"
    return f"{head}<table><tr><th>measure</th><th>value</th><th></th></tr>{rows}</table>" + (
        _table(lane) if lane.names else ""
    )


def _reading(measure: Measure) -> str:
    known = "alpha" in measure.name and measure.figure.value is not None
    return measure.figure.reading if known else ""


def _table(lane: LaneAgreement) -> str:
    heads = "".join(f"<th>{escape(name)}</th>" for name in lane.names)
    rows = "".join(
        f"<tr><th>{escape(name)}</th>{''.join(f'<td class=n>{n}</td>' for n in counts)}</tr>"
        for name, counts in zip(lane.names, lane.table, strict=True)
    )
    return f"<table><tr><th>first \\ second</th>{heads}</tr>{rows}</table>"


def _boundaries(report: AgreementReport) -> str:
    if not report.boundary_ms:
        return ""
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td class='n'>{value:.0f}</td></tr>"
        for name, value in report.boundary_ms.items()
    )
    return (
        "<h2>Boundaries of phases</h2><table><tr><th>boundary</th>"
        f"<th>median distance, ms</th></tr>{rows}</table>"
    )
