from media.latch import WINDOW_S, Latch

TOLD, NAT, STRANGER = ("192.0.2.1", 4000), ("198.51.100.7", 61000), ("203.0.113.9", 5555)


def learning(now: float = 0.0) -> Latch:
    latch = Latch()
    latch.learn(TOLD, now)
    return latch


def test_nobody_is_heard_before_a_description():
    assert not Latch().admits(TOLD, 1, 1, 0.0)


def test_the_described_address_is_taken_at_once_and_then_alone():
    latch = learning()

    assert latch.admits(TOLD, 1, 77, 0.1)
    assert latch.locked == TOLD
    assert not any(latch.admits(STRANGER, 1, 78 + n, 0.2) for n in range(50))


def test_another_source_is_taken_with_its_fourth_packet_in_sequence_and_then_alone():
    latch = learning()

    assert [latch.admits(NAT, 9, n, 0.1) for n in (65534, 65535, 0, 1)] == [False, False, False, True]
    assert not latch.admits(TOLD, 1, 1, 0.2)
    assert not latch.admits(STRANGER, 9, 2, 0.2)
    assert latch.admits(NAT, 9, 2, 0.2)


def test_gaps_repeats_and_changes_of_ssrc_start_the_count_again():
    latch = learning()

    assert not any(latch.admits(NAT, 9, n, 0.1) for n in (1, 2, 3, 5, 6, 7))
    assert not any(latch.admits(NAT, 9, 7, 0.1) for _ in range(9))
    assert not any(latch.admits(NAT, ssrc, n, 0.1) for ssrc, n in ((1, 8), (2, 9), (1, 10), (2, 11), (1, 12)))


def test_sources_do_not_share_a_sequence():
    latch = learning()

    assert not any(latch.admits((STRANGER[0], port), 9, 10 + port % 4, 0.1) for port in range(5000, 5004))


def test_after_the_window_only_the_described_address_is_taken():
    latch = learning()

    assert not any(latch.admits(NAT, 9, n, WINDOW_S) for n in range(20))
    assert latch.admits(TOLD, 1, 1, WINDOW_S + 30)


def test_the_same_description_again_does_not_let_go_of_the_source():
    latch = learning()
    latch.admits(TOLD, 1, 77, 0.1)

    latch.learn(TOLD, 5.0)

    assert not any(latch.admits(STRANGER, 9, n, 5.1) for n in range(20))


def test_a_new_description_learns_anew():
    latch = learning()
    latch.admits(TOLD, 1, 77, 0.1)

    latch.learn(NAT, 60.0)

    assert not latch.admits(TOLD, 1, 78, 60.1)
    assert latch.admits(NAT, 9, 1, 60.1)


def test_many_strangers_take_no_memory():
    latch = learning()

    for port in range(1, 60000):
        latch.admits((STRANGER[0], port), 1, 1, 0.1)

    assert len(latch._candidates) <= 8
