"""T33, T34: what a day leaves behind on the disk holds no customer, no number, no secret."""

from pathlib import Path

import pytest
from asterisk import Pbx
from phone import Phone, plugged_in
from running import NUMBER, Centre, Desk, Service, until
from sharing import centre_at

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(120)]

HEADER = "Ad Soyad;Telefon;Şehir"
NAME, FIELD, NOTE, PASSWORD = "Kanaryagül Örneksoy", "Kanaryaköy", "Kanaryanotu <b>", "yelken 47 kanarya martı"
CALLED, WRONG, BUSY, CALLER = "0532 540 06 01", "0532 100 5", "0532 200 06 02", "+905325550603"
FIELDS = (NAME, FIELD, NOTE.split()[0], "Kanarya")
KEPT = {"config.yaml", "master.key"}
"""What holds secrets because it is there for them."""


def forms(number: str) -> set[str]:
    """A number as somebody could have written it down: bare, national, international, as in the file."""
    digits = number.replace(" ", "").removeprefix("+90").removeprefix("0")
    spaced = f"{digits[:3]} {digits[3:6]} {digits[6:8]} {digits[8:]}"
    return {number, digits, digits[-7:], spaced} if len(digits) == 10 else {number}


def secrets_in(folder: Path, secrets: set[str]) -> list[tuple[str, str]]:
    """Which of `secrets` stand in which file below `folder`, in UTF-8 or the list's own encoding."""
    found = []
    for file in folder.rglob("*"):
        if file.is_file() and file.name not in KEPT:
            content = file.read_bytes()
            hits = [s for s in secrets if s.encode() in content or s.encode("cp1254", "ignore") in content]
            found += [(file.name, secret) for secret in hits]
    return found


async def a_day(pbx: Pbx, centre: Centre, phone: Phone) -> set[str]:
    """Lists good and bad, calls out and in, a note, a password, refusals; gives the secrets that went in."""
    door = centre.admin
    campaign = await centre.campaign("warm")
    rows = [HEADER, *(f"{NAME};{number};{FIELD}" for number in (CALLED, CALLED, WRONG, BUSY))]
    await door.upload(campaign, "liste.csv", "\r\n".join(rows).encode("cp1254"))
    await door.browser.send("POST", "/lists", form={"campaign": campaign}, file=("x.csv", f"{NAME}\n".encode()))
    await door.post(f"/projects/{centre.project}/dnc", {"number": "0532 200 06 04", "reason": "asked"})
    await door.browser.send("POST", f"/projects/{centre.project}/dnc", {"number": CALLER + "x", "source": NOTE})

    link = await centre.person("op", "operator", "1001")
    operator = await Desk.open(centre.service.url, link)
    await operator.door.post("/me/password", {"password": PASSWORD})
    await door.browser.send("POST", "/session", {"login": "op", "password": PASSWORD + "!"})
    await operator.ready()
    await centre.start(campaign)
    pop = await operator.pop()
    await phone.hears()
    await operator.door.post(f"/calls/{pop['call']}/hangup")
    await operator.dispose(pop["call"], "undecided", note=NOTE)
    await pbx.record("905322000602", within=15)
    await pbx.call_in(NUMBER, CALLER, "silent")
    incoming = await operator.pop(2)
    await operator.door.post(f"/calls/{incoming['call']}/hangup")
    await operator.told("ahize.call.ended.v1", 2)
    cookies = {*operator.door.browser.cookies.values(), *door.browser.cookies.values()}
    await operator.close()
    tokens = {centre.service.first_link.rpartition("#")[2], link.rpartition("#")[2]}
    numbers = set().union(*(forms(number) for number in (CALLED, WRONG, BUSY, CALLER, "0532 200 06 04")))
    return {*FIELDS, PASSWORD, centre.service.secret, *cookies, *tokens, *numbers}


async def test_a_day_leaves_no_customer_and_no_secret_on_the_disk(pbx: Pbx, tmp_path: Path):
    async with (
        centre_at(pbx.address, tmp_path, log={"level": "debug"}) as centre,
        plugged_in("1001", pbx.address) as phone,
    ):
        secrets = await a_day(pbx, centre, phone)
        service = centre.service
        await until(lambda: _written(service), 5)
        while_running = secrets_in(service.folder, secrets)
        log = service.log

    assert '"registered"' in log
    assert told(while_running, centre) == []
    assert told(secrets_in(service.folder, secrets), centre) == []
    assert {file for file, _ in secrets_in(service.folder, {"liste.csv"})} == {"ahize.db"}  # what is no secret is found


async def _written(service: Service) -> bool:
    wal = service.folder / "ahize.db-wal"
    return wal.exists() and wal.stat().st_size > 0


def told(found: list[tuple[str, str]], centre: Centre) -> list[tuple[str, str]]:
    """Without the first administrator's link: it is shown on the terminal, which is the log here, and works once."""
    shown = ("service.log", centre.service.first_link.rpartition("#")[2])
    return [each for each in found if each != shown]
