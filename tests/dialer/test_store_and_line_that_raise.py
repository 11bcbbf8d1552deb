"""A store or a line that raises in the middle leaves no lead, no attempt and no operator behind."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from small_centre import Centre, campaign, numbers, virtual

from dialer.facts import AttemptEnded
from dialer.memory_lines import FarEnd
from dialer.outcomes import Outcome
from dialer.shapes import AttemptId, AttemptKind, LegId, OperatorId

SHORT = FarEnd(after_s=1.0, talk_s=5.0)


def fail_once(owner: object, name: str, *, afterwards: bool = False) -> None:
    """The next use of `name` raises; `afterwards`: when its work is done."""
    works: Callable[..., Any] = getattr(owner, name)

    async def fails(*args: Any) -> Any:
        setattr(owner, name, works)
        if afterwards:
            await works(*args)
        raise OSError("made to fail")

    setattr(owner, name, fails)


@pytest.mark.parametrize("name", ["begin", "may_dial", "release"])
@virtual
async def test_lead_whose_store_failed_is_called_after_all(name: str) -> None:
    cold = campaign()
    async with Centre(cold, far=SHORT) as centre:
        await centre.staff(1)
        if name == "release":
            fail_once(centre.leads, "begin")
        fail_once(centre.rules if name == "may_dial" else centre.leads, name)
        (lead,) = centre.leads.add(cold, numbers(1))
        await centre.until(centre.outcomes)

        assert centre.outcomes() == ["connected"]
        assert centre.leads.leads[lead.id].state == "done"


@virtual
async def test_leads_too_many_are_given_back_though_the_store_fails_once() -> None:
    cold = campaign()
    async with Centre(cold, far=SHORT, delay_s=0.3) as centre:
        centre.leads.add(cold, numbers(2))
        operators = await centre.staff(2)
        await asyncio.sleep(0.4)  # both leads are being reserved
        fail_once(centre.leads, "release")
        for operator in operators:
            await centre.engine.set_not_ready(operator)
        await asyncio.sleep(5)
        for operator in operators:
            await centre.engine.set_ready(operator)
        await centre.until(lambda: len(centre.outcomes()) == 2)

        assert sorted(set(centre.customers())) == numbers(2)


@virtual
async def test_phones_attempt_that_was_committed_unnoticed_does_not_live_on() -> None:
    cold = campaign()
    async with Centre(cold, far=SHORT) as centre:
        centre.leads.add(cold, numbers(1))
        fail_once(centre.leads, "begin", afterwards=True)
        await centre.staff(1)
        await asyncio.sleep(5)
        assert centre.state(OperatorId("op1")) == "offline"

        await centre.staff(1)  # the extension is not taken for busy
        assert centre.state(OperatorId("op1")) != "offline"
        await centre.until(lambda: "connected" in centre.outcomes())
        assert not centre.engine.overtaken


@virtual
async def test_customers_attempt_that_was_committed_unnoticed_does_not_live_on() -> None:
    cold = campaign()
    async with Centre(cold, far=SHORT) as centre:
        await centre.staff(1)
        fail_once(centre.leads, "begin", afterwards=True)
        centre.leads.add(cold, numbers(1))
        await centre.until(lambda: "connected" in centre.outcomes())

        assert centre.outcomes() == ["cancelled", "connected"]
        assert centre.customers() == numbers(1)


def refuse_once(centre: Centre, name: str) -> None:
    """The line raises at the next use of `name`."""
    works: Callable[..., None] = getattr(centre.lines, name)

    def fails(*args: Any) -> None:
        setattr(centre.lines, name, works)
        raise RuntimeError("made to fail")

    setattr(centre.lines, name, fails)


@virtual
async def test_call_that_the_line_does_not_take_ends_and_frees_its_operator() -> None:
    cold = campaign()
    async with Centre(cold, far=SHORT) as centre:
        (operator,) = await centre.staff(1)
        refuse_once(centre, "dial")
        centre.leads.add(cold, numbers(1))
        await centre.until(centre.outcomes)

        (ended,) = centre.facts(AttemptEnded, kind=AttemptKind.CALL)
        assert ended.outcome is Outcome.CANCELLED
        await centre.until(lambda: len(centre.outcomes()) == 2)
        assert centre.outcomes() == ["cancelled", "connected"]
        await asyncio.sleep(15)
        assert centre.state(operator) == "ready"


@virtual
async def test_phone_that_the_line_does_not_take_can_be_called_again() -> None:
    async with Centre() as centre:
        refuse_once(centre, "dial")
        await centre.staff(1)
        await asyncio.sleep(1)
        assert centre.state(OperatorId("op1")) == "offline"

        await centre.staff(1)

        assert centre.state(OperatorId("op1")) == "ready"


@pytest.mark.parametrize("breaks", ["hang_up", "part"])
@virtual
async def test_hang_up_that_the_line_does_not_take_is_tried_again_and_frees_the_operator(breaks: str) -> None:
    cold = campaign(wrap_up_s=1.0)
    async with Centre(cold, far=FarEnd(after_s=1.0)) as centre:
        centre.leads.add(cold, numbers(1))
        (operator,) = await centre.staff(1)
        await centre.until(lambda: centre.state(operator) == "talking")
        view = centre.engine.operator(operator)
        assert view is not None
        assert view.call is not None
        refuse_once(centre, breaks)
        await centre.engine.hang_up(view.call, operator)
        await asyncio.sleep(3)
        assert centre.state(operator) == "ready"

        await asyncio.sleep(60)

        assert centre.engine._floor.calls == {}
        assert [leg.number for leg in centre.lines.legs.values()] == ["1001"]
        assert centre.outcomes() == ["connected"]


@virtual
async def test_answer_that_nobody_waits_for_is_hung_up() -> None:
    async with Centre() as centre:
        dialog = centre.lines.prepare("pbx", "1001", "ahize")
        centre.lines.dial(LegId("of-nobody"), dialog, AttemptId("none"))
        await asyncio.sleep(1)

        assert centre.lines.legs == {}


@virtual
async def test_phone_whose_late_answer_the_line_never_ends_is_given_up() -> None:
    async with Centre(phones=FarEnd(after_s=1e6, late=True)) as centre:
        await centre.engine.sign_in(OperatorId("op1"), "1001")
        centre.lines._over = lambda *_: None  # type: ignore[method-assign]  no end is ever told
        await asyncio.sleep(120)

        assert centre.state(OperatorId("op1")) == "offline"
        assert centre.engine._floor.phones == {}
        del centre.lines._over


@virtual
async def test_operator_leaves_though_the_line_does_not_take_the_cancel_of_his_call() -> None:
    cold = campaign()
    async with Centre(cold, far=FarEnd(after_s=20.0)) as centre:
        centre.leads.add(cold, numbers(1))
        (operator,) = await centre.staff(1)
        await centre.until(centre.customers)
        refuse_once(centre, "cancel")
        await centre.engine.sign_off(operator)
        await asyncio.sleep(1)

        assert centre.state(operator) == "offline"
