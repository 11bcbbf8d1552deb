"""What the world is told of calls: ids only, personal data is filled in by the reader for its receiver. Pure.

The operator who has the call is the main receiver; before there is one, those who watch the project.
"""

from datetime import datetime

from dialer import facts, shapes
from kit import ids
from kit.journal import Event

SYSTEM = "system"


def topic_of(project: str | None, operator: str | None) -> str:
    """The main receiver of an event."""
    if operator is not None:
        return f"operator:{operator}"
    return SYSTEM if project is None else f"project:{project}"


def reason_body(reason: shapes.Reason | None) -> dict[str, object] | None:
    return None if reason is None else {"code": reason.code, "values": dict(reason.values)}


def _event(
    name: str,
    subject: str,
    at: datetime,
    /,
    project: str | None = None,
    operator: str | None = None,
    **more: object,
) -> Event:
    body = {"project": project, "operator": operator, **more}
    known = {key: value for key, value in body.items() if value is not None}
    topic = topic_of(project, operator)
    return Event(ids.new(), project, topic, subject, f"ahize.{name}.v1", at, known)


def call_started(fact: facts.CallStarted) -> Event:
    return _event(
        "call.started",
        fact.call,
        fact.at,
        project=fact.project,
        call=fact.call,
        direction=fact.direction.value,
        campaign=fact.campaign,
        lead=fact.lead,
        person=fact.person,
        attempt=fact.attempt,
    )


def call_queued(fact: facts.CallQueued) -> Event:
    return _event("call.queued", fact.call, fact.at, project=fact.project, call=fact.call, place=fact.place)


def call_connected(fact: facts.CallConnected) -> Event:
    return _event(
        "call.connected",
        fact.call,
        fact.at,
        project=fact.project,
        operator=fact.operator,
        call=fact.call,
        connect_ms=fact.connect_ms,
    )


def call_ended(fact: facts.CallEnded) -> Event:
    return _event(
        "call.ended",
        fact.call,
        fact.at,
        project=fact.project,
        operator=fact.operator,
        call=fact.call,
        by=fact.by.value,
        reason=reason_body(fact.reason),
        talk_s=fact.talk_s,
    )


def call_disposed(
    call: str, project: str, operator: str | None, disposition: str, by: str, callback_at: datetime | None, at: datetime
) -> Event:
    return _event(
        "call.disposed",
        call,
        at,
        project=project,
        operator=operator,
        call=call,
        disposition=disposition,
        by=by,
        callback_at=None if callback_at is None else callback_at.isoformat(),
    )


def attempt_ended(fact: facts.AttemptEnded) -> Event:
    return _event(
        "attempt.ended",
        fact.attempt,
        fact.at,
        project=fact.project,
        attempt=fact.attempt,
        campaign=fact.campaign,
        lead=fact.lead,
        outcome=fact.outcome.value,
        status=fact.status,
        ring_s=fact.ring_s,
        talk_s=fact.talk_s,
    )


def operator_changed(fact: facts.OperatorChanged, project: str | None) -> Event:
    """`project`: that of the call the operator has, if any: those who watch it see the change too."""
    return _event(
        "operator.changed",
        fact.operator,
        fact.at,
        project=project,
        operator=fact.operator,
        state=fact.state,
        reason=reason_body(fact.reason),
        call=fact.call,
        until=None if fact.until is None else fact.until.isoformat(),
    )


def campaign_paced(fact: facts.CampaignPaced) -> Event:
    return _event(
        "campaign.paced",
        fact.campaign,
        fact.at,
        project=fact.project,
        campaign=fact.campaign,
        reason=reason_body(fact.reason),
    )


def trunk_changed(fact: facts.TrunkChanged) -> Event:
    return _event("trunk.changed", fact.trunk, fact.at, trunk=fact.trunk, up=fact.up, reason=reason_body(fact.reason))
