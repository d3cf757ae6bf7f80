# MuJoCo's names live in compiled modules without type information; each of them is Any here.
from typing import Any

def __getattr__(name: str) -> Any: ...
