"""The registrar: who may bind what, for how long, and what is said to the others (RFC 3261 §10.3)."""

import pytest

from sip.digest import Credentials, Guard
from sip.message import Request, Response
from sip.registrar import Registrar
from sip.transport import Address

SOURCE = Address("10.0.0.7", 5062)
CONTACT = "<sip:1001@10.0.0.7:5062>"


class Clock:
    now = 1000.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def registrar(clock: Clock) -> Registrar:
    passwords = {"1001": "secret", "1002": "other"}
    return Registrar(Guard("pbx.test"), passwords.get, lambda: clock.now, shortest=60, longest=600)


def register(user: str = "1001", **more: list[str]) -> Request:
    fields = {
        "via": ["SIP/2.0/UDP 10.0.0.7:5062;branch=z9hG4bKr"],
        "from": [f"<sip:{user}@pbx.test>;tag=1"],
        "to": [f"<sip:{user}@pbx.test>"],
        "call-id": ["x"],
        "cseq": ["1 REGISTER"],
    }
    return Request("REGISTER", "sip:pbx.test", fields | more)


def asked(registrar: Registrar, request: Request, name: str = "1001", password: str = "secret") -> Response:
    """The answer once the challenge was answered in the name of somebody."""
    challenge = registrar.answer(request, SOURCE)
    assert challenge.status == 401
    header, value = Credentials(name, password).answer(challenge, "REGISTER", request.uri)
    request.headers[header] = [value]
    return registrar.answer(request, SOURCE)


def test_a_binding_lasts_as_long_as_was_granted(registrar: Registrar, clock: Clock) -> None:
    granted = asked(registrar, register(contact=[CONTACT], expires=["300"]))

    assert (granted.status, granted.get("contact")) == (200, f"{CONTACT};expires=300")
    assert registrar.find("1001").source == SOURCE
    clock.now += 301
    assert registrar.find("1001") is None


def test_a_contacts_own_expiry_goes_before_the_fields_and_is_bounded(registrar: Registrar) -> None:
    granted = asked(registrar, register(contact=[f"{CONTACT};expires=9000"], expires=["300"]))

    assert granted.get("contact") == f"{CONTACT};expires=600"


def test_too_short_a_time_is_refused_with_the_shortest(registrar: Registrar) -> None:
    refused = asked(registrar, register(contact=[CONTACT], expires=["10"]))

    assert (refused.status, refused.get("min-expires")) == (423, "60")
    assert registrar.find("1001") is None


@pytest.mark.parametrize("farewell", [{"contact": ["*"], "expires": ["0"]}, {"contact": [f"{CONTACT};expires=0"]}])
def test_who_takes_leave_is_found_no_more(registrar: Registrar, farewell: dict[str, list[str]]) -> None:
    asked(registrar, register(contact=[CONTACT]))

    left = asked(registrar, register(**farewell))

    assert (left.status, left.get("contact")) == (200, None)
    assert registrar.find("1001") is None


def test_without_a_contact_the_binding_is_only_told(registrar: Registrar) -> None:
    asked(registrar, register(contact=[CONTACT]))

    told = asked(registrar, register())

    assert (told.status, told.get("contact")) == (200, f"{CONTACT};expires=600")


def test_nobody_binds_the_address_of_another(registrar: Registrar) -> None:
    refused = asked(registrar, register("1001", contact=[CONTACT]), "1002", "other")

    assert refused.status == 403
    assert registrar.find("1001") is None


def test_a_wrong_secret_is_refused(registrar: Registrar) -> None:
    assert asked(registrar, register(contact=[CONTACT]), password="wrong").status == 403


@pytest.mark.parametrize("fields", [{"to": ["<pbx>"]}, {"to": ["<sip:>"]}])
def test_an_address_that_cannot_be_read_is_a_bad_request(registrar: Registrar, fields: dict[str, list[str]]) -> None:
    assert registrar.answer(register(**fields), SOURCE).status == 400


@pytest.mark.parametrize("expires", ["x", "-1", "9" * 30])
def test_a_time_that_is_no_number_is_a_bad_request(registrar: Registrar, expires: str) -> None:
    assert asked(registrar, register(contact=[CONTACT], expires=[expires])).status == 400
