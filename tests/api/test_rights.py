"""Every door × every role × own and foreign project (T16). The table is `rights.py`."""

from collections.abc import Iterator
from typing import Any

import httpx
from centre_of_two import ROLES, Centre
from doors import ORIGIN, OURS
from fastapi import FastAPI
from rights import RIGHTS, SOCKETS, Entry, Reach, Things, Who, entries

from api.app import declared
from identity.access import Public, Right
from identity.roles.rights import ROLE_RIGHTS, Role


def test_every_route_stands_in_the_table(app: FastAPI):
    built = {(method, path) for methods, path, _ in declared(app) for method in methods.split(",")}
    sockets = {path for method, path in built if method == "WEBSOCKET"}
    routes = {(method, path) for method, path in built if method not in ("WEBSOCKET", "HEAD")}

    missing = sorted(routes - set(RIGHTS))
    gone = sorted(set(RIGHTS) - routes)
    assert not missing, f"write an entry into tests/api/rights.py for: {missing}"
    assert not gone, f"tests/api/rights.py has entries for routes that are no more: {gone}"
    assert sockets == SOCKETS


def test_every_route_declares_what_the_table_says(app: FastAPI):
    guards = {(method, path): guard for methods, path, guard in declared(app) for method in methods.split(",")}

    for method, path, entry in entries():
        guard = guards[method, path]
        if entry.needs is Who.ANYBODY:
            assert isinstance(guard, Public), (method, path)
        elif isinstance(entry.needs, tuple):
            assert getattr(guard, "rights", None) == entry.needs, (method, path)
        else:
            assert not isinstance(guard, Public), (method, path)


async def test_nobody_gets_further_than_the_table_says(centre: Centre):
    wrong: list[str] = []

    for method, path, entry in entries():
        everybody = ("anonymous", "nobody", "key", *ROLES)
        for together in (everybody,) if method == "GET" else zip(everybody, strict=True):
            async with centre.fresh():
                for who in together:
                    wrong += await tried(centre, who, method, path, entry)

    assert not wrong, f"{len(wrong)} wrong answers:\n" + "\n".join(wrong[:40])


async def tried(centre: Centre, who: str, method: str, path: str, entry: Entry) -> list[str]:
    wrong: list[str] = []
    for side, things in sides(centre, entry):
        answer = await ask(centre, who, method, path, entry, things)
        wrong += judged(centre, who, entry, side, answer, f"{method} {path} as {who}, {side}")
    return wrong


def sides(centre: Centre, entry: Entry) -> list[tuple[str, Things]]:
    """The foreign side first: it must change nothing."""
    own = ("own", centre.here)
    return [("foreign", centre.there), own] if entry.reach is Reach.ONE else [own]


async def ask(centre: Centre, who: str, method: str, path: str, entry: Entry, things: Things) -> httpx.Response:
    filled = path.format(**{name: getattr(things, thing) for name, thing in entry.path.items()})
    headers = {**OURS, **entry.headers}
    cookies: dict[str, str] = {}
    if who == "key":
        headers["authorization"] = f"Bearer {centre.key}"
    elif who != "anonymous":
        cookies["ahize_session"] = centre.cookies[who]
    body: dict[str, Any] = dict(entry.form(things)) if entry.form else {}
    if entry.json is not None:
        body["json"] = entry.json(things)
    transport = httpx.ASGITransport(app=centre.app)
    query = entry.query(things) if entry.query else None
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers, cookies=cookies) as asking:
        return await asking.request(method, filled, params=query, **body)


def judged(centre: Centre, who: str, entry: Entry, side: str, answer: httpx.Response, door: str) -> Iterator[str]:
    """What is wrong with this answer: nothing, or one line."""
    expected = codes(who, entry, side)
    if answer.status_code not in expected:
        yield f"{door}: {answer.status_code}, expected {sorted(expected)}: {answer.text[:160]}"
    if answer.status_code >= 400 and answer.headers["content-type"] != "application/problem+json":
        yield f"{door}: {answer.status_code} is no problem document"
    foreign = [thing for thing in centre.there.ids() if thing in answer.text]
    if foreign and who != Role.ADMINISTRATOR and answer.status_code < 400:
        yield f"{door}: shows {len(foreign)} foreign things"


def codes(who: str, entry: Entry, side: str) -> frozenset[int]:
    """The answers that the table allows for this cell."""
    if entry.needs is Who.ANYBODY:
        return frozenset({200, 401, 410})
    if who == "anonymous":
        return frozenset({401})
    if entry.needs is Who.SIGNED_IN:
        return entry.ok if who != "key" else entry.ok | {401, 403}
    if not rights_of(who) & needed(entry):
        return frozenset({403})
    return _of_holder(who, entry, side)


def _of_holder(who: str, entry: Entry, side: str) -> frozenset[int]:
    if who == Role.ADMINISTRATOR or entry.reach in (Reach.MANY, Reach.OWN):
        return entry.ok
    if side == "foreign" or entry.reach is Reach.ALL:
        return frozenset({404})
    return frozenset({entry.own[Role(who)]}) if who != "key" and Role(who) in entry.own else entry.ok


def needed(entry: Entry) -> frozenset[Right]:
    return frozenset(entry.needs) if isinstance(entry.needs, tuple) else frozenset({Right.METRICS_READ})


def rights_of(who: str) -> frozenset[Right]:
    if who == "key":
        return frozenset({Right.CAMPAIGNS_READ})
    return frozenset() if who in ("nobody", "anonymous") else ROLE_RIGHTS[Role(who)]
