"""Run every check script over every data set and write the table of ``docs/interop.md``.

    python run_checks.py FOLDER REPORT

Exit code 1 when a check fails; the table then says which, and the others still run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
LIMIT_S = 900
BESIDE = ("torch", "torchvision", "datasets", "pyarrow", "av", "numpy", "h5py", "zarr", "numcodecs")


def run(script: Path, folder: Path, name: str) -> tuple[list[dict[str, str]], str]:
    """Return what a script checked and, when it failed, its last words."""
    home = folder / "home"  # settings of the peers stay out of the user's own
    home.mkdir(exist_ok=True)
    environment = {**os.environ, "HOME": str(home), "HF_HUB_OFFLINE": "1", "HF_HOME": str(home)}
    try:
        done = subprocess.run(
            [sys.executable, str(script), str(folder), name],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            env=environment,
        )
        said, error, code = done.stdout, done.stderr, done.returncode
    except subprocess.TimeoutExpired as late:
        said, error, code = "", f"not done after {late.timeout} s", 1
    checks = [json.loads(line) for line in said.splitlines() if line.startswith('{"peer"')]
    last = "" if code == 0 else (error.strip().splitlines() or ["ended without a word"])[-1]
    if code:
        sys.stderr.write(error[-4000:])
    return checks, last


def cell(text: str) -> str:
    """Return text that cannot end a cell of a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")


def main(folder: Path, report: Path) -> int:
    """Run everything; returns the exit code."""
    names = [name for name in ("made-up", "recorded") if (folder / f"{name}.json").exists()]
    lines, failed, held = [], 0, 0
    for name in names:
        for script in sorted(HERE.glob("check_*.py")):
            sys.stderr.write(f"{script.stem} over {name} episodes\n")
            checks, problem = run(script, folder, name)
            for one in checks:
                held += 1
                row = (one["peer"], name, one["what"], "passed", one["substitute"])
                lines.append(f"| {' | '.join(cell(text) for text in row)} |")
            if problem or not checks:
                failed += 1
                row = (script.stem, name, problem or "checked nothing", "**failed**", "")
                lines.append(f"| {' | '.join(cell(text) for text in row)} |")
    beside = ", ".join(f"{name} {version(name)}" for name in BESIDE)
    date = datetime.now(UTC).date().isoformat()
    python = sys.version.split()[0]
    table = [
        BEGIN,
        "",
        f"{date}, Python {python}: {held} checks passed, {failed} scripts failed.",
        f"Beside them: {beside}.",
        "",
        "| peer | episodes | what was checked | result | what stood in for the peer's own |",
        "| --- | --- | --- | --- | --- |",
        *lines,
        "",
        END,
    ]
    text = report.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    report.write_text(before + "\n".join(table) + after)
    sys.stderr.write(f"{held} checks passed, {failed} scripts failed; see {report}\n")
    return 1 if failed or not held else 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2])))
