"""`make soak ARGS="3600"`: run the example centre for so many seconds and look for what leaks.

Memory and open files of the service are read every ten seconds. After a quarter for warming up memory may grow by 5 %
(RELIABILITY F29) and open files are shown beside it.
"""

import json
import subprocess
import sys
import time
from dataclasses import dataclass

import psutil

EVERY_S = 10.0
WARM_SHARE = 0.25
GROWTH = 1.05


@dataclass(frozen=True, slots=True)
class Sample:
    at_s: float
    memory_mb: float
    files: int


def main(arguments: list[str]) -> int:
    seconds = float(arguments[0]) if arguments else 3600.0
    command = [sys.executable, "-m", "cli.main", "demo", "--for", str(seconds), "--json", "--operators", "10"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        samples = _watch(psutil.Process(process.pid), seconds)
        summary = json.loads((process.communicate()[0] or "null").splitlines()[-1])
    return _judge(samples, summary)


def _watch(service: psutil.Process, seconds: float) -> list[Sample]:
    began = time.monotonic()
    samples: list[Sample] = []
    while service.is_running() and time.monotonic() - began < seconds:
        time.sleep(EVERY_S)
        sample = Sample(time.monotonic() - began, service.memory_info().rss / 1e6, service.num_fds())
        samples.append(sample)
        print(f"{sample.at_s:8.0f} s {sample.memory_mb:8.1f} MB {sample.files:6d} files", flush=True)
    return samples


def _judge(samples: list[Sample], summary: dict) -> int:
    warm = samples[int(len(samples) * WARM_SHARE) :]
    half = len(warm) // 2
    before, after = _mean(warm[:half]), _mean(warm[half:])
    print(f"memory {before:.1f} MB, then {after:.1f} MB; calls: {summary}")
    fine = summary["agree"] and after <= before * GROWTH
    print("nothing leaks" if fine else "SOMETHING LEAKS, or journal and exchange disagree")
    return 0 if fine else 1


def _mean(samples: list[Sample]) -> float:
    return sum(sample.memory_mb for sample in samples) / max(1, len(samples))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
