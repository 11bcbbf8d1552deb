"""The real PBX for this room's tests."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_pbx import PORT_BASE, RealPbx

PROGRAM = Path(__file__).parent.parent / "pbx" / "pbx"


@pytest.fixture(scope="session")
def real_pbx() -> Iterator[RealPbx]:
    """Asterisk on this machine; skips where it is not installed (make pbx)."""
    if not PROGRAM.exists():
        pytest.skip("no test PBX in tests/pbx")
    started = subprocess.run(
        [sys.executable, str(PROGRAM), "start", "--port-base", str(PORT_BASE)], capture_output=True, text=True
    )
    if "not installed" in started.stderr:
        pytest.skip("Asterisk is not installed: run make pbx")
    assert started.returncode == 0, started.stderr
    yield RealPbx(PROGRAM)
    subprocess.run([sys.executable, str(PROGRAM), "stop", "--port-base", str(PORT_BASE)], capture_output=True)
