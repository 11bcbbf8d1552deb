import os
import stat

import pytest

from kit.seal import MasterKey, MasterKeyError, Seal, SealError

KEY = MasterKey(bytes(32))


def test_what_is_sealed_opens_again_for_the_same_context_only():
    seal = Seal(KEY)

    sealed = seal.seal("Ayşe Yılmaz", "person.name:1")

    assert seal.open(sealed, "person.name:1") == "Ayşe Yılmaz"
    with pytest.raises(SealError):
        seal.open(sealed, "person.name:2")


def test_two_sealings_differ_and_hide_the_text():
    seal = Seal(KEY)

    one, two = seal.seal("+905321005001", "n"), seal.seal("+905321005001", "n")

    assert one != two
    assert b"532" not in one


@pytest.mark.parametrize("at", [0, 1, 6, 20, -1])
def test_a_changed_byte_anywhere_is_noticed(at):
    seal = Seal(KEY)
    sealed = bytearray(seal.seal("x" * 20, "n"))

    sealed[at] ^= 1

    with pytest.raises(SealError):
        seal.open(bytes(sealed), "n")


@pytest.mark.parametrize("cut", [b"", b"\x01", b"\x01" * 10])
def test_rubbish_does_not_open(cut):
    with pytest.raises(SealError):
        Seal(KEY).open(cut, "n")


def test_another_master_key_does_not_open_and_says_so():
    sealed = Seal(KEY).seal("x", "n")

    with pytest.raises(SealError, match="another master key"):
        Seal(MasterKey(b"\x01" * 32)).open(sealed, "n")


def test_digests_are_equal_for_equal_values_of_one_kind():
    seal = Seal(KEY)

    assert seal.digest("number", "+90532") == seal.digest("number", "+90532")
    assert seal.digest("number", "+90532") != seal.digest("name", "+90532")
    assert seal.digest("ab", "c") != seal.digest("a", "bc")
    assert len(seal.digest("number", "")) == 32


def test_the_key_file_is_made_once_for_the_owner_alone(tmp_path):
    path = tmp_path / "keys" / "master.key"

    first, second = MasterKey.load(path, {}), MasterKey.load(path, {})

    assert first == second
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert first.secret.hex() not in repr(first)


def test_the_environment_comes_first(tmp_path):
    assert MasterKey.load(tmp_path / "k", {"AHIZE_MASTER_KEY": "00" * 32}) == KEY
    assert not (tmp_path / "k").exists()


def test_a_key_file_open_to_others_is_refused(tmp_path):
    path = tmp_path / "master.key"
    MasterKey.load(path, {})
    os.chmod(path, 0o644)

    with pytest.raises(MasterKeyError, match="chmod 600"):
        MasterKey.load(path, {})


@pytest.mark.parametrize("text", ["", "zz", "00" * 31, "00" * 33])
def test_a_broken_key_is_refused_without_being_shown(tmp_path, text):
    path = tmp_path / "master.key"
    path.write_text(text)
    path.chmod(0o600)

    with pytest.raises(MasterKeyError, match="64 hex digits"):
        MasterKey.load(path, {})


def test_without_any_key_it_says_what_to_set():
    with pytest.raises(MasterKeyError, match="AHIZE_MASTER_KEY"):
        MasterKey.load(None, {})
