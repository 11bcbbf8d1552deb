"""The table of rights: every door, whom it lets in, and what to send to it.

A route that is missing here fails the build. To add one, write an entry: its method and path, the right it needs, what
of the `Things` of a project stands in its path, and a body that works for whoever may.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from identity.roles.rights import Right, Role


class Who(Enum):
    ANYBODY = auto()
    SIGNED_IN = auto()
    LOCAL = auto()  # a program on this machine, or an administrator


class Reach(Enum):
    ONE = auto()  # of one project: a foreign one is 404
    MANY = auto()  # a list: holds nothing foreign
    ALL = auto()  # belongs to no project: a role in one is not enough, 404
    OWN = auto()  # everyone's own


@dataclass(frozen=True)
class Things:
    """One of everything in a project, by id; `operator` works there, `manager` owns `key`."""

    project: str
    campaign: str
    list: str
    call: str
    recording: str
    entry: str
    operator: str
    key: str

    def ids(self) -> set[str]:
        return set(vars(self).values())


@dataclass(frozen=True)
class Entry:
    needs: tuple[Right, ...] | Who
    reach: Reach = Reach.ONE
    path: Mapping[str, str] = field(default_factory=dict)  # parameter: name of the thing
    json: Callable[[Things], Any] | None = None
    query: Callable[[Things], dict[str, str]] | None = None
    form: Callable[[Things], dict[str, Any]] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    ok: frozenset[int] = frozenset({200, 201, 202, 204})
    own: Mapping[Role, int] = field(default_factory=dict)  # roles that get another answer even for their own project


DISPOSITION = {"code": "sold", "label": {"tr": "Satıldı", "en": "Sold"}, "key": "1", "flags": ["success"]}
CSV = ("people.csv", "Ad;Telefon\nAyşe;0532 100 50 01\n".encode("windows-1254"), "text/csv")
NO_ENGINE = frozenset({503})  # these tests run without an engine: the door was open, the telephone is not there
WORKED = {Role.SUPERVISOR: 403}  # works at a desk too, but this call is a colleague's

Doors = dict[tuple[str, str], Entry | tuple[Entry, ...]]

SIGN_IN: Doors = {
    ("POST", "/api/v1/session/link"): Entry(Who.ANYBODY, json=lambda t: {"token": "x" * 43}),
    ("POST", "/api/v1/session"): Entry(Who.ANYBODY, json=lambda t: {"login": "nobody", "password": "x"}),
    ("DELETE", "/api/v1/session"): Entry(Who.SIGNED_IN, Reach.OWN),
    ("GET", "/api/v1/me"): Entry(Who.SIGNED_IN, Reach.OWN),
    ("POST", "/api/v1/me/password"): Entry(
        Who.SIGNED_IN, Reach.OWN, json=lambda t: {"password": "denizde yürüyen tren"}
    ),
    ("POST", "/api/v1/me/second-factor"): Entry(Who.SIGNED_IN, Reach.OWN, ok=frozenset({201, 409})),
    ("PUT", "/api/v1/me/second-factor"): Entry(
        Who.SIGNED_IN, Reach.OWN, json=lambda t: {"code": "000000"}, ok=frozenset({204, 401})
    ),
    ("GET", "/api/v1/keys"): Entry((Right.KEYS_OWN,), Reach.MANY),
    ("POST", "/api/v1/keys"): Entry(
        (Right.KEYS_OWN,), json=lambda t: {"name": "crm", "scopes": ["campaigns.read"], "project": t.project}
    ),
    ("DELETE", "/api/v1/keys/{key}"): Entry((Right.KEYS_OWN,), path={"key": "key"}),
}

PEOPLE: Doors = {
    ("GET", "/api/v1/users"): Entry((Right.USERS_READ,), Reach.MANY),
    ("POST", "/api/v1/users"): Entry((Right.USERS_EDIT,), Reach.ALL, json=lambda t: {"login": "new", "name": "New"}),
    ("GET", "/api/v1/users/{user}"): Entry((Right.USERS_READ,), path={"user": "operator"}),
    ("PATCH", "/api/v1/users/{user}"): Entry(
        (Right.USERS_EDIT,), Reach.ALL, path={"user": "operator"}, json=lambda t: {"name": "Other"}
    ),
    ("POST", "/api/v1/users/{user}/link"): Entry((Right.USERS_EDIT,), Reach.ALL, path={"user": "operator"}),
    ("DELETE", "/api/v1/users/{user}/second-factor"): Entry((Right.USERS_EDIT,), Reach.ALL, path={"user": "operator"}),
    ("PUT", "/api/v1/users/{user}/roles"): Entry(
        (Right.ROLES_EDIT,), Reach.ALL, path={"user": "operator"}, json=lambda t: {"grants": []}
    ),
    ("GET", "/api/v1/audit"): Entry((Right.AUDIT_READ,), Reach.ALL),
}

PROJECTS: Doors = {
    ("GET", "/api/v1/projects"): Entry((Right.PROJECTS_READ,), Reach.MANY),
    ("POST", "/api/v1/projects"): Entry((Right.PROJECTS_EDIT,), Reach.ALL, json=lambda t: {"name": "Third"}),
    ("GET", "/api/v1/projects/{wanted}"): Entry((Right.PROJECTS_READ,), path={"wanted": "project"}),
    ("PATCH", "/api/v1/projects/{wanted}"): Entry(
        (Right.PROJECTS_EDIT,), path={"wanted": "project"}, json=lambda t: {"zone": "Europe/Istanbul"}
    ),
    ("GET", "/api/v1/projects/{project}/dispositions"): Entry((Right.PROJECTS_READ,), path={"project": "project"}),
    ("PUT", "/api/v1/projects/{project}/dispositions"): Entry(
        (Right.DISPOSITIONS_EDIT,), path={"project": "project"}, json=lambda t: {"items": [DISPOSITION]}
    ),
}

CAMPAIGNS: Doors = {
    ("GET", "/api/v1/campaigns"): (
        Entry((Right.CAMPAIGNS_READ,), Reach.MANY),
        Entry((Right.CAMPAIGNS_READ,), query=lambda t: {"project": t.project}),
    ),
    ("POST", "/api/v1/campaigns"): Entry(
        (Right.CAMPAIGNS_EDIT,), json=lambda t: {"project": t.project, "name": "Second", "temperature": "warm"}
    ),
    ("GET", "/api/v1/campaigns/{wanted}"): Entry((Right.CAMPAIGNS_READ,), path={"wanted": "campaign"}),
    ("PATCH", "/api/v1/campaigns/{wanted}"): Entry(
        (Right.CAMPAIGNS_EDIT,),
        path={"wanted": "campaign"},
        json=lambda t: {"name": "Other"},
        headers={"if-match": "*"},
    ),
    ("POST", "/api/v1/campaigns/{wanted}/start"): Entry((Right.CAMPAIGNS_RUN,), path={"wanted": "campaign"}),
    ("POST", "/api/v1/campaigns/{wanted}/pause"): Entry(
        (Right.CAMPAIGNS_RUN,), path={"wanted": "campaign"}, ok=frozenset({200, 409})
    ),
    ("GET", "/api/v1/campaigns/{wanted}/status"): Entry((Right.CAMPAIGNS_READ,), path={"wanted": "campaign"}),
}

LISTS: Doors = {
    ("GET", "/api/v1/lists"): (
        Entry((Right.LISTS_READ,), Reach.MANY),
        Entry((Right.LISTS_READ,), query=lambda t: {"campaign": t.campaign}),
    ),
    ("POST", "/api/v1/lists"): Entry(
        (Right.LISTS_UPLOAD,), form=lambda t: {"data": {"campaign": t.campaign}, "files": {"file": CSV}}
    ),
    ("GET", "/api/v1/lists/{wanted}"): Entry((Right.LISTS_READ,), path={"wanted": "list"}),
    ("GET", "/api/v1/lists/{wanted}/rows"): Entry((Right.LISTS_READ,), path={"wanted": "list"}),
}

DO_NOT_CALL: Doors = {
    ("GET", "/api/v1/projects/{project}/dnc"): Entry((Right.DNC_READ,), path={"project": "project"}),
    ("POST", "/api/v1/projects/{project}/dnc"): Entry(
        (Right.DNC_EDIT,), path={"project": "project"}, json=lambda t: {"number": "0532 100 50 02"}
    ),
    ("DELETE", "/api/v1/dnc/{entry}"): Entry((Right.DNC_EDIT,), path={"entry": "entry"}),
}

DESK: Doors = {
    ("GET", "/api/v1/desk"): Entry((Right.DESK_WORK,), Reach.MANY),
    ("PUT", "/api/v1/desk/state"): Entry(
        (Right.DESK_WORK,), Reach.OWN, json=lambda t: {"state": "ready"}, ok=NO_ENGINE | {409}
    ),
    ("GET", "/api/v1/calls"): (
        Entry((Right.DESK_WORK, Right.CALLS_READ), Reach.MANY),
        Entry((Right.DESK_WORK, Right.CALLS_READ), query=lambda t: {"project": t.project}),
    ),
    ("GET", "/api/v1/calls/{call}"): Entry((Right.DESK_WORK, Right.CALLS_READ), path={"call": "call"}),
    ("POST", "/api/v1/calls/{call}/disposition"): Entry(
        (Right.CALLS_DISPOSE, Right.SUPERVISE),
        path={"call": "call"},
        json=lambda t: {"code": "not_interested_x"},
        ok=frozenset({422}),
    ),
    ("POST", "/api/v1/calls/{call}/hangup"): Entry((Right.DESK_WORK,), path={"call": "call"}, ok=NO_ENGINE, own=WORKED),
    **{
        ("POST", f"/api/v1/calls/{{call}}/{deed}"): Entry(
            (Right.DESK_WORK,), path={"call": "call"}, ok=NO_ENGINE, own=WORKED
        )
        for deed in ("hold", "resume", "mute", "unmute", "transfer/complete", "transfer/cancel")
    },
    ("POST", "/api/v1/calls/{call}/keys"): Entry(
        (Right.DESK_WORK,), path={"call": "call"}, json=lambda t: {"keys": "1#"}, ok=NO_ENGINE, own=WORKED
    ),
    ("POST", "/api/v1/calls/{call}/transfer"): Entry(
        (Right.DESK_WORK,), path={"call": "call"}, json=lambda t: {"extension": "1002"}, ok=NO_ENGINE, own=WORKED
    ),
    ("PUT", "/api/v1/calls/{call}/monitoring"): Entry(
        (Right.CALLS_MONITOR,), path={"call": "call"}, json=lambda t: {"mode": "whisper"}, ok=NO_ENGINE
    ),
    ("DELETE", "/api/v1/calls/{call}/monitoring"): Entry((Right.CALLS_MONITOR,), path={"call": "call"}, ok=NO_ENGINE),
}

RECORDINGS: Doors = {
    ("GET", "/api/v1/calls/{call}/recordings"): Entry((Right.RECORDINGS_LISTEN,), path={"call": "call"}),
    ("GET", "/api/v1/recordings/{recording}"): Entry((Right.RECORDINGS_LISTEN,), path={"recording": "recording"}),
    ("PUT", "/api/v1/recordings/{recording}/hold"): Entry((Right.RECORDINGS_HOLD,), path={"recording": "recording"}),
    ("DELETE", "/api/v1/recordings/{recording}/hold"): Entry((Right.RECORDINGS_HOLD,), path={"recording": "recording"}),
    ("POST", "/api/v1/calls/{call}/recording/pause"): Entry(
        (Right.DESK_WORK,), path={"call": "call"}, ok=NO_ENGINE, own=WORKED
    ),
    ("POST", "/api/v1/calls/{call}/recording/resume"): Entry(
        (Right.DESK_WORK,), path={"call": "call"}, ok=NO_ENGINE, own=WORKED
    ),
}

SERVICE: Doors = {
    ("GET", "/health"): Entry(Who.ANYBODY),
    ("GET", "/metrics"): Entry(Who.LOCAL),
    ("GET", "/api/v1/openapi.json"): Entry(Who.LOCAL),
    ("GET", "/api/v1/system"): Entry((Right.SYSTEM_READ,), Reach.MANY),
}

SOCKETS = {"/api/v1/events"}
"""Websockets: their doors have tests of their own."""

RIGHTS: Doors = {**SIGN_IN, **PEOPLE, **PROJECTS, **CAMPAIGNS, **LISTS, **DO_NOT_CALL, **DESK, **RECORDINGS, **SERVICE}


def entries() -> list[tuple[str, str, Entry]]:
    """Every line of the table."""
    lines: list[tuple[str, str, Entry]] = []
    for (method, path), given in RIGHTS.items():
        lines += [(method, path, entry) for entry in (given if isinstance(given, tuple) else (given,))]
    return lines
