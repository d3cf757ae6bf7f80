"""The model card of a policy: what people should know before they run it, filled by training."""

from __future__ import annotations

from collections.abc import Iterable

from policies.policy_facts import PolicyFacts

KINDS = {
    "diffusion": "diffusion policy (DDIM)",
    "flow": "flow matching policy (Euler steps)",
    "act": "action chunking with transformers (ACT)",
}


def card_of(facts: PolicyFacts) -> str:
    """Return the card as Markdown; equal facts give equal cards.

    The sections follow "Model Cards for Model Reporting" (arXiv 1810.03993), as far as they apply.
    """
    layout, config, data = facts.layout, facts.config, facts.data
    cameras = [
        f"`{one.stream}` {one.recorded_size[0]}x{one.recorded_size[1]}, seen at "
        f"{one.crop[0]}x{one.crop[1]}"
        for one in layout.pictures
    ]
    sources = sorted({one.source for one in config.cameras or ()} - {"recorded"})
    lines = [
        f"# {facts.name}",
        "",
        f"A {KINDS[config.kind]} for the task `{data.task or 'any'}` on the rig `{layout.rig}`.",
        "",
        "## What it sees and does",
        "",
        *_table(
            (
                ("hands", ", ".join(f"{side} {hand}" for side, hand in layout.hands.items())),
                ("sees joints", f"{len(layout.state_names)} values" if layout.state else "no"),
                (
                    "sees touch",
                    f"{len(layout.pads)} pads of {layout.taxels_per_pad} taxels, N"
                    if layout.taxels_per_pad
                    else ("force per pad, N" if layout.force else "no"),
                ),
                ("sees pictures", "; ".join(cameras) or "no"),
                (
                    "does",
                    f"{layout.joints} joint positions (rad, m)"
                    + (f" and {len(layout.pads)} normal forces (N)" * layout.forces_in_action),
                ),
                (
                    "rows",
                    f"{layout.rate_hz} Hz, {layout.observation_steps} seen, {layout.chunk} planned"
                    f", {layout.executed} meant to be run",
                ),
            )
        ),
        "",
        "## What it learned from",
        "",
        *_table(
            (
                ("dataset", f"`{data.dataset}`, hash `{data.hash[:16]}`"),
                ("episodes", f"{len(data.training)} to learn, {len(data.validation)} kept apart"),
                ("length", f"{data.seconds:.0f} s, {data.windows} windows"),
                ("rows in gaps", f"{data.gap_rows} of {data.rows}; no window crosses a gap"),
                ("left out", f"{len(data.left_out)} episodes{_reasons(data.left_out)}"),
                ("pictures", ", ".join(["recorded", *sources]) if sources else "as recorded"),
            )
        ),
        "",
        "## How it learned",
        "",
        *_table(
            (
                ("size", f"{config.size}, {facts.weights.parameters:,} numbers"),
                ("steps", f"{facts.steps} ({facts.state}); weights of step {facts.step}"),
                ("validation loss", f"{facts.validation_loss:.4f} (no success rate)"),
                ("plans are off by", _error(facts)),
                ("seed", f"{config.seed}, split {config.split_seed}"),
                ("optimiser", f"AdamW, {config.lr:g}, batches of {config.batch}"),
                ("touch hidden while learning", f"{100 * config.modality_dropout:.0f} %"),
                ("made", f"{facts.made}, {facts.device}"),
                ("software", f"thenar {facts.software_version}, torch {facts.torch_version}"),
                ("weights", f"`{facts.weights.file}`, SHA-256 `{facts.weights.sha256}`"),
            )
        ),
        "",
        "## Before it moves a hand",
        "",
        "- It does only what its demonstrations did; on other objects, light or cameras nobody "
        "measured it.",
        "- A low validation loss does not mean success. Measure success with `thenar evaluate`.",
        "- Its plans are not limited. The program's gate, watchdogs and STOP are what keeps a hand "
        "safe.",
        "- It refuses hands, cameras and taxels other than those above.",
    ]
    if facts.converted_from:
        lines += [
            "",
            f"The weights were converted from `{facts.converted_from}`; nobody here trained it.",
        ]
    return "\n".join(lines) + "\n"


def _table(rows: Iterable[tuple[str, str]]) -> list[str]:
    return ["| | |", "| --- | --- |", *(f"| {name} | {_plain(value)} |" for name, value in rows)]


def _plain(value: str) -> str:
    return value.replace("|", "/").replace("\n", " ")


def _error(facts: PolicyFacts) -> str:
    if not facts.plan_error:
        return "not measured"
    parts = ", ".join(f"{value:.3g} {unit}" for unit, value in facts.plan_error.items())
    return f"{parts} on average, in episodes it did not learn from"


def _reasons(left_out: dict[int, str]) -> str:
    reasons = sorted(set(left_out.values()))
    return f" ({'; '.join(reasons[:3])})" if reasons else ""
