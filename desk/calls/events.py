"""What the world is told of calls: ids only, personal data is filled in by the reader for its receiver. Pure.

The operator who has the call is the main receiver; before there is one, those who watch the project.
"""

from dataclasses import replace
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


Talk = (
    facts.CallConnected
    | facts.CallEnded
    | facts.CallHeld
    | facts.CallResumed
    | facts.CallTransferred
    | facts.TransferFailed
    | facts.CallMonitored
    | facts.MonitoringEnded
)


def _of_talk(name: str, fact: Talk, **more: object) -> Event:
    """What became of a call that an operator has, or had."""
    return _event(name, fact.call, fact.at, project=fact.project, operator=fact.operator, call=fact.call, **more)


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
    return _of_talk(
        "call.connected",
        fact,
        connect_ms=fact.connect_ms,
    )


def call_ended(fact: facts.CallEnded) -> Event:
    return _of_talk(
        "call.ended",
        fact,
        by=fact.by.value,
        reason=reason_body(fact.reason),
        talk_s=fact.talk_s,
        hold_s=fact.hold_s,
    )


def call_held(fact: facts.CallHeld | facts.CallResumed) -> Event:
    """Held or resumed. `hold_s`: seconds for which operators held the customer so far."""
    resumed = isinstance(fact, facts.CallResumed)
    return _of_talk(
        "call.resumed" if resumed else "call.held",
        fact,
        by=fact.by.value,
        hold_s=fact.hold_s if resumed else None,
    )


def call_transferred(fact: facts.CallTransferred) -> Event:
    return _of_talk(
        "call.transferred",
        fact,
        to=fact.to,
        extension=fact.extension,
    )


def transfer_failed(fact: facts.TransferFailed) -> Event:
    return _of_talk(
        "call.transfer_failed",
        fact,
        extension=fact.extension,
        reason=reason_body(fact.reason),
    )


def call_monitored(fact: facts.CallMonitored, *, shown: bool) -> Event:
    """`shown`: the operator is told too, not only those who watch the project."""
    event = _of_talk(
        "call.monitored",
        fact,
        supervisor=fact.supervisor,
        mode=fact.mode.value,
    )
    return event if shown else replace(event, topic=topic_of(fact.project, None))


def monitoring_ended(fact: facts.MonitoringEnded, *, shown: bool) -> Event:
    """`from`: when the listening began; without it, it never did."""
    event = _of_talk(
        "call.monitoring_ended",
        fact,
        supervisor=fact.supervisor,
        reason=reason_body(fact.reason),
        **{"from": None if fact.began_at is None else fact.began_at.isoformat()},
    )
    return event if shown and fact.began_at is not None else replace(event, topic=topic_of(fact.project, None))


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
