import pytest

from identity.errors import WeakPassword
from identity.login.passwords import NOBODYS, _hasher, hashing, judge


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("kısa", "too_short"),
        ("elevensigns", "too_short"),
        ("x" * 257, "too_long"),
        ("aaaaaaaaaaaa", "pattern"),
        ("abcabcabcabcabc", "pattern"),
        ("123456789012", "pattern"),
        ("qwertyuiopas", "pattern"),
        ("abcdefghijklm", "pattern"),
        ("password1234", "known"),
        ("P4ssw0rd2024!", "known"),
        ("istanbul2024!!", "known"),
        ("Galatasaray1905", "known"),
        ("iloveyou-forever", "known"),
        ("ayse.yilmaz2024", "known"),
        ("Yılmaz-Ayşe-1990", "known"),
        ("correcthorsebatterystaple", "known"),
    ],
)
def test_weak_password_is_refused_with_the_reason(password: str, why: str):
    with pytest.raises(WeakPassword) as refused:
        judge(password, login="ayse.yilmaz", name="Ayşe Yılmaz")

    assert refused.value.errors[0]["code"] == why


@pytest.mark.parametrize("password", ["yelken 47 martı", "mor-kedi uçar gece", "xK9#qLw2vTz!", "denizde yürüyen tren"])
def test_long_and_unlisted_password_is_taken_without_rules_of_composition(password: str):
    judge(password, login="ayse.yilmaz", name="Ayşe Yılmaz")


def test_nobodys_hash_costs_what_a_real_one_costs():
    assert NOBODYS.split("$")[:4] == _hasher.hash("any").split("$")[:4]
    assert NOBODYS.startswith("$argon2id$")


async def test_absent_hash_never_fits():
    assert not await hashing.verify("\0", None)
    assert await hashing.verify("yes", await hashing.hash("yes"))
    assert not await hashing.verify("yes", "not a hash")
