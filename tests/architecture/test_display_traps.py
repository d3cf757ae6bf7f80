"""Packages that must not stop the window from starting."""

from __future__ import annotations

import os
import subprocess
import sys


def test_opencv_does_not_point_qt_at_plugins_of_its_own():
    environment = {k: v for k, v in os.environ.items() if k != "QT_QPA_PLATFORM_PLUGIN_PATH"}
    code = "import os, cv2; print(os.environ.get('QT_QPA_PLATFORM_PLUGIN_PATH'))"
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert run.stdout.strip() == "None", run.stdout + run.stderr
