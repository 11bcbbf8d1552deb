"""Passwords: hashed with argon2id, and judged by length and known lists before they are taken (ASVS 6.2)."""

import asyncio
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher

from identity.errors import SignInBusy, WeakPassword
from identity.login.known_passwords import KNOWN

Result = TypeVar("Result")

SHORTEST = 12
LONGEST = 256
_WAITING = 64

# OWASP's first argon2id set (46 MiB, one pass, one lane): one lane, because the engine's loop lives on the other core.
_hasher = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=47104, parallelism=1)])
# argon2 lets the interpreter's lock go while it works, so a thread does not hold the loop; two bound the memory.
_threads = ThreadPoolExecutor(2, thread_name_prefix="password")
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv")
# A hash of the same cost whose password nobody kept, so that an unknown person costs what a known one does.
NOBODYS = "$argon2id$v=19$m=47104,t=1,p=1$DYtjJtY3MxJnw+ndljUZ7w$3H2HC8YCJoTKZK4ezE/EKHlExOrQl+7f0z/0Idrn7eY"


class Hashing:
    """Hashes and checks away from the loop; refuses instead of queueing without end."""

    def __init__(self) -> None:
        self._waiting = 0

    async def hash(self, password: str) -> str:
        return await self._run(_hasher.hash, password)

    async def verify(self, password: str, stored: str | None) -> bool:
        """Whether `password` is the stored one. Without a stored one it takes as long and is False (T30)."""
        right = await self._run(_verify, password, stored or NOBODYS)
        return right and stored is not None

    async def _run(self, work: Callable[..., Result], *args: str) -> Result:
        if self._waiting >= _WAITING:
            raise SignInBusy(retry_after_s=3)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(_threads, work, *args)
        finally:
            self._waiting -= 1


hashing = Hashing()


def _verify(password: str, stored: str) -> bool:
    try:
        return _hasher.verify(password, stored)
    except PwdlibError:
        return False


def judge(password: str, *, login: str, name: str, field: str = "password") -> None:
    """Raises WeakPassword for one that is too short, known, a repetition or the person's own name."""
    plain = password.casefold()
    if len(password) < SHORTEST:
        raise WeakPassword("too_short", f"Use at least {SHORTEST} characters.", field)
    if len(password) > LONGEST:
        raise WeakPassword("too_long", f"Use at most {LONGEST} characters.", field)
    if _is_pattern(plain):
        raise WeakPassword("pattern", "Do not repeat or count up a few characters.", field)
    if _is_known(plain, {login.casefold(), *name.casefold().split()}):
        raise WeakPassword("known", "This one is on lists of known passwords; take another.", field)


def _is_pattern(plain: str) -> bool:
    """Few different characters, a short piece again and again, or a walk along the alphabet, digits or keyboard."""
    if len(set(plain)) < 5 or re.fullmatch(r"(.{1,6}?)\1+.{0,5}", plain):
        return True
    threes = ("".join(three) for three in zip(plain, plain[1:], plain[2:], strict=False))
    return sum(map(_walks, threes)) >= 0.7 * (len(plain) - 2)


def _walks(piece: str) -> bool:
    return any(piece in row or piece in row[::-1] for row in _ROWS)


def _is_known(plain: str, own: set[str]) -> bool:
    """On the list as it is, or nothing but known or own words with digits and signs in and around them."""
    bare = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    words = sorted((word for word in KNOWN | own if len(word) >= 4), key=len, reverse=True)
    return _is_made_of(words, plain) or _is_made_of([_unleet(word) for word in words], _unleet(bare))


def _is_made_of(words: Iterable[str], text: str) -> bool:
    """Whether fewer than four letters are left when the words are taken out."""
    for word in words:
        text = text.replace(word, " ")
    return len(re.sub(r"[\W\d_]", "", text)) < 4


_SIGNS = str.maketrans("013457@$!", "oieastasi")


def _unleet(text: str) -> str:
    """Read the digits and signs that stand for letters as those letters."""
    return text.translate(_SIGNS)
