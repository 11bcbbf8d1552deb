import pytest

from dialer.shapes import Reason
from identity.roles.rights import Role


@pytest.fixture
async def project(centre):
    return await centre.project()


@pytest.fixture
async def worker(centre, project):
    return await centre.worker(project, extension="1001")


async def test_a_desk_that_has_never_worked_is_offline(centre, ask, project, worker):
    campaign = await centre.campaign(project, "hot")
    await centre.campaign(await centre.project())

    desk = (await ask(worker, "GET", "/desk")).json()

    assert (desk["operator"]["state"], desk["operator"]["extension"]) == ("offline", "1001")
    assert (desk["call"], desk["wrap_up"]) == (None, None)
    assert [each["id"] for each in desk["campaigns"]] == [campaign]
    assert desk["trunks"] == [{"name": "pbx", "up": True, "reason": {"code": "registered", "values": {}}}]


async def test_a_reload_in_a_call_gets_the_pop_back(centre, ask, project, worker):
    call_id = await centre.talk(await centre.customer(await centre.campaign(project), "Fatma Kaya"), worker)

    desk = (await ask(worker, "GET", "/desk")).json()

    assert (desk["operator"]["state"], desk["operator"]["call"]) == ("talking", call_id)
    assert (desk["call"]["call"], desk["call"]["person"]["name"]) == (call_id, "Fatma Kaya")
    assert desk["wrap_up"] is None


async def test_a_reload_in_wrap_up_knows_until_when_and_what_was_said(centre, ask, project, worker):
    call_id = await centre.talk(await centre.customer(await centre.campaign(project)), worker)
    await centre.end(call_id, worker)

    desk = (await ask(worker, "GET", "/desk")).json()

    assert desk["call"]["call"] == call_id
    assert desk["wrap_up"]["call"] == call_id
    assert desk["wrap_up"]["until"] == desk["operator"]["until"]
    assert desk["wrap_up"]["disposition"] is None


async def test_a_colleagues_call_is_not_on_my_desk(centre, ask, project, worker):
    await centre.talk(await centre.customer(await centre.campaign(project)), await centre.worker(project))

    assert (await ask(worker, "GET", "/desk")).json()["call"] is None


async def test_ready_calls_the_phone_first(centre, ask, worker):
    ready = (await ask(worker, "PUT", "/desk/state", {"state": "ready"})).json()
    lunch = (await ask(worker, "PUT", "/desk/state", {"state": "not_ready", "reason": "lunch"})).json()
    offline = (await ask(worker, "PUT", "/desk/state", {"state": "offline"})).json()

    assert (ready["state"], ready["then"]) == ("connecting", "ready")
    assert (lunch["state"], lunch["reason"], offline["state"]) == ("not_ready", "lunch", "offline")
    assert centre.engine.commands == [
        ("sign_in", worker.id, "1001"),
        ("set_ready", worker.id),
        ("sign_in", worker.id, "1001"),
        ("set_not_ready", worker.id, Reason("lunch")),
        ("sign_off", worker.id),
    ]


async def test_without_a_phone_nobody_gets_ready(centre, ask, project):
    worker = await centre.worker(project)

    answer = await ask(worker, "PUT", "/desk/state", {"state": "ready"})

    assert (answer.status_code, answer.json()["code"]) == (409, "no_extension")
    assert centre.engine.commands == []


async def test_the_desk_is_for_those_who_work_at_it(centre, ask, project):
    manager = await centre.worker(project, role=Role.MANAGER)

    assert (await ask(manager, "GET", "/desk")).status_code == 403
    assert (await ask(manager, "PUT", "/desk/state", {"state": "ready"})).status_code == 403


async def test_an_unknown_state_is_refused(ask, worker):
    assert (await ask(worker, "PUT", "/desk/state", {"state": "talking"})).status_code == 422
