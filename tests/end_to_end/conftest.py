"""A machine without Chromium runs everything but the pages; where CI has it (`.ci/run` sets CI), its absence is a failure."""

import os
import shutil

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-headless-shell")
collect_ignore = (
    []
    if CHROMIUM or os.environ.get("CI")
    else [
        "test_live_page.py",
        "test_convert_page.py",
        "test_render_page.py",
        "test_case_page.py",
        "test_worklist_page.py",
    ]
)


def pytest_report_header() -> str:
    return f"browser: {CHROMIUM}" if CHROMIUM else "browser: none, so the pages are NOT tested (install chromium)"
