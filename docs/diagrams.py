"""Draws the diagrams in the documents from the tables that the code runs on: `python -m docs.diagrams`.

A diagram stands between `<!-- drawn: NAME -->` and `<!-- end of NAME -->`; all between them is written anew.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from dialer import call as attempt
from dialer import operator
from sip.call import LIFE
from sip.offering import OFFERS
from sip.transaction import TRANSITIONS, State

FOLDER = Path(__file__).parent
_PLACE = re.compile(r"(<!-- drawn: ([\w-]+) -->\n).*?(<!-- end of \2 -->)", re.DOTALL)
_BEGIN, _END = "[*]", "[*]"
_FINAL = "3xx to 6xx"

Edge = tuple[str, str, str]
"""From, to, by what."""


def diagrams() -> dict[str, str]:
    """Every diagram by its name, as Mermaid text."""
    machines = {"invite-client": "IC_", "client": "NC_", "invite-server": "IS_", "server": "NS_"}
    drawn = {f"transaction-{name}": mermaid(_transaction(prefix)) for name, prefix in machines.items()}
    drawn["call"] = mermaid(_plain(LIFE, "TRYING", ("OVER",)))
    drawn["offer"] = mermaid(_plain(OFFERS, "NONE", ()))
    drawn["dialer-call"] = mermaid(
        [(_BEGIN, "offered", "a call comes in"), *_plain(attempt.TRANSITIONS, "placing", ("ended",))]
    )
    drawn["dialer-operator"] = mermaid(_plain(operator.TRANSITIONS, "offline", ()))
    return drawn


def mermaid(edges: Iterable[Edge]) -> str:
    """A state diagram; what leads from one state to one other is one arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for begin, end, event in edges:
        arrows.setdefault((begin, end), []).append(event)
    lines = [f"    {begin} --> {end}{_label(events)}" for (begin, end), events in arrows.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])


def _label(events: list[str]) -> str:
    told = ", ".join(event for event in events if event)
    return f" : {told}" if told else ""


def _transaction(prefix: str) -> list[Edge]:
    """One of the four machines: its states are those that begin with `prefix`."""
    edges: list[Edge] = []
    for (begin, event), (end, _, _) in TRANSITIONS.items():
        if prefix in (begin.name[:3], end.name[:3]):
            edges.append((_of_machine(begin, _BEGIN), _of_machine(end, _END), _event(event.name)))
    return edges


def _of_machine(state: State, outside: str) -> str:
    return outside if state in (State.NEW, State.TERMINATED) else state.name[3:]


def _plain(table: Mapping[Any, Enum], first: str, last: tuple[str, ...]) -> list[Edge]:
    """A table of states and events; `first` and `last` are drawn as begin and end."""
    edges = [(_BEGIN, first, "")]
    edges += [(_name(begin), _name(end), _event(_name(event))) for (begin, event), end in table.items()]
    return edges + [(state, _END, "") for state in last]


def _name(member: Enum) -> str:
    return member.value if isinstance(member.value, str) else member.name


def _event(name: str) -> str:
    """TIMER_A as "timer A", GOT_2XX as "got 2xx", SEND_INVITE as "send INVITE"."""
    return " ".join(_word(word) for word in name.split("_"))


def _word(word: str) -> str:
    if word == "3XX":
        return _FINAL
    return word if word in ("INVITE", "ACK") or len(word) == 1 else word.lower()


def drawn(text: str) -> str:
    """The document with its diagrams as the tables say. Raises KeyError for a name that there is not."""
    known = diagrams()
    return _PLACE.sub(lambda found: f"{found[1]}{known[found[2]]}\n{found[3]}", text)


def main() -> None:
    for file in sorted(FOLDER.rglob("*.md")):
        before = file.read_text()
        after = drawn(before)
        if after != before:
            file.write_text(after)
            sys.stdout.write(f"{file.relative_to(FOLDER.parent)} is drawn anew\n")


if __name__ == "__main__":
    main()
