"""Leads and attempts under a fence, on both stores."""

import asyncio
from dataclasses import replace

import pytest
from small_campaign import Setting, dialog, later, number_of

from campaigns.lists import attempts
from campaigns.lists.leads import StoredLeads, apply_disposition, reopen_outside_hours
from dialer import facts, shapes
from dialer.outcomes import Outcome
from kit.db import Database


async def numbers(setting: Setting, n: int = 10) -> list[str]:
    return [lead.number for lead in await setting.reserve(n)]


async def test_the_most_urgent_leads_come_first_and_only_those_that_are_due(setting: Setting):
    await setting.add(*(number_of(i) for i in range(4)))
    await setting.add(number_of(9))
    await setting.set_leads(number_of(1), next_at=later(setting.clock, 60))
    await setting.set_leads(number_of(2), next_at=later(setting.clock, -60))
    await setting.set_leads(number_of(9), priority=7)

    found = await numbers(setting)

    assert found[:2] == [number_of(9), number_of(2)]
    assert set(found[2:]) == {number_of(0), number_of(3)}


async def test_a_reserved_lead_is_not_given_twice(setting: Setting):
    await setting.add(number_of(1), number_of(2))

    assert len(await setting.reserve(1)) == 1
    assert len(await setting.reserve(5)) == 1
    assert await setting.reserve(5) == []


async def test_leads_of_a_list_that_is_still_imported_are_not_there(setting: Setting):
    await setting.add(number_of(1), state="writing")

    counts = await setting.leads.waiting(setting.campaign, setting.clock.now())

    assert await setting.reserve() == []
    assert (counts.callable, counts.later) == (0, 0)


async def test_waiting_counts_what_is_due_and_what_comes_when(setting: Setting):
    await setting.add(*(number_of(i) for i in range(3)))
    await setting.set_leads(number_of(1), next_at=later(setting.clock, 90))
    await setting.set_leads(number_of(2), next_at=later(setting.clock, 30))

    counts = await setting.leads.waiting(setting.campaign, setting.clock.now())

    assert (counts.callable, counts.later) == (1, 2)
    assert counts.next_at == later(setting.clock, 30)


async def test_a_released_lead_waits_until_its_moment(setting: Setting):
    await setting.add(number_of(1))
    (taken,) = await setting.reserve()

    await setting.leads.release(taken.id, setting.fence, later(setting.clock, 60), shapes.Reason("outside_hours"))

    assert await setting.reserve() == []
    setting.clock.advance(61)
    assert [lead.id for lead in await setting.reserve()] == [taken.id]


@pytest.mark.parametrize(("code", "state"), [("on_do_not_call", "dnc"), ("country_not_allowed", "done")])
async def test_a_lead_refused_for_good_is_closed_with_its_reason(setting: Setting, code: str, state: str):
    await setting.add(number_of(1))
    (taken,) = await setting.reserve()

    await setting.leads.release(taken.id, setting.fence, None, shapes.Reason(code))

    row = await setting.lead(taken.id)
    assert (row.state, row.waits_for) == (state, code)
    assert await setting.reserve() == []


async def test_a_lead_given_back_without_reason_is_as_before(setting: Setting):
    await setting.add(number_of(1))
    (taken,) = await setting.reserve()

    await setting.leads.release(taken.id, setting.fence, None, None)

    assert [lead.id for lead in await setting.reserve()] == [taken.id]


async def test_an_attempt_is_stored_with_all_that_ends_its_dialog(setting: Setting):
    await setting.add(number_of(1))
    taken, start = await setting.begun()
    ringing = dialog(taken.number, to_tag="their-tag", remote_target="sip:x@10.0.0.9", route_set=("<sip:p;lr>",))
    fact = facts.AttemptRinging(start.id, setting.fence, 180, ringing, setting.clock.now())

    assert await setting.db.write(lambda tx: attempts.apply_attempt_ringing(tx, setting.seal, fact))

    (lost,) = await setting.leads.unfinished()
    assert lost.dialog == ringing
    assert (lost.answered, lost.lead, lost.fence) == (False, taken.id, setting.fence)


async def test_an_answered_attempt_is_known_as_answered(setting: Setting):
    await setting.add(number_of(1))
    taken, start = await setting.begun()
    fact = facts.AttemptAnswered(start.id, setting.fence, dialog(taken.number, to_tag="t"), setting.clock.now())

    assert await setting.db.write(lambda tx: attempts.apply_attempt_answered(tx, setting.seal, fact))

    (lost,) = await setting.leads.unfinished()
    assert lost.answered


async def test_a_number_has_one_live_attempt_in_all_campaigns(setting: Setting):
    await setting.add(number_of(1))
    await setting.begun()
    other = Setting(setting.db, setting.seal, setting.clock, setting.project)
    other.campaign = await other.new_campaign(setting.project)
    await other.own()
    await other.add(number_of(1))
    (taken,) = await other.reserve()

    assert not await other.leads.begin(other.start(taken))

    assert (await other.lead(taken.id)).state == "reserved"
    assert len(await setting.leads.unfinished()) == 1


async def test_an_attempt_that_keeps_its_lead_is_followed_by_another_at_once(setting: Setting):
    await setting.add(number_of(1))
    taken, start = await setting.begun()
    before = await setting.lead(taken.id)
    over = facts.AttemptEnded(
        *(start.id, setting.fence, start.kind, Outcome.TRUNK_BUSY, 503, 0.1, 0.0, setting.clock.now()),
        keeps_lead=True,
    )

    assert await setting.db.write(lambda tx: attempts.apply_attempt_ended(tx, over))

    row = await setting.lead(taken.id)
    assert (row.state, row.tries, row.next_at, row.last_outcome) == ("reserved", 0, before.next_at, "trunk_busy")
    assert await setting.reserve() == [], "nobody else gets it meanwhile"
    assert await setting.leads.begin(setting.start(replace(taken, tries=taken.tries + 1)))
    assert (await setting.lead(taken.id)).state == "dialing"


async def test_a_kept_lead_is_given_back_or_free_again_under_the_next_owner(setting: Setting):
    await setting.add(number_of(1))
    for _ in range(2):
        taken, start = await setting.begun()
        over = facts.AttemptEnded(
            *(start.id, setting.fence, start.kind, Outcome.NO_TRUNK, 0, 0.1, 0.0, setting.clock.now()),
            keeps_lead=True,
        )
        await setting.db.write(lambda tx, over=over: attempts.apply_attempt_ended(tx, over))
        if start.no == 1:
            await setting.leads.release(taken.id, setting.fence, None, None)
        else:
            await setting.own()

    (again,) = await setting.reserve()
    assert again.tries == 2


async def test_an_attempt_number_is_used_once(setting: Setting):
    await setting.add(number_of(1))
    taken, start = await setting.begun()

    assert not await setting.leads.begin(setting.start(taken))
    assert await setting.end(start, Outcome.TRUNK_BUSY)
    setting.clock.advance(61)

    (again,) = await setting.reserve()
    assert again.tries == 1
    assert await setting.leads.begin(setting.start(again))


async def test_a_lead_that_was_not_reserved_is_not_begun(setting: Setting):
    await setting.add(number_of(1))
    (taken,) = await setting.reserve()
    await setting.leads.release(taken.id, setting.fence, None, None)

    assert not await setting.leads.begin(setting.start(taken))


async def test_a_leg_needs_no_lead_but_the_engines_fence(setting: Setting):
    fence = await setting.leads.take("engine")
    leg = shapes.AttemptStart(
        shapes.AttemptId("a" * 32), shapes.AttemptKind.LEG, "1001", "pbx", dialog("1001"), fence, setting.clock.now()
    )

    assert await setting.leads.begin(leg)

    assert await setting.end(leg, Outcome.CONNECTED)
    assert await setting.leads.unfinished() == []


# ---------------------------------------------------------------- two engines


@pytest.fixture
async def newer(setting: Setting, store_url: str):
    """A second engine with a database connection of its own."""
    other = Database(store_url)
    await other.open()
    yield StoredLeads(other, setting.seal, setting.clock)
    await other.close()


async def test_the_older_fence_changes_nothing(setting: Setting, newer: StoredLeads):
    await setting.add(number_of(1), number_of(2))
    _, start = await setting.begun()
    (reserved,) = await setting.reserve()

    fence = await newer.take(f"campaign:{setting.campaign}")

    assert fence == setting.fence + 1
    assert await setting.reserve() == []
    assert not await setting.leads.begin(setting.start(reserved))
    assert not await setting.end(start, Outcome.BUSY)
    ringing = facts.AttemptRinging(start.id, setting.fence, 180, start.dialog, setting.clock.now())
    assert not await setting.db.write(lambda tx: attempts.apply_attempt_ringing(tx, setting.seal, ringing))
    await setting.leads.release(reserved.id, setting.fence, later(setting.clock, 999), None)
    assert (await setting.attempt(start.id)).state == "dialing"
    row = await setting.lead(reserved.id)
    assert (row.state, row.next_at <= setting.clock.now()) == ("open", True)


async def test_the_new_owner_ends_what_was_alive_and_takes_what_was_reserved(setting: Setting, newer: StoredLeads):
    await setting.add(number_of(1), number_of(2))
    _, start = await setting.begun()
    (reserved,) = await setting.reserve()

    fence = await newer.take(f"campaign:{setting.campaign}")
    (lost,) = await newer.unfinished()

    assert (lost.id, lost.fence) == (start.id, fence)
    assert await setting.end(start, Outcome.LOST, fence)
    found = await newer.reserve(setting.campaign, 5, fence, setting.clock.now())
    assert [lead.id for lead in found] == [reserved.id]


async def test_two_engines_that_begin_at_once_dial_a_number_once(setting: Setting, newer: StoredLeads):
    for i in range(10):
        await setting.add(number_of(i))
    taken = await setting.reserve(10)
    starts = [setting.start(each) for each in taken]

    await asyncio.gather(*(setting.leads.begin(start) for start in starts[:5]))
    fence, *begun = await asyncio.gather(
        newer.take(f"campaign:{setting.campaign}"), *(setting.leads.begin(start) for start in starts[5:])
    )

    live = {lost.id for lost in await newer.unfinished()}
    assert live == {s.id for s in starts[:5]} | {s.id for s, ok in zip(starts[5:], begun, strict=True) if ok}
    reserved = await newer.reserve(setting.campaign, 10, fence, setting.clock.now())
    assert len(reserved) == 10 - len(live)


# ---------------------------------------------------------------- what becomes of a lead


async def test_busy_is_tried_again_after_its_delay_and_not_for_ever(setting: Setting):
    await setting.add(number_of(1))

    taken = await setting.run(Outcome.BUSY)
    first = await setting.lead(taken.id)
    setting.clock.advance(601)
    await setting.run(Outcome.BUSY)

    assert (first.state, first.waits_for, first.next_at) == ("open", "busy", later(setting.clock, -2))
    last = await setting.lead(taken.id)
    assert (last.state, last.tries, last.attempts) == ("done", 2, 2)


async def test_a_fault_of_the_trunk_costs_no_try(setting: Setting):
    await setting.add(number_of(1))

    for _ in range(5):
        taken = await setting.run(Outcome.TRUNK_BUSY)
        setting.clock.advance(61)

    row = await setting.lead(taken.id)
    assert (row.state, row.tries, row.attempts) == ("open", 0, 5)


async def test_a_lost_attempt_counts_and_its_number_rests_while_it_may_ring(setting: Setting):
    await setting.add(number_of(1))
    await setting.set_campaign(ring_s=20.0)

    taken, start = await setting.begun()
    assert await setting.end(start, Outcome.LOST)

    row = await setting.lead(taken.id)
    assert (row.tries, row.next_at) == (1, later(setting.clock, 52))
    assert (await setting.attempt(start.id)).rests_until == later(setting.clock, 52)


async def test_an_attempt_ends_once(setting: Setting):
    await setting.add(number_of(1))
    taken, start = await setting.begun()

    assert await setting.end(start, Outcome.BUSY)
    assert not await setting.end(start, Outcome.NO_ANSWER)

    assert (await setting.lead(taken.id)).tries == 1


def sent_on(setting: Setting, taken: shapes.Lead, first: shapes.AttemptStart, number: str) -> shapes.AttemptStart:
    return replace(setting.start(taken), number=number, dialog=dialog(number), no=taken.tries + 2, follows=first.id)


async def test_a_redirected_attempt_ends_as_the_next_one_begins_and_the_lead_stays_taken(setting: Setting):
    await setting.add(number_of(1))
    taken, first = await setting.begun()

    second = sent_on(setting, taken, first, number_of(9))
    assert await setting.leads.begin(second)

    ended, live = await setting.attempt(first.id), await setting.attempt(second.id)
    assert (ended.state, ended.outcome, ended.status, ended.ended_at) == ("ended", "redirected", 302, second.at)
    assert (live.state, live.no, live.lead) == ("dialing", 2, taken.id)
    assert live.number_digest != ended.number_digest
    row = await setting.lead(taken.id)
    assert (row.state, row.attempts, row.tries) == ("dialing", 2, 0)
    assert await setting.end(second, Outcome.BUSY)
    assert (await setting.lead(taken.id)).tries == 1


async def test_an_attempt_that_is_over_is_sent_on_nowhere(setting: Setting):
    await setting.add(number_of(1))
    taken, first = await setting.begun()
    await setting.end(first, Outcome.BUSY)

    assert not await setting.leads.begin(sent_on(setting, taken, first, number_of(9)))

    assert (await setting.attempt(first.id)).outcome == "busy"
    assert await setting.leads.unfinished() == []


async def test_a_redirect_to_a_number_that_is_being_dialed_is_not_begun_and_changes_nothing(setting: Setting):
    await setting.add(number_of(1), number_of(2))
    taken, first = await setting.begun()
    await setting.begun()

    assert not await setting.leads.begin(sent_on(setting, taken, first, number_of(2)))

    assert (await setting.attempt(first.id)).state == "dialing"


async def disposed(setting: Setting, lead: str, code: str, callback_at=None) -> None:
    from campaigns.dispositions import service

    async def work(tx):
        disposition = await service.get(tx.conn, setting.project, code)
        assert disposition is not None
        await apply_disposition(tx, lead, disposition, callback_at, setting.clock.now())

    await setting.db.write(work)


async def test_a_connected_lead_is_done_until_its_disposition_says_otherwise(setting: Setting):
    await setting.add(number_of(1))
    taken = await setting.run(Outcome.CONNECTED)
    assert (await setting.lead(taken.id)).state == "done"

    await disposed(setting, taken.id, "callback", later(setting.clock, 3600))

    row = await setting.lead(taken.id)
    assert (row.state, row.next_at, row.last_disposition) == ("open", later(setting.clock, 3600), "callback")
    assert row.priority > 0


async def test_a_disposition_given_during_the_call_outlives_its_end(setting: Setting):
    await setting.add(number_of(1))
    taken, start = await setting.begun()

    await disposed(setting, taken.id, "undecided")
    assert await setting.end(start, Outcome.CONNECTED)

    row = await setting.lead(taken.id)
    assert (row.state, row.next_at, row.last_outcome) == ("open", later(setting.clock, 86400), "connected")


@pytest.mark.parametrize(("code", "state"), [("do_not_call", "dnc"), ("wrong_number", "done"), ("success", "done")])
async def test_dispositions_close_a_lead(setting: Setting, code: str, state: str):
    await setting.add(number_of(1))
    taken = await setting.run(Outcome.CONNECTED)

    await disposed(setting, taken.id, code)

    assert (await setting.lead(taken.id)).state == state


async def test_new_hours_wake_those_who_waited_for_the_old_ones(setting: Setting):
    await setting.add(number_of(1), number_of(2))
    await setting.set_leads(number_of(1), next_at=later(setting.clock, 9999), waits_for="outside_hours")
    await setting.set_leads(number_of(2), next_at=later(setting.clock, 9999), waits_for="callback")

    await reopen_outside_hours(setting.db, setting.campaign, setting.clock.now())

    assert await numbers(setting) == [number_of(1)]
