"""What the store says of the past: the abandonment window, estimates, callers, qualifications."""

import pytest
from small_campaign import Setting, dialog, number_of
from sqlalchemy import insert

from campaigns.lists import attempts
from campaigns.lists.callers import StoredCallers
from campaigns.lists.history import StoredHistory, StoredLedger
from campaigns.projects.qualified import StoredQualifications
from dialer import facts, shapes
from dialer.outcomes import Outcome
from identity.roles.models import membership
from identity.users.models import user
from kit import ids

DAY_S = 86_400


async def test_the_window_counts_live_answers_and_forgets(setting: Setting):
    await setting.add(*(number_of(i) for i in range(6)))
    await setting.run(Outcome.ABANDONED)
    setting.clock.advance(20 * DAY_S)
    for outcome in (Outcome.CONNECTED, Outcome.HUNG_UP_EARLY, Outcome.ABANDONED, Outcome.BUSY, Outcome.LOST):
        await setting.run(outcome)
    ledger = StoredLedger(setting.db)

    assert await ledger.counts(setting.campaign, setting.clock.now()) == shapes.BudgetCounts(live=4, abandoned=2)
    setting.clock.advance(11 * DAY_S)
    assert await ledger.counts(setting.campaign, setting.clock.now()) == shapes.BudgetCounts(live=3, abandoned=1)


async def test_estimates_come_from_recent_attempts(setting: Setting):
    await setting.add(*(number_of(i) for i in range(4)))
    await setting.run(Outcome.BUSY)
    await setting.run(Outcome.TRUNK_BUSY)
    taken, start = await setting.begun()
    setting.clock.advance(8)
    fact = facts.AttemptAnswered(start.id, setting.fence, dialog(taken.number), setting.clock.now())
    await setting.db.write(lambda tx: attempts.apply_attempt_answered(tx, setting.seal, fact))
    setting.clock.advance(90)
    await setting.end(start, Outcome.CONNECTED)
    history = StoredHistory(setting.db)

    found = await history.estimates(setting.campaign, setting.clock.now())

    assert found == shapes.Estimates(dialed=2, live=1, talk_s=90.0, wrap_up_s=None, ring_s=8.0)
    setting.clock.advance(DAY_S)
    assert (await history.estimates(setting.campaign, setting.clock.now())).dialed == 0


@pytest.mark.parametrize("shown", ["+905320000001", "05320000001", "5320000001", "00905320000001"])
async def test_a_returned_call_finds_person_lead_and_campaign(setting: Setting, shown: str):
    project = await setting.new_project(inbound_numbers=["+902121000000"], greeting="welcome")
    setting.campaign = await setting.new_campaign(project)
    await setting.own()
    await setting.add(number_of(1))
    taken = await setting.run(Outcome.NO_ANSWER)

    found = await StoredCallers(setting.db, setting.seal).identify(shown, "902121000000")

    assert found == shapes.Caller(
        project, taken.person, setting.campaign, taken.id, "welcome", number="+905320000001"
    ), "as lists and the do-not-call list write it, so that what is said in the call holds for the number"


@pytest.mark.parametrize(
    ("incoming", "campaigns", "notice", "expected"),
    [
        (False, False, "recorded", (False, None)),
        (True, False, "recorded", (True, "recorded")),
        (True, False, None, (True, None)),
        (False, True, "our-notice", (True, "our-notice")),
    ],
)
async def test_a_caller_is_recorded_where_the_project_or_the_matched_campaign_says_so(
    setting: Setting, incoming: bool, campaigns: bool, notice: str | None, expected: tuple[bool, str | None]
):
    project = await setting.new_project(inbound_numbers=["7000"], record_incoming=incoming, record_notice=notice)
    setting.campaign = await setting.new_campaign(project, record=campaigns)
    await setting.own()
    await setting.add(number_of(1))
    await setting.run(Outcome.NO_ANSWER)
    callers = StoredCallers(setting.db, setting.seal)

    known = await callers.identify(number_of(1), "7000")
    stranger = await callers.identify(number_of(2), "7000")

    assert (known.record, known.notice) == expected
    assert stranger.record is incoming


async def test_the_campaign_that_dialed_last_is_the_one_called_back(setting: Setting):
    project = await setting.new_project(inbound_numbers=["7000"])
    dialed = setting.campaign = await setting.new_campaign(project)
    await setting.own()
    await setting.add(number_of(1))
    await setting.run(Outcome.NO_ANSWER)
    await setting.add(number_of(1), to=await setting.new_campaign(project))

    found = await StoredCallers(setting.db, setting.seal).identify(number_of(1), "7000")

    assert found.campaign == dialed


@pytest.mark.parametrize("shown", [None, "anonymous", "+905329999999", "<script>"])
async def test_a_stranger_has_the_project_of_the_number_called(setting: Setting, shown: str | None):
    project = await setting.new_project(inbound_numbers=["7000"])
    callers = StoredCallers(setting.db, setting.seal)

    known = shown if shown == "+905329999999" else None
    assert await callers.identify(shown, "7000") == shapes.Caller(project, number=known)
    assert await callers.identify(shown, "7001") == shapes.Caller(None)


async def test_a_person_of_another_project_is_a_stranger(setting: Setting):
    await setting.add(number_of(1))
    project = await setting.new_project(inbound_numbers=["7000"])

    found = await StoredCallers(setting.db, setting.seal).identify(number_of(1), "7000")
    assert found == shapes.Caller(project, number=number_of(1))


@pytest.mark.parametrize(
    ("role", "wide", "expected"),
    [("operator", False, 1), ("operator", True, 2), ("supervisor", False, 1), ("manager", True, 0)],
)
async def test_calls_are_given_to_those_who_work_in_the_project(setting: Setting, role: str, wide: bool, expected: int):
    await setting.new_project()
    person = ids.new()

    async def work(tx):
        at = setting.clock.now()
        await tx.conn.execute(insert(user).values(id=person, login="a", name="A", locale="tr", created_at=at))
        project = None if wide else setting.project
        await tx.conn.execute(insert(membership).values(id=ids.new(), user=person, project=project, role=role))

    await setting.db.write(work)

    assert len(await StoredQualifications(setting.db).projects(person)) == expected
