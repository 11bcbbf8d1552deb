"""The four transaction machines of RFC 3261 §17, with RFC 6026, as one table.

`TRANSITIONS` is the specification: (state, event) gives the next state, what is done on the way, and where it is
written. What is not in it is an error that names both. `sip.machine` carries it out.
"""

from __future__ import annotations

from enum import IntEnum, auto


class State(IntEnum):
    """IC, NC: client of an INVITE, of another request. IS, NS: server."""

    NEW = auto()
    IC_CALLING = auto()
    IC_PROCEEDING = auto()
    IC_COMPLETED = auto()
    IC_ACCEPTED = auto()
    NC_TRYING = auto()
    NC_PROCEEDING = auto()
    NC_COMPLETED = auto()
    IS_PROCEEDING = auto()
    IS_COMPLETED = auto()
    IS_CONFIRMED = auto()
    IS_ACCEPTED = auto()
    NS_TRYING = auto()
    NS_PROCEEDING = auto()
    NS_COMPLETED = auto()
    TERMINATED = auto()


class Event(IntEnum):
    SEND_INVITE = auto()
    SEND_REQUEST = auto()
    GOT_INVITE = auto()
    GOT_REQUEST = auto()
    GOT_1XX = auto()
    GOT_2XX = auto()
    GOT_3XX = auto()  # 300 to 699
    GOT_AGAIN = auto()  # the request once more
    GOT_ACK = auto()
    SEND_1XX = auto()
    SEND_2XX = auto()
    SEND_3XX = auto()  # 300 to 699
    TRANSPORT_ERROR = auto()
    TIMER_A = auto()
    TIMER_B = auto()
    TIMER_D = auto()
    TIMER_E = auto()
    TIMER_F = auto()
    TIMER_G = auto()
    TIMER_H = auto()
    TIMER_I = auto()
    TIMER_J = auto()
    TIMER_K = auto()
    TIMER_L = auto()
    TIMER_M = auto()


class Act(IntEnum):
    """What is done on a transition. PASS stands last: the user may drive the machine on from inside it."""

    TRANSMIT = auto()  # the request, or the last response
    ACK = auto()  # for a final answer other than 2xx (§17.1.1.3)
    STOP = auto()  # both timers
    LET_GO = auto()  # of the request: it is not sent again
    REPEAT_A = auto()
    REPEAT_E = auto()
    REPEAT_G = auto()
    DOUBLE = auto()  # the interval of A
    DOUBLE_TO_T2 = auto()  # the interval of E or G, at most T2
    AT_T2 = auto()
    LIMIT_B = auto()
    LIMIT_D = auto()
    LIMIT_F = auto()
    LIMIT_H = auto()
    LIMIT_I = auto()
    LIMIT_J = auto()
    LIMIT_K = auto()
    LIMIT_L = auto()
    LIMIT_M = auto()
    PASS = auto()
    TELL_TIMEOUT = auto()
    TELL_TRANSPORT = auto()


Step = tuple[State, tuple[Act, ...], str]

S, E, A = State, Event, Act
TRANSITIONS: dict[tuple[State, Event], Step] = {
    # ------------------------------------------------------------ INVITE client, §17.1.1 and RFC 6026 §7.2
    (S.NEW, E.SEND_INVITE): (S.IC_CALLING, (A.REPEAT_A, A.LIMIT_B, A.TRANSMIT), "3261 §17.1.1.2 ¶2"),
    (S.IC_CALLING, E.TIMER_A): (S.IC_CALLING, (A.DOUBLE, A.TRANSMIT), "3261 §17.1.1.2 ¶2"),
    (S.IC_CALLING, E.TIMER_B): (S.TERMINATED, (A.STOP, A.TELL_TIMEOUT), "3261 §17.1.1.2 ¶4"),
    (S.IC_CALLING, E.TRANSPORT_ERROR): (S.TERMINATED, (A.STOP, A.TELL_TRANSPORT), "3261 §17.1.4"),
    (S.IC_CALLING, E.GOT_1XX): (S.IC_PROCEEDING, (A.STOP, A.PASS), "3261 §17.1.1.2 ¶5"),
    (S.IC_CALLING, E.GOT_2XX): (S.IC_ACCEPTED, (A.STOP, A.LIMIT_M, A.LET_GO, A.PASS), "6026 §7.2"),
    (S.IC_CALLING, E.GOT_3XX): (S.IC_COMPLETED, (A.STOP, A.ACK, A.LIMIT_D, A.PASS), "3261 §17.1.1.2 ¶6"),
    (S.IC_PROCEEDING, E.GOT_1XX): (S.IC_PROCEEDING, (A.PASS,), "3261 §17.1.1.2 ¶5"),
    (S.IC_PROCEEDING, E.GOT_2XX): (S.IC_ACCEPTED, (A.LIMIT_M, A.LET_GO, A.PASS), "6026 §7.2"),
    (S.IC_PROCEEDING, E.GOT_3XX): (S.IC_COMPLETED, (A.ACK, A.LIMIT_D, A.PASS), "3261 §17.1.1.2 ¶6"),
    (S.IC_PROCEEDING, E.TRANSPORT_ERROR): (S.TERMINATED, (A.TELL_TRANSPORT,), "3261 §17.1.4"),
    (S.IC_COMPLETED, E.GOT_1XX): (S.IC_COMPLETED, (), "3261 figure 5: late, ignored"),
    (S.IC_COMPLETED, E.GOT_2XX): (S.IC_COMPLETED, (A.PASS,), "3261 §13.2.2.4: another fork answered; its user ends it"),
    (S.IC_COMPLETED, E.GOT_3XX): (S.IC_COMPLETED, (A.ACK,), "3261 §17.1.1.2 ¶7"),
    (S.IC_COMPLETED, E.TRANSPORT_ERROR): (S.TERMINATED, (A.STOP, A.TELL_TRANSPORT), "3261 §17.1.1.2 ¶9"),
    (S.IC_COMPLETED, E.TIMER_D): (S.TERMINATED, (), "3261 §17.1.1.2 ¶8"),
    (S.IC_ACCEPTED, E.GOT_1XX): (S.IC_ACCEPTED, (), "6026 §7.2"),
    (S.IC_ACCEPTED, E.GOT_2XX): (S.IC_ACCEPTED, (A.PASS,), "6026 §7.2: repeated or forked"),
    (S.IC_ACCEPTED, E.GOT_3XX): (S.IC_ACCEPTED, (), "6026 §7.2"),
    (S.IC_ACCEPTED, E.TRANSPORT_ERROR): (S.IC_ACCEPTED, (), "6026 §7.2: nothing of the machine's is under way"),
    (S.IC_ACCEPTED, E.TIMER_M): (S.TERMINATED, (), "6026 §7.2"),
    # ------------------------------------------------------------ other client, §17.1.2
    (S.NEW, E.SEND_REQUEST): (S.NC_TRYING, (A.REPEAT_E, A.LIMIT_F, A.TRANSMIT), "3261 §17.1.2.2 ¶1"),
    (S.NC_TRYING, E.TIMER_E): (S.NC_TRYING, (A.DOUBLE_TO_T2, A.TRANSMIT), "3261 §17.1.2.2 ¶2"),
    (S.NC_TRYING, E.TIMER_F): (S.TERMINATED, (A.STOP, A.TELL_TIMEOUT), "3261 §17.1.2.2 ¶3"),
    (S.NC_TRYING, E.TRANSPORT_ERROR): (S.TERMINATED, (A.STOP, A.TELL_TRANSPORT), "3261 §17.1.2.2 ¶3"),
    (S.NC_TRYING, E.GOT_1XX): (S.NC_PROCEEDING, (A.PASS,), "3261 §17.1.2.2 ¶4"),
    (S.NC_TRYING, E.GOT_2XX): (S.NC_COMPLETED, (A.STOP, A.LIMIT_K, A.LET_GO, A.PASS), "3261 §17.1.2.2 ¶4"),
    (S.NC_TRYING, E.GOT_3XX): (S.NC_COMPLETED, (A.STOP, A.LIMIT_K, A.LET_GO, A.PASS), "3261 §17.1.2.2 ¶4"),
    (S.NC_PROCEEDING, E.TIMER_E): (S.NC_PROCEEDING, (A.AT_T2, A.TRANSMIT), "3261 §17.1.2.2 ¶5"),
    (S.NC_PROCEEDING, E.TIMER_F): (S.TERMINATED, (A.STOP, A.TELL_TIMEOUT), "3261 §17.1.2.2 ¶5"),
    (S.NC_PROCEEDING, E.TRANSPORT_ERROR): (S.TERMINATED, (A.STOP, A.TELL_TRANSPORT), "3261 §17.1.2.2 ¶5"),
    (S.NC_PROCEEDING, E.GOT_1XX): (S.NC_PROCEEDING, (A.PASS,), "3261 figure 6"),
    (S.NC_PROCEEDING, E.GOT_2XX): (S.NC_COMPLETED, (A.STOP, A.LIMIT_K, A.LET_GO, A.PASS), "3261 §17.1.2.2 ¶5"),
    (S.NC_PROCEEDING, E.GOT_3XX): (S.NC_COMPLETED, (A.STOP, A.LIMIT_K, A.LET_GO, A.PASS), "3261 §17.1.2.2 ¶5"),
    (S.NC_COMPLETED, E.GOT_1XX): (S.NC_COMPLETED, (), "3261 §17.1.2.2 ¶6: buffered, not passed"),
    (S.NC_COMPLETED, E.GOT_2XX): (S.NC_COMPLETED, (), "3261 §17.1.2.2 ¶6: buffered, not passed"),
    (S.NC_COMPLETED, E.GOT_3XX): (S.NC_COMPLETED, (), "3261 §17.1.2.2 ¶6: buffered, not passed"),
    (S.NC_COMPLETED, E.TRANSPORT_ERROR): (S.NC_COMPLETED, (), "3261 figure 6: nothing is under way"),
    (S.NC_COMPLETED, E.TIMER_K): (S.TERMINATED, (), "3261 §17.1.2.2 ¶7"),
    # ------------------------------------------------------------ INVITE server, §17.2.1 and RFC 6026 §7.1
    (S.NEW, E.GOT_INVITE): (S.IS_PROCEEDING, (A.PASS,), "3261 §17.2.1 ¶2"),
    (S.IS_PROCEEDING, E.GOT_AGAIN): (S.IS_PROCEEDING, (A.TRANSMIT,), "3261 §17.2.1 ¶3"),
    (S.IS_PROCEEDING, E.GOT_ACK): (S.IS_PROCEEDING, (), "3261 figure 7: nothing to acknowledge yet"),
    (S.IS_PROCEEDING, E.SEND_1XX): (S.IS_PROCEEDING, (A.TRANSMIT,), "3261 §17.2.1 ¶3"),
    (S.IS_PROCEEDING, E.SEND_2XX): (S.IS_ACCEPTED, (A.LIMIT_L, A.TRANSMIT), "6026 §7.1"),
    (S.IS_PROCEEDING, E.SEND_3XX): (S.IS_COMPLETED, (A.REPEAT_G, A.LIMIT_H, A.TRANSMIT), "3261 §17.2.1 ¶5"),
    (S.IS_PROCEEDING, E.TRANSPORT_ERROR): (S.TERMINATED, (A.TELL_TRANSPORT,), "3261 §17.2.4"),
    (S.IS_COMPLETED, E.GOT_AGAIN): (S.IS_COMPLETED, (A.TRANSMIT,), "3261 §17.2.1 ¶6"),
    (S.IS_COMPLETED, E.TIMER_G): (S.IS_COMPLETED, (A.DOUBLE_TO_T2, A.TRANSMIT), "3261 §17.2.1 ¶6"),
    (S.IS_COMPLETED, E.TIMER_H): (S.TERMINATED, (A.STOP, A.TELL_TIMEOUT), "3261 §17.2.1 ¶8"),
    (S.IS_COMPLETED, E.GOT_ACK): (S.IS_CONFIRMED, (A.STOP, A.LIMIT_I), "3261 §17.2.1 ¶7"),
    (S.IS_COMPLETED, E.TRANSPORT_ERROR): (S.TERMINATED, (A.STOP, A.TELL_TRANSPORT), "3261 §17.2.4"),
    (S.IS_CONFIRMED, E.GOT_AGAIN): (S.IS_CONFIRMED, (), "3261 §17.2.1 ¶9"),
    (S.IS_CONFIRMED, E.GOT_ACK): (S.IS_CONFIRMED, (), "3261 §17.2.1 ¶9"),
    (S.IS_CONFIRMED, E.TRANSPORT_ERROR): (S.IS_CONFIRMED, (), "3261 figure 7: nothing is under way"),
    (S.IS_CONFIRMED, E.TIMER_I): (S.TERMINATED, (), "3261 §17.2.1 ¶9"),
    (S.IS_ACCEPTED, E.GOT_AGAIN): (S.IS_ACCEPTED, (), "6026 §7.1: absorbed, the user repeats its 2xx"),
    (S.IS_ACCEPTED, E.GOT_ACK): (S.IS_ACCEPTED, (A.PASS,), "6026 §7.1"),
    (S.IS_ACCEPTED, E.SEND_2XX): (S.IS_ACCEPTED, (A.TRANSMIT,), "6026 §7.1"),
    (S.IS_ACCEPTED, E.TRANSPORT_ERROR): (S.IS_ACCEPTED, (A.TELL_TRANSPORT,), "6026 §7.1"),
    (S.IS_ACCEPTED, E.TIMER_L): (S.TERMINATED, (), "6026 §7.1"),
    # ------------------------------------------------------------ other server, §17.2.2
    (S.NEW, E.GOT_REQUEST): (S.NS_TRYING, (A.PASS,), "3261 §17.2.2 ¶1"),
    (S.NS_TRYING, E.GOT_AGAIN): (S.NS_TRYING, (), "3261 §17.2.2 ¶2"),
    (S.NS_TRYING, E.SEND_1XX): (S.NS_PROCEEDING, (A.TRANSMIT,), "3261 §17.2.2 ¶2"),
    (S.NS_TRYING, E.SEND_2XX): (S.NS_COMPLETED, (A.LIMIT_J, A.TRANSMIT), "3261 §17.2.2 ¶2"),
    (S.NS_TRYING, E.SEND_3XX): (S.NS_COMPLETED, (A.LIMIT_J, A.TRANSMIT), "3261 §17.2.2 ¶2"),
    (S.NS_TRYING, E.TRANSPORT_ERROR): (S.TERMINATED, (A.TELL_TRANSPORT,), "3261 §17.2.4"),
    (S.NS_PROCEEDING, E.GOT_AGAIN): (S.NS_PROCEEDING, (A.TRANSMIT,), "3261 §17.2.2 ¶3"),
    (S.NS_PROCEEDING, E.SEND_1XX): (S.NS_PROCEEDING, (A.TRANSMIT,), "3261 §17.2.2 ¶3"),
    (S.NS_PROCEEDING, E.SEND_2XX): (S.NS_COMPLETED, (A.LIMIT_J, A.TRANSMIT), "3261 §17.2.2 ¶3"),
    (S.NS_PROCEEDING, E.SEND_3XX): (S.NS_COMPLETED, (A.LIMIT_J, A.TRANSMIT), "3261 §17.2.2 ¶3"),
    (S.NS_PROCEEDING, E.TRANSPORT_ERROR): (S.TERMINATED, (A.TELL_TRANSPORT,), "3261 §17.2.4"),
    (S.NS_COMPLETED, E.GOT_AGAIN): (S.NS_COMPLETED, (A.TRANSMIT,), "3261 §17.2.2 ¶4"),
    (S.NS_COMPLETED, E.SEND_1XX): (S.NS_COMPLETED, (), "3261 §17.2.2 ¶4: discarded"),
    (S.NS_COMPLETED, E.SEND_2XX): (S.NS_COMPLETED, (), "3261 §17.2.2 ¶4: discarded"),
    (S.NS_COMPLETED, E.SEND_3XX): (S.NS_COMPLETED, (), "3261 §17.2.2 ¶4: discarded"),
    (S.NS_COMPLETED, E.TRANSPORT_ERROR): (S.TERMINATED, (A.STOP, A.TELL_TRANSPORT), "3261 §17.2.4"),
    (S.NS_COMPLETED, E.TIMER_J): (S.TERMINATED, (), "3261 §17.2.2 ¶5"),
}
del S, E, A
