import asyncio
import os
import resource
import socket

import pytest
from rtp_peer import settle, until

from media import rtcp
from media.bridge import join
from media.description import DTMF, G722, PCMA, PCMU, Description, Direction, Payload
from media.errors import LegClosed, NoCommonCodec, NoPortsLeft, NoSocketsLeft
from media.firstvoice import FirstVoice
from media.ports import bind_udp
from media.session import Leg, PortRange

GSM = Payload(3, "GSM")


def address(leg: Leg) -> tuple[str, int]:
    return leg.local.host, leg.local.port


# ---------------------------------------------------------------- offer and answer


async def test_an_offer_names_an_even_port_and_the_address_to_advertise(ports):
    leg = Leg.open(ports, advertise="203.0.113.5")

    offer = leg.offer()
    leg.close()

    assert offer.host == "203.0.113.5"
    assert offer.port % 2 == 0
    assert offer.rtcp == ("203.0.113.5", offer.port + 1)
    assert [p.name for p in offer.payloads] == ["PCMA", "PCMU", "G722", "TELEPHONE-EVENT"]


async def test_an_answer_takes_the_offerers_first_common_codec_and_its_numbers(leg):
    offer = Description("127.0.0.1", 4000, (GSM, PCMU, PCMA, Payload(96, "TELEPHONE-EVENT")))

    answer = leg.answer(offer)

    assert answer.payloads == (PCMU, Payload(96, "TELEPHONE-EVENT"))
    assert leg.codec == PCMU


@pytest.mark.parametrize(("offered", "taken"), [((G722, PCMU), PCMU), ((G722, DTMF), G722)])
async def test_g722_is_taken_only_when_there_is_no_g711(leg, offered, taken):
    answer = leg.answer(Description("127.0.0.1", 4000, offered))

    assert answer.codecs == (taken,)


async def test_an_answer_has_no_codec_that_the_leg_was_not_opened_with(ports):
    leg = Leg.open(ports, codecs=(PCMU,))

    answer = leg.answer(Description("127.0.0.1", 4000, (PCMA, PCMU)))
    again = leg.answer(Description("127.0.0.1", 4000, (PCMU, DTMF)))
    leg.close()

    assert answer.payloads == (PCMU,)
    assert again.payloads == (PCMU, DTMF)


async def test_an_offer_on_hold_is_answered_so_and_nothing_is_sent(leg, peers):
    peer = peers()

    answer = leg.answer(Description(peer.host, peer.port, (PCMU,), Direction.SENDONLY))
    leg.send(bytes(160), PCMU, first=True)
    await settle()

    assert answer.direction is Direction.RECVONLY
    assert leg.held
    assert peer.got == []


async def test_without_a_common_codec_the_leg_stays_as_it_was(leg):
    with pytest.raises(NoCommonCodec, match="GSM"):
        leg.answer(Description("127.0.0.1", 4000, (GSM, DTMF)))

    assert leg.remote is None


async def test_only_what_was_offered_is_taken_from_an_answer(leg):
    leg.offer()

    leg.accept(Description("127.0.0.1", 4000, (GSM, PCMU)))

    assert leg.remote.payloads == (PCMU,)


async def test_a_closed_leg_says_so(ports):
    leg = Leg.open(ports)
    leg.close()
    leg.close()

    with pytest.raises(LegClosed):
        leg.offer()


# ---------------------------------------------------------------- ports


async def test_an_exhausted_range_says_what_to_do(ports):
    small = PortRange("127.0.0.1", 24301, 24306)
    legs = [Leg.open(small) for _ in range(2)]

    with pytest.raises(NoPortsLeft, match="between 24301 and 24306: widen the range"):
        Leg.open(small)
    legs[0].close()
    again = Leg.open(small)

    assert again.local.port == legs[0].local.port
    for leg in (*legs, again):
        leg.close()


async def test_a_port_that_another_program_holds_is_passed_over(ports):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 24323))

        leg = Leg.open(PortRange("127.0.0.1", 24322, 24325))

    assert leg.local.port == 24324
    leg.close()


async def test_a_process_out_of_files_says_what_to_do(ports):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + 1, hard))  # room for the first socket, not for the second
    try:
        with pytest.raises(NoSocketsLeft, match="ulimit"):
            Leg.open(ports)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_leg_without_room_for_a_line_is_heard_by_its_door(leg, peers, monkeypatch):
    monkeypatch.setattr("media.wire.connected_beside", lambda door, remote: None)
    peer, stranger = peers(), peers()
    leg.answer(peer.describe())

    for _ in range(3):
        peer.send(address(leg))
        stranger.send(address(leg))
    await until(lambda: leg.stats.received + leg.stats.foreign == 6)
    leg.send(b"\x55" * 160, PCMU, first=True)
    await until(lambda: len(peer.got) == 2)

    assert (leg.stats.received, leg.stats.foreign) == (3, 3)


async def test_what_lands_on_the_line_before_it_is_connected_is_checked_like_at_the_door(leg, peers, monkeypatch):
    peer, stranger = peers(), peers()

    def bound_in_a_crowd(host, port, **options):
        line = bind_udp(host, port, **options)
        for _ in range(3):
            peer.send((host, port))
            stranger.send((host, port))
        return line

    monkeypatch.setattr("media.wire.bind_udp", bound_in_a_crowd)
    leg.answer(peer.describe())

    peer.send(address(leg))
    await until(lambda: leg.stats.received == 4)
    peer.send(address(leg))
    stranger.send(address(leg))
    await until(lambda: (leg.stats.received, leg.stats.foreign) == (5, 4))


async def test_nobody_can_take_the_port_of_a_connected_leg(leg, peers):
    peer = peers()
    leg.answer(peer.describe())
    peer.send(address(leg))
    await until(lambda: leg.source)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            thief.bind(address(leg))


# ---------------------------------------------------------------- what arrives


async def test_the_described_address_is_heard_with_its_first_packet(leg, peers):
    peer, moments = peers(), []
    leg.on_first_packet = moments.append
    leg.answer(peer.describe())

    for _ in range(3):
        peer.send(address(leg))
    await until(lambda: leg.stats.received == 3)

    assert len(moments) == 1
    assert leg.first_packet_at == moments[0] <= leg.last_packet_at
    assert leg.source == (peer.host, peer.port)


async def test_a_far_end_behind_nat_is_learned_and_then_sent_to(leg, peers):
    told, real = peers(), peers()
    leg.answer(told.describe())

    for _ in range(6):
        real.send(address(leg))
    await until(lambda: leg.stats.received == 3)
    leg.send(b"\x55" * 160, PCMU, first=True)
    await until(lambda: real.got)

    assert leg.stats.foreign == 3
    assert real.got[-1].payload == b"\x55" * 160


async def test_only_a_new_description_or_relearning_lets_another_source_in(leg, peers):
    first, second = peers(), peers()
    leg.answer(first.describe())
    first.send(address(leg))
    await until(lambda: leg.source)

    for _ in range(10):
        second.send(address(leg))
    await until(lambda: leg.stats.foreign == 10)
    leg.answer(second.describe())
    second.send(address(leg))
    await until(lambda: leg.source == (second.host, second.port))
    leg.relearn()
    for _ in range(4):
        first.send(address(leg))
    await until(lambda: leg.source == (first.host, first.port))


async def test_rubbish_is_counted_and_changes_nothing(leg, peers):
    peer = peers()
    leg.answer(peer.describe())
    peer.send(address(leg))
    await until(lambda: leg.source)

    for data in (b"", b"\0" * 60, b"\x80" * 65_000, b"\x80\xc8" + bytes(30)):
        peer.sock.sendto(data, address(leg))
    peer.send(address(leg), payload=Payload(13, "CN"))
    peer.send(address(leg), payload=Payload(97, "OPUS"))
    peer.send(address(leg))
    await until(lambda: leg.stats.received == 2)

    assert (leg.stats.malformed, leg.stats.oversize, leg.stats.unknown_payload) == (3, 1, 2)


async def test_a_number_that_a_new_offer_gives_to_another_codec_means_that_one(leg, peers):
    peer, heard = peers(), []
    leg.sink = lambda arrival: heard.append(arrival.payload.name)

    for name in ("PCMU", "PCMA"):
        payload = Payload(96, name)
        leg.answer(peer.describe(payload))
        for _ in range(3):
            peer.send(address(leg), payload=payload)
        await until(lambda name=name: heard.count(name) == 3)

    assert heard == ["PCMU"] * 3 + ["PCMA"] * 3


async def test_a_packet_longer_than_any_sound_is_dropped_in_the_middle_of_a_call(leg, peers):
    peer, heard = peers(), []
    leg.answer(peer.describe())
    leg.sink = lambda arrival: heard.append(arrival.end - arrival.start)
    peer.send(address(leg))
    await until(lambda: leg.source)

    for size in (160, 1488, 1489, 160):
        peer.send(address(leg), bytes(size))
    await until(lambda: len(heard) == 4)

    assert heard == [160, 160, 1488, 160]
    assert leg.stats.oversize == 1


async def test_keys_are_told_once_each(leg, peers):
    peer, keys = peers(), []
    leg.on_dtmf = keys.append
    leg.answer(peer.describe(PCMU, DTMF))

    for code in (1, 2):
        peer.timestamp += 4000
        for n in range(5):
            peer.send(address(leg), bytes([code, 0x80 if n > 2 else 0, 0, 160]), payload=DTMF)
            peer.timestamp -= 160
    await until(lambda: leg.stats.received == 10)

    assert keys == ["1", "2"]


# ---------------------------------------------------------------- what leaves


async def test_a_packet_of_silence_opens_the_way_and_keeps_it_open(leg, peers, monkeypatch):
    monkeypatch.setattr("media.session.next_delay", lambda: 0.01)
    monkeypatch.setattr("media.session.KEEPALIVE_S", 0.05)
    peer = peers()

    leg.answer(peer.describe())
    await until(lambda: len(peer.got) == 4)

    assert {p.payload for p in peer.got} == {b"\xff" * 160}
    assert [p.sequence for p in peer.got] == [(peer.got[0].sequence + n) & 0xFFFF for n in range(4)]
    assert all(later - earlier > 0.04 for earlier, later in zip(peer.times, peer.times[1:], strict=False))


async def test_an_unreachable_far_end_is_no_error(leg, peers):
    peer = peers()
    leg.answer(peer.describe())
    peer.send(address(leg))
    await until(lambda: leg.source)
    peer.close()

    for _ in range(20):
        leg.send(bytes(160), PCMU, first=False)
        await asyncio.sleep(0.001)

    assert leg.source is not None


class Clumsy:
    """Fails at all that it sees."""

    def __init__(self):
        self.saw = 0

    def heard(self, arrival):
        self.saw += 1
        raise ZeroDivisionError

    def sent(self, payload, timestamp, sound, at):
        self.saw += 1
        raise ZeroDivisionError


async def test_a_tap_that_fails_is_taken_off_and_neither_sound_nor_other_taps_suffer(leg, other, peers):
    one, two = peers(), peers()
    leg.answer(one.describe())
    other.answer(two.describe())
    join(leg, other)
    first, second = Clumsy(), Clumsy()
    heard = FirstVoice(other)
    other.taps = (second, *other.taps)
    leg.taps = (first,)

    for _ in range(5):
        one.send(address(leg), b"\x00" * 160)
    await until(lambda: len([p for p in two.got if p.payload == b"\x00" * 160]) == 5)

    assert (first.saw, second.saw) == (1, 1)
    assert heard.at is not None


# ---------------------------------------------------------------- reports


async def test_two_legs_tell_each_other_how_they_hear(leg, other, monkeypatch):
    monkeypatch.setattr("media.session.next_delay", lambda: 0.02)
    leg.accept(other.answer(leg.offer()))

    for n in range(20):
        for a in (leg, other):
            a.send(bytes(160), a.codec, first=n == 0)
        await asyncio.sleep(0.01)
    await until(lambda: leg.quality.round_trip_ms is not None)

    assert leg.quality.remote_lost == 0
    assert leg.quality.lost == 0
    assert 0 <= leg.quality.round_trip_ms < 50


async def test_a_bye_by_rtcp_and_foreign_reports_change_nothing(leg, peers):
    peer, stranger = peers(), peers(host="127.0.0.9")
    leg.answer(peer.describe())
    peer.send(address(leg))
    await until(lambda: leg.source)
    bye = rtcp.build(rtcp.Report(peer.ssrc), rtcp.Bye((peer.ssrc,)))

    peer.sock.sendto(bye, leg.local.rtcp)
    peer.sock.sendto(b"rubbish", leg.local.rtcp)
    peer.sock.sendto(bye * 100, leg.local.rtcp)
    stranger.sock.sendto(bye, leg.local.rtcp)
    await until(lambda: leg.stats.byes and leg.stats.foreign and leg.stats.malformed and leg.stats.oversize)
    peer.send(address(leg))
    await until(lambda: leg.stats.received == 2)

    assert (leg.stats.byes, leg.stats.foreign, leg.stats.malformed, leg.stats.oversize) == (1, 1, 1, 1)


async def test_closing_says_goodbye_by_rtcp(ports, peers):
    leg, peer, reports = Leg.open(ports), peers(), peers()
    leg.answer(Description(peer.host, peer.port, (PCMU,), rtcp_port=reports.port))
    reports._loop.remove_reader(reports.sock)

    leg.close()
    await settle()

    parts = rtcp.parse(reports.sock.recv(4096))
    assert [type(part) for part in parts] == [rtcp.Report, rtcp.Description, rtcp.Bye]
    reports._loop.add_reader(reports.sock, reports._read)


async def test_only_who_sent_since_his_last_report_reports_as_a_sender(leg, peers, monkeypatch):
    monkeypatch.setattr("media.session.next_delay", lambda: 0.02)
    peer, reports = peers(), peers()
    reports._loop.remove_reader(reports.sock)

    leg.answer(Description(peer.host, peer.port, (PCMU,), rtcp_port=reports.port))
    await until(lambda: leg.stats.reports_sent >= 2)
    await settle()

    first, second = (rtcp.parse(reports.sock.recv(4096))[0] for _ in range(2))
    assert first.packets == 1
    assert first.ntp is not None
    assert second.ntp is None
    reports._loop.add_reader(reports.sock, reports._read)


async def test_an_answer_without_a_codec_of_ours_is_refused_and_changes_nothing(leg):
    leg.offer()

    with pytest.raises(NoCommonCodec):
        leg.accept(Description("127.0.0.1", 40000, (Payload(18, "G729"), DTMF)))

    assert leg.remote is None
