"""`may_dial` with what the database knows, on both stores."""

import pytest
from small_campaign import Setting, later, number_of

from campaigns.rules.gate import Gate
from contacts import sealing
from contacts.dnc import service as dnc
from dialer import shapes
from dialer.outcomes import Outcome


def call(setting: Setting, lead: shapes.Lead, **values) -> shapes.DialRequest:
    named = {"campaign": lead.campaign, "project": lead.project, "lead": lead.id, **values}
    return shapes.DialRequest(shapes.AttemptKind.CALL, named.pop("number", lead.number), "pbx", **named)


async def code(setting: Setting, request: shapes.DialRequest) -> str | None:
    gate = Gate(setting.db, setting.seal, "10[0-9]{2}")
    verdict = await gate.may_dial(request, setting.clock.now())
    return None if verdict.reason is None else verdict.reason.code


@pytest.fixture
async def lead(setting: Setting) -> shapes.Lead:
    await setting.add(number_of(1))
    (taken,) = await setting.reserve()
    return taken


async def bar(setting: Setting, number: str, project: str | None, **values) -> None:
    digest = sealing.number_digest(setting.seal, number)
    sealed = setting.seal.seal(number, sealing.NUMBER)
    named = {"number_sealed": sealed, "number_digest": digest, "source": "test", "at": setting.clock.now()}
    await setting.db.write(lambda tx: dnc.add(tx, project=project, **named, **values))


async def test_a_lead_of_a_running_campaign_may_be_dialed(setting: Setting, lead: shapes.Lead):
    assert await code(setting, call(setting, lead)) is None


async def test_do_not_call_of_the_project_and_of_everywhere(setting: Setting, lead: shapes.Lead):
    await bar(setting, lead.number, await setting.new_project())
    assert await code(setting, call(setting, lead)) is None

    await bar(setting, lead.number, setting.project, until=later(setting.clock, 60))
    assert await code(setting, call(setting, lead)) == "on_do_not_call"
    setting.clock.advance(61)
    assert await code(setting, call(setting, lead)) is None

    await bar(setting, lead.number, None)
    assert await code(setting, call(setting, lead)) == "on_do_not_call"


async def test_a_lead_is_dialed_at_its_own_number_in_its_own_campaign_only(setting: Setting, lead: shapes.Lead):
    other = await setting.new_campaign(setting.project)

    assert await code(setting, call(setting, lead, number=number_of(2))) == "lead_unknown"
    assert await code(setting, call(setting, lead, campaign=other)) == "lead_unknown"
    assert await code(setting, call(setting, lead, campaign="f" * 32)) == "no_campaign"


async def test_a_redirect_is_judged_as_a_call_of_its_lead_to_another_number(setting: Setting, lead: shapes.Lead):
    def sent_on(number: str, redirected_from: str = lead.number) -> shapes.DialRequest:
        return call(setting, lead, number=number, redirected_from=redirected_from)

    assert await code(setting, sent_on(number_of(2))) is None
    assert await code(setting, sent_on(number_of(2), redirected_from=number_of(3))) == "lead_unknown"
    assert await code(setting, sent_on("+881612345678")) == "satellite"
    assert await code(setting, sent_on("+4915112345678")) == "country_not_allowed"
    assert await code(setting, sent_on("05321000002")) == "number_malformed"
    await bar(setting, number_of(2), setting.project)
    assert await code(setting, sent_on(number_of(2))) == "on_do_not_call"


async def test_the_projects_country_is_the_only_one(setting: Setting):
    project = await setting.new_project(country="DE")
    setting.campaign = await setting.new_campaign(project)
    await setting.own()
    await setting.add(number_of(1))
    (taken,) = await setting.reserve()

    assert await code(setting, call(setting, taken)) == "country_not_allowed"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"state": "paused"}, "campaign_not_running"),
        ({"hours": {}}, "never_open"),
        ({"retry": {"max_tries": 0}}, "tries_used"),
    ],
)
async def test_the_campaign_as_it_stands_now_decides(setting: Setting, lead: shapes.Lead, values, expected: str):
    await setting.set_campaign(**values)

    assert await code(setting, call(setting, lead)) == expected


async def test_a_number_rests_in_every_campaign_after_a_lost_call(setting: Setting):
    await setting.add(number_of(1))
    _, start = await setting.begun()
    await setting.end(start, Outcome.LOST)
    setting.campaign = await setting.new_campaign(setting.project)
    await setting.own()
    await setting.add(number_of(1))
    (taken,) = await setting.reserve()

    assert await code(setting, call(setting, taken)) == "number_resting"
    setting.clock.advance(25 + 32)
    assert await code(setting, call(setting, taken)) is None


async def test_a_promise_is_kept_although_the_tries_are_used(setting: Setting, lead: shapes.Lead):
    await setting.set_leads(tries=9, waits_for="callback")

    assert await code(setting, call(setting, lead)) is None

    await setting.leads.release(lead.id, setting.fence, setting.clock.now(), shapes.Reason("outside_hours"))
    (again,) = await setting.reserve()
    assert await code(setting, call(setting, again)) is None


async def test_legs_go_to_extensions_only(setting: Setting):
    leg = shapes.DialRequest(shapes.AttemptKind.LEG, "1001", "pbx")

    assert await code(setting, leg) is None
    assert await code(setting, shapes.DialRequest(shapes.AttemptKind.LEG, number_of(1), "pbx")) == "not_an_extension"
