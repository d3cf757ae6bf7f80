"""The codes that stand for people in a dataset, operators and reviewers alike: one rule."""

from __future__ import annotations

import re

CODE = re.compile(r"[A-Z]{1,3}[0-9]{1,4}")
CODE_FORM = "one to three capital letters and one to four digits, such as P07 or R1"


def code_problem(role: str, code: str) -> str:
    """Why ``code`` is none, one sentence naming the way out; empty when it is one.

    Parameters
    ----------
    role : str
        Whose it is, e.g. ``reviewer``.
    """
    if CODE.fullmatch(code):
        return ""
    return f"{role} '{code}' is no code of {CODE_FORM}; names stay out of datasets"
