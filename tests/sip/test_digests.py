"""Digest authentication on both sides (T4, T5)."""

import pytest

import sip
from sip.digest import Credentials, Guard, Verdict, answer, challenges
from sip.errors import ChallengeRefused
from sip.headers import parse_auth
from sip.message import Response

NOW = 1000.0


def challenged(*values: str, status: int = 401) -> Response:
    name = "www-authenticate" if status == 401 else "proxy-authenticate"
    base = {"via": ["SIP/2.0/UDP h"], "from": ["<sip:a@b>;tag=1"], "to": ["<sip:a@b>"], "call-id": ["x"]}
    return Response(status, "", base | {"cseq": ["1 INVITE"], name: list(values)})


def test_the_example_of_rfc_2617() -> None:
    assert (
        answer(
            algorithm="md5",
            username="Mufasa",
            realm="testrealm@host.com",
            password="Circle Of Life",
            method="GET",
            uri="/dir/index.html",
            nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
            qop="auth",
            nc="00000001",
            cnonce="0a4f113b",
        )
        == "6629fae49393a05397450978507c4ef1"
    )


def test_the_example_of_rfc_2069_without_qop() -> None:
    assert (
        answer(
            algorithm="md5",
            username="Mufasa",
            realm="testrealm@host.com",
            password="CircleOfLife",
            method="GET",
            uri="/dir/index.html",
            nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
            qop=None,
            nc="",
            cnonce="",
        )
        == "1949323746fe6a43ef61f9606e7febea"
    )


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("md5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("sha-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616(algorithm: str, expected: str) -> None:
    assert (
        answer(
            algorithm=algorithm,
            username="Mufasa",
            realm="http-auth@example.org",
            password="Circle of Life",
            method="GET",
            uri="/dir/index.html",
            nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            qop="auth",
            nc="00000001",
            cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        )
        == expected
    )


def test_the_example_of_rfc_7616_in_sha_512_256_as_its_erratum_4897_has_it() -> None:
    assert (
        answer(
            algorithm="sha-512-256",
            username="Jäsøn Doe",
            realm="api@example.org",
            password="Secret, or not?",
            method="GET",
            uri="/doe.json",
            nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
            qop="auth",
            nc="00000001",
            cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
        )
        == "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"
    )


def test_the_strongest_offer_is_answered() -> None:
    response = challenged(
        'Digest realm="r", nonce="weak", algorithm=MD5, qop="auth"',
        'Digest realm="r", nonce="strong", algorithm=SHA-256, qop="auth"',
        'Digest realm="r", nonce="strongest", algorithm=SHA-512-256, qop="auth"',
        'Digest realm="r", nonce="unknown", algorithm=SHA-3, qop="auth"',
        'Basic realm="r"',
    )

    name, value = Credentials("u", "p", "r").answer(response, "INVITE", "sip:x")

    assert [one.nonce for one in challenges(response)] == ["strongest", "strong", "weak"]
    assert (name, parse_auth(value)[1]["nonce"]) == ("authorization", "strongest")


def test_a_proxy_is_answered_in_its_own_field() -> None:
    response = challenged('Digest realm="r", nonce="n"', status=407)

    assert Credentials("u", "p", "r").answer(response, "INVITE", "sip:x")[0] == "proxy-authorization"


def test_md5_is_refused_when_the_minimum_is_higher() -> None:
    weak, middle = 'Digest realm="r", nonce="n", qop="auth"', 'Digest realm="r", nonce="n", algorithm=SHA-256'

    with pytest.raises(ChallengeRefused):
        Credentials("u", "p", "r", minimum="SHA-256").answer(challenged(weak), "INVITE", "sip:x")
    with pytest.raises(ChallengeRefused):
        Credentials("u", "p", "r", minimum="sha-512-256").answer(challenged(weak, middle), "INVITE", "sip:x")


def test_only_the_configured_realm_is_answered() -> None:
    with pytest.raises(ChallengeRefused):
        Credentials("u", "p", "ours").answer(challenged('Digest realm="theirs", nonce="n"'), "INVITE", "sip:x")


def test_without_a_configured_realm_the_first_one_stays() -> None:
    credentials = Credentials("u", "p")
    credentials.answer(challenged('Digest realm="first", nonce="n"'), "REGISTER", "sip:x")

    with pytest.raises(ChallengeRefused):
        credentials.answer(challenged('Digest realm="second", nonce="n"'), "REGISTER", "sip:x")
    assert credentials.realm == "first"


@pytest.mark.parametrize(
    "value", ['Digest realm="r"', 'Digest nonce="n"', 'Digest realm="r", nonce="n", qop="auth-int"']
)
def test_a_challenge_that_cannot_be_answered_is_not(value: str) -> None:
    with pytest.raises(ChallengeRefused):
        Credentials("u", "p").answer(challenged(value), "INVITE", "sip:x")


def test_the_nonce_count_goes_on_until_the_nonce_changes() -> None:
    credentials = Credentials("u", "p", "r")
    first = credentials.answer(challenged('Digest realm="r", nonce="n1", qop="auth"'), "REGISTER", "sip:x")
    second = credentials.again("REGISTER", "sip:x")
    third = credentials.answer(challenged('Digest realm="r", nonce="n2", qop="auth"'), "REGISTER", "sip:x")

    assert second is not None
    assert [parse_auth(one[1])[1]["nc"] for one in (first, second, third)] == ["00000001", "00000002", "00000001"]


def test_nothing_goes_on_before_a_challenge_or_without_qop() -> None:
    credentials = Credentials("u", "p", "r")
    before = credentials.again("REGISTER", "sip:x")
    credentials.answer(challenged('Digest realm="r", nonce="n1"'), "REGISTER", "sip:x")

    assert before is None
    assert credentials.again("REGISTER", "sip:x") is None


# ---------------------------------------------------------------- server


def sent(guard: Guard, password: str = "secret", realm: str | None = None, now: float = NOW) -> tuple[Credentials, str]:
    credentials = Credentials("1001", password, realm)
    return credentials, credentials.answer(challenged(*guard.challenge(now)), "REGISTER", "sip:x")[1]


def judge(guard: Guard, header: str | None, now: float = NOW, method: str = "REGISTER") -> Verdict:
    return guard.verify(header, method, {"1001": "secret"}.get, now)


def test_the_strongest_is_offered_first() -> None:
    assert [parse_auth(one)[1]["algorithm"] for one in Guard("r").challenge(NOW)] == ["SHA-512-256", "SHA-256", "MD5"]


def test_right_credentials_are_allowed_and_wrong_ones_refused() -> None:
    guard = Guard("r")

    assert judge(guard, sent(guard)[1]) is Verdict.ALLOWED
    assert judge(guard, sent(guard, "wrong")[1]) is Verdict.REFUSED
    assert judge(guard, sent(guard)[1], method="INVITE") is Verdict.REFUSED
    assert judge(guard, sent(guard)[1].replace('"1001"', '"1002"')) is Verdict.REFUSED


@pytest.mark.parametrize("header", [None, "", "Basic abc", 'Digest realm="other", response="x"', 'Digest realm="x'])
def test_what_is_no_answer_is_challenged(header: str | None) -> None:
    assert judge(Guard("r"), header) is Verdict.CHALLENGE


def test_a_replay_of_the_same_count_is_challenged_again() -> None:
    guard = Guard("r")
    credentials, header = sent(guard)
    first, replayed = judge(guard, header), judge(guard, header)
    following = credentials.again("REGISTER", "sip:x")

    assert (first, replayed) == (Verdict.ALLOWED, Verdict.STALE)
    assert following is not None
    assert judge(guard, following[1]) is Verdict.ALLOWED


def test_an_old_or_foreign_nonce_is_stale() -> None:
    guard, other = Guard("r", lifetime=30), Guard("r")

    assert judge(guard, sent(guard)[1], NOW + 31) is Verdict.STALE
    assert judge(guard, sent(other)[1]) is Verdict.STALE
    assert "stale=true" in guard.challenge(NOW, stale=True)[0]


def test_a_weaker_algorithm_than_offered_is_refused() -> None:
    guard = Guard("r", ["sha-256"])
    md5 = Guard("r", ["md5"], key=guard._key)

    assert judge(guard, sent(md5)[1]) is Verdict.REFUSED


def test_used_nonces_are_forgotten_when_they_have_expired() -> None:
    guard = Guard("r", lifetime=1)
    for number in range(10_002):
        guard._remember(str(number), NOW + number, 1, NOW + number)

    assert len(guard._counts) < 10


def test_a_secret_never_shows() -> None:
    from sip.listener import Account

    assert "hush" not in repr(Account("a", "h", 1, "u", "hush")) + repr(Credentials("u", "hush"))
    assert sip.SipError.__doc__


@pytest.mark.parametrize(
    ("nonce", "nc", "verdict"), [(None, "x", Verdict.REFUSED), ("\udcff.1", "00000001", Verdict.STALE)]
)
def test_right_credentials_with_a_broken_count_or_nonce_are_not_allowed(
    nonce: str | None, nc: str, verdict: Verdict
) -> None:
    guard = Guard("r", ["md5"])
    nonce = nonce or parse_auth(guard.challenge(NOW)[0])[1]["nonce"]
    fields = {"username": "1001", "realm": "r", "uri": "sip:x", "nonce": nonce, "nc": nc, "cnonce": "c", "qop": "auth"}
    response = answer(algorithm="md5", password="secret", method="REGISTER", **fields)

    header = ", ".join(f'{name}="{value}"' for name, value in (fields | {"response": response}).items())

    assert judge(guard, f"Digest {header}") is verdict
