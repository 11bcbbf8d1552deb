import dataclasses
import json
from datetime import timedelta

import pytest
from centre import Customer, now
from sqlalchemy import event as hooks

from desk.calls import pop
from dialer.facts import Direction
from dialer.outcomes import Outcome


@pytest.fixture
async def project(centre):
    return await centre.project("Enerji")


@pytest.fixture
async def worker(centre, project):
    return await centre.worker(project, name="Ayşe Demir")


async def popped(centre, call_id, worker):
    async with centre.db.read() as conn:
        return await pop.build(conn, centre.seal, call_id, worker.name, now())


async def test_a_cold_call_shows_who_why_what_to_say_and_the_results(centre, project, worker):
    campaign = await centre.campaign(project, "cold")
    customer = await centre.customer(campaign, "Fatma Kaya", "+905321005001", borç="420")

    shown = await popped(centre, await centre.talk(customer, worker), worker)

    assert shown["person"] == {
        "id": customer.person,
        "name": "Fatma Kaya",
        "number_masked": "+90 532 ••• •• 01",
        "local_time_zone": "Europe/Istanbul",
        "fields": {"borç": "420"},
    }
    assert shown["script"] == "Merhaba Fatma Kaya, ben Ayşe Demir. Borcunuz 420 lira."
    assert (shown["why"]["code"], shown["why"]["text"]) == ("cold_first", {"tr": "İlk temas", "en": "First contact"})
    assert shown["campaign"] == {"id": campaign, "name": "Kampanya cold", "temperature": "cold"}
    assert (shown["history"], shown["direction"]) == ([], "out")
    assert [result["key"] for result in shown["dispositions"]] == list("12345678")
    assert shown["dispositions"][1]["needs_reason"]
    assert "5321005001" not in json.dumps(shown)


async def test_history_is_the_persons_own_in_this_project_newest_first(centre, project, worker, ask):
    campaign = await centre.campaign(project, "warm")
    customer = await centre.customer(campaign)
    first = await centre.talk(customer, worker)
    await ask(worker, "POST", f"/calls/{first}/disposition", {"code": "undecided", "note": "akşam arayın"})
    await centre.end(first, worker)
    await centre.end(await centre.start(customer))
    await centre.talk(await centre.customer(campaign, e164="+905321005002"), worker)

    shown = await popped(centre, await centre.talk(customer, worker), worker)

    assert [(entry["outcome"], entry["disposition"], entry.get("note")) for entry in shown["history"]] == [
        ("abandoned", None, None),
        ("connected", "undecided", "akşam arayın"),
    ]
    assert shown["why"]["code"] == "warm_last"
    assert shown["why"]["text"]["tr"].endswith(": Düşünecek")


async def test_a_promised_call_back_comes_first(centre, project, worker, ask):
    customer = await centre.customer(await centre.campaign(project, "hot"))
    first = await centre.talk(customer, worker)
    promised = (now() + timedelta(hours=2)).isoformat()
    await ask(worker, "POST", f"/calls/{first}/disposition", {"code": "callback", "callback_at": promised})

    shown = await popped(centre, await centre.talk(customer, worker), worker)

    assert shown["why"]["code"] == "callback_promised"
    assert shown["why"]["values"]["promised_at"] == promised


async def test_a_hot_lead_left_details_when_its_list_came(centre, project, worker):
    customer = await centre.customer(await centre.campaign(project, "hot"))

    shown = await popped(centre, await centre.talk(customer, worker), worker)

    assert shown["why"]["code"] == "hot_details"
    assert shown["why"]["text"]["en"].startswith("Left details today")


async def test_an_unknown_caller_without_number_is_shown_as_such(centre, project, worker):
    stranger = Customer(project, None, None, None, None)

    shown = await popped(centre, await centre.talk(stranger, worker, Direction.IN), worker)

    assert (shown["why"]["code"], shown["campaign"], shown["script"]) == ("unknown_caller", None, "")
    assert shown["person"] == {
        "id": None,
        "name": None,
        "number_masked": None,
        "local_time_zone": "Europe/Istanbul",
        "fields": {},
    }


async def test_a_returned_missed_call_says_so(centre, project, worker):
    customer = await centre.customer(await centre.campaign(project))
    ringing = await centre.ring(customer)
    await centre.record(centre.missed(ringing))

    shown = await popped(centre, await centre.talk(customer, worker, Direction.IN), worker)

    assert shown["why"]["code"] == "returned_missed_call"
    assert [entry["outcome"] for entry in shown["history"]] == ["no_answer"]
    assert shown["why"]["values"] == {"at": shown["history"][0]["at"]}


async def test_a_call_whose_attempt_is_known_stands_once_in_history(centre, project, worker):
    customer = await centre.customer(await centre.campaign(project))
    ringing = await centre.ring(customer)
    first = await centre.start(customer, attempt=ringing.id)
    await centre.record(dataclasses.replace(centre.missed(ringing), outcome=Outcome.HUNG_UP_EARLY))
    await centre.end(first)

    shown = await popped(centre, await centre.talk(customer, worker), worker)

    assert [entry["outcome"] for entry in shown["history"]] == ["hung_up_early"]


async def test_a_pop_takes_at_most_six_queries(centre, project, worker):
    call_id = await centre.talk(await centre.customer(await centre.campaign(project)), worker)
    asked = []

    async with centre.db.read() as conn:
        hooks.listen(conn.sync_connection, "before_cursor_execute", lambda *call: asked.append(call[2]))
        await pop.build(conn, centre.seal, call_id, worker.name, now())

    assert len(asked) <= 6, asked


async def test_there_is_no_pop_for_a_call_that_is_not_there(centre, worker):
    assert await popped(centre, "0" * 32, worker) is None
