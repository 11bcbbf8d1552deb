import asyncio
from datetime import timedelta

from centre import now
from sqlalchemy import select

from campaigns.lists.leads import StoredLeads
from campaigns.lists.models import lead
from desk.calls.models import call
from desk.calls.service import close_lost_calls
from desk.status.models import operator_state
from dialer.facts import (
    AttemptRinging,
    CallConnected,
    CallEnded,
    CallQueued,
    CallStarted,
    CampaignPaced,
    Direction,
    EndedBy,
    LegSound,
    OperatorChanged,
    TrunkChanged,
)
from dialer.shapes import CallId, CampaignId, OperatorId, ProjectId, Reason
from kit import ids


async def placed(centre, count):
    """All events, once the relay has placed `count` of them."""
    async with asyncio.timeout(5), centre.journal.subscribe() as coming:
        if coming.start < count:
            async for item in coming:
                if item.position >= count:
                    break
    return [each.event for each in await centre.journal.read(0)]


async def row_of(centre, call_id):
    async with centre.db.read() as conn:
        return (await conn.execute(select(call).where(call.c.id == call_id))).mappings().one()


async def test_how_a_call_sounded_stands_in_its_row(centre):
    project = await centre.project()
    worker = await centre.worker(project)
    call_id = await centre.talk(await centre.customer(await centre.campaign(project)), worker)
    sound = LegSound(0.0123456, 4.5, None, 3.8, 812.0)

    await centre.record(
        CallEnded(CallId(call_id), ProjectId(project), EndedBy.CUSTOMER, Reason("bye"), 5.0, now(), sound=sound)
    )

    row = await row_of(centre, call_id)
    assert row["quality"] == {"loss": 0.0123, "jitter_ms": 4.5, "round_trip_ms": None, "mos": 3.8}
    assert row["first_voice_ms"] == 812.0


async def test_a_call_from_start_to_end_is_one_row_and_its_events_in_order(centre):
    project = await centre.project()
    worker = await centre.worker(project)
    customer = await centre.customer(await centre.campaign(project))

    call_id = await centre.talk(customer, worker)
    await centre.end(call_id, worker)

    row = await row_of(centre, call_id)
    assert (row["operator"], row["connect_ms"], row["ended_by"]) == (worker.id, 12.5, "customer")
    assert row["end_reason"] == {"code": "bye", "values": {}}
    events = await placed(centre, 5)
    assert [(event.type, event.topic) for event in events] == [
        ("ahize.call.started.v1", f"project:{project}"),
        ("ahize.call.connected.v1", f"operator:{worker.id}"),
        ("ahize.operator.changed.v1", f"operator:{worker.id}"),
        ("ahize.call.ended.v1", f"operator:{worker.id}"),
        ("ahize.operator.changed.v1", f"operator:{worker.id}"),
    ]
    assert {event.project for event in events} == {project}


async def test_neither_rows_nor_events_hold_the_number_in_clear(centre):
    customer = await centre.customer(await centre.campaign(await centre.project()), e164="+905321005042")

    call_id = await centre.start(customer)

    row = await row_of(centre, call_id)
    assert centre.seal.open(row["number_sealed"], "number") == "+905321005042"
    assert "5321005042" not in repr([event.body for event in await placed(centre, 1)])
    assert "5321005042" not in repr({name: value for name, value in row.items() if name != "number_sealed"})


async def test_facts_of_a_call_that_has_ended_change_nothing_and_are_told_to_nobody(centre):
    project = await centre.project()
    worker = await centre.worker(project)
    customer = await centre.customer(await centre.campaign(project))
    call_id = await centre.start(customer)
    await centre.end(call_id)
    told = len(await placed(centre, 2))

    at, mine = now(), (CallId(call_id), ProjectId(project))
    assert await centre.record(
        CallQueued(*mine, 1, at),
        CallConnected(*mine, OperatorId(worker.id), 5.0, at),
        CallEnded(*mine, EndedBy.LINE, Reason("again"), 0.0, at),
        TrunkChanged("pbx", True, Reason("registered"), at),
    )

    events = await placed(centre, told + 1)
    assert [event.type for event in events[told:]] == ["ahize.trunk.changed.v1"]
    row = await row_of(centre, call_id)
    assert (row["operator"], row["queued_at"], row["ended_by"]) == (None, None, "customer")


async def test_an_operators_state_is_the_last_one_told(centre):
    worker = await centre.worker(await centre.project())
    operator, at = OperatorId(worker.id), now()

    await centre.record(
        OperatorChanged(operator, "connecting", None, at),
        OperatorChanged(operator, "not_ready", Reason("break", {"minutes": 5}), at + timedelta(seconds=1)),
    )

    async with centre.db.read() as conn:
        row = (await conn.execute(select(operator_state))).mappings().one()
    assert (row["state"], row["reason"]) == ("not_ready", {"code": "break", "values": {"minutes": 5}})
    assert row["since"] == at + timedelta(seconds=1)


async def test_pacing_and_trunks_have_their_topics(centre):
    project, campaign = ids.new(), ids.new()

    await centre.record(
        CampaignPaced(CampaignId(campaign), ProjectId(project), Reason("no_operator_ready"), now()),
        TrunkChanged("pbx", False, Reason("refused", {"status": 403}), now()),
    )

    paced, trunk = await placed(centre, 2)
    assert (paced.topic, paced.project, paced.body["reason"]["code"]) == (
        f"project:{project}",
        project,
        "no_operator_ready",
    )
    assert (trunk.topic, trunk.project, trunk.body["up"]) == ("system", None, False)


async def test_what_a_stopped_engine_left_open_is_closed_and_told(centre):
    project = await centre.project()
    worker = await centre.worker(project)
    campaign = await centre.campaign(project)
    talking = await centre.talk(await centre.customer(campaign), worker)
    waiting = await centre.start(await centre.customer(campaign, e164="+905321005002"), Direction.IN)
    done = await centre.start(await centre.customer(campaign, e164="+905321005003"))
    await centre.end(done)
    told = len(await placed(centre, 6))

    closed = await centre.db.write(lambda tx: close_lost_calls(tx, now()))

    assert closed == 2
    assert (await row_of(centre, talking))["end_reason"] == {"code": "lost", "values": {}}
    assert (await row_of(centre, done))["end_reason"]["code"] == "bye"
    events = (await placed(centre, told + 3))[told:]
    assert {(event.type, event.subject) for event in events} == {
        ("ahize.call.ended.v1", talking),
        ("ahize.call.ended.v1", waiting),
        ("ahize.operator.changed.v1", worker.id),
    }
    assert await centre.db.write(lambda tx: close_lost_calls(tx, now())) == 0
    async with centre.db.read() as conn:
        assert (await conn.execute(select(operator_state.c.state))).scalar_one() == "offline"


async def test_an_attempt_that_reached_nobody_is_told_and_its_lead_waits(centre):
    project = await centre.project()
    customer = await centre.customer(await centre.campaign(project))
    ringing = await centre.ring(customer)

    assert await centre.record(centre.missed(ringing))

    (told,) = await placed(centre, 1)
    assert (told.type, told.topic, told.subject) == ("ahize.attempt.ended.v1", f"project:{project}", ringing.id)
    assert told.body["outcome"] == "no_answer"
    async with centre.db.read() as conn:
        assert (await conn.execute(select(lead.c.last_outcome))).scalar_one() == "no_answer"


async def test_under_an_overtaken_fence_nothing_is_written(centre):
    project = await centre.project()
    worker = await centre.worker(project)
    customer = await centre.customer(await centre.campaign(project))
    ringing = await centre.ring(customer)
    call_id = await centre.start(customer)
    await StoredLeads(centre.db, centre.seal).take(f"campaign:{customer.campaign}")

    connected = CallConnected(CallId(call_id), ProjectId(project), OperatorId(worker.id), 5.0, now())
    taken = await centre.record(connected, centre.missed(ringing))

    assert not taken
    assert (await row_of(centre, call_id))["connected_at"] is None
    await centre.end(call_id)
    assert [each.type for each in await placed(centre, 2)] == ["ahize.call.started.v1", "ahize.call.ended.v1"]


async def test_a_fact_that_was_committed_unnoticed_may_come_again(centre):
    customer = await centre.customer(await centre.campaign(await centre.project()))
    fact = CallStarted(CallId(ids.new()), Direction.OUT, ProjectId(customer.project), customer.number, now())

    assert await centre.record(fact)
    assert await centre.record(fact, TrunkChanged("pbx", True, Reason("registered"), now()))

    assert [each.type for each in await placed(centre, 2)] == ["ahize.call.started.v1", "ahize.trunk.changed.v1"]


async def test_facts_of_an_attempt_that_were_committed_unnoticed_may_come_again(centre):
    customer = await centre.customer(await centre.campaign(await centre.project()))
    ringing = await centre.ring(customer)
    facts = (AttemptRinging(ringing.id, ringing.fence, 180, ringing.dialog, now()), centre.missed(ringing))

    assert await centre.record(*facts)
    assert await centre.record(*facts, TrunkChanged("pbx", True, Reason("registered"), now()))

    assert [each.type for each in await placed(centre, 2)] == ["ahize.attempt.ended.v1", "ahize.trunk.changed.v1"]
    await StoredLeads(centre.db, centre.seal).take(f"campaign:{customer.campaign}")
    assert not await centre.record(*facts)
