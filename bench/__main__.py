"""`python -m bench [NAME …]`: measure, print, and write the figures into docs/performance.md."""

import sys

from bench import calls, figures, flood, fuzz, loss, parse, pop, relay, sound, start, talk

BENCHES = {
    "calls": calls.measure,
    "flood": flood.measure,
    "fuzz": fuzz.measure,
    "loss": loss.measure,
    "parse": parse.measure,
    "pop": pop.measure,
    "relay": relay.measure,
    "sound": sound.measure,
    "start": start.measure,
    "talk": talk.measure,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"There is no bench {', '.join(unknown)}; there are: {', '.join(BENCHES)}.", file=sys.stderr)
        return 2
    for name in names or BENCHES:
        print(f"{name}: measuring", flush=True)
        measured = list(BENCHES[name]())
        for figure in measured:
            print(f"  {figure.key} {figure.what}: {figure.text} (goal {figure.goal})", flush=True)
        figures.write(name, measured)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
