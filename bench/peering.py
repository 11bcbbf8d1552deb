"""What the benchmarks that have peers share: their packages, apart from the product's, and turns taken with them."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bench.figures import Figure

HERE = Path(__file__).parent / "peers"
HOME = Path(".cache/bench-peers")
REPEATS = 5
Values = tuple[float, ...]


def python() -> str:
    """An interpreter with the peers of `peers/requirements.txt`, in a throwaway environment that is made once."""
    program, stamp = HOME / "bin/python", HOME / "made"
    wanted = (HERE / "requirements.txt").read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(HOME)], check=True)
        install = ["-m", "pip", "install", "-qq", "--disable-pip-version-check", "-r", str(HERE / "requirements.txt")]
        subprocess.run([str(program), *install], check=True, timeout=300)
        stamp.write_text(wanted)
    return str(program)


def interleaved(runs: Mapping[str, Callable[[], float]], repeats: int = REPEATS) -> dict[str, Values]:
    """Each run once, then each once more: what else the machine does falls on all of them alike."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            found[name].append(run())
    return {name: tuple(values) for name, values in found.items()}


def side_by_side(
    key: str, what: str, unit: str, found: Mapping[str, Values], goals: Mapping[str, str], *, less: bool = True
) -> Iterator[Figure]:
    """A row for us, and one for each peer with how many times better we are; `less`: less is better."""
    (us, ours), *peers = found.items()
    yield Figure(key, f"{what}: {us}", ours, unit, "–")
    for name, theirs in peers:
        pairs = zip(theirs, ours, strict=True) if less else zip(ours, theirs, strict=True)
        times = [a / b if b else float("inf") for a, b in pairs]
        yield Figure(key, f"{what}: {name}", theirs, unit, "–")
        yield Figure(key, f"the same, times better than {name}", tuple(times), "×", goals.get(name, "–"))


def say_missing(peer: str, advice: str) -> None:
    """A peer that is not there is left out of the table, and nobody overlooks it."""
    print(f"!!! {peer} IS NOT MEASURED: {advice}.", file=sys.stderr, flush=True)
