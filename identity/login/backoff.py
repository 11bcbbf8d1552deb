"""How long the next sign-in has to wait after failed ones (T30)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from identity.errors import WaitBeforeSignIn
from identity.login.models import sign_in_try
from kit.db import Tx

FORGET_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Patience:
    """`free` tries cost nothing, then each doubles the wait from 1 s up to `longest_s`."""

    free: int
    longest_s: int

    def wait_s(self, count: int) -> int:
        """Seconds until the next try after `count` that failed."""
        over = count - self.free
        return 0 if over <= 0 else min(self.longest_s, 2 ** min(over - 1, 20))


ACCOUNT = Patience(free=5, longest_s=300)
ADDRESS = Patience(free=50, longest_s=900)  # a whole centre may sit behind one address


async def admit(tx: Tx, digest: bytes, patience: Patience, now: datetime) -> None:
    """Count a try as failed before it is made, so that tries made at once do not pass side by side.

    Raises WaitBeforeSignIn when the wait of the earlier ones is not over.
    """
    query = select(sign_in_try).where(sign_in_try.c.digest == digest)
    row = (await tx.conn.execute(query)).one_or_none()
    if row is not None and row.blocked_until > now:
        raise WaitBeforeSignIn(max(1, round((row.blocked_until - now).total_seconds())))
    count = 1 if row is None or now - row.last_at > FORGET_AFTER else row.tries + 1
    values = {"tries": count, "last_at": now, "blocked_until": now + timedelta(seconds=patience.wait_s(count))}
    if row is None:
        await tx.conn.execute(insert(sign_in_try).values(digest=digest, **values))
    else:
        await tx.conn.execute(update(sign_in_try).where(sign_in_try.c.digest == digest).values(**values))


async def forgive(tx: Tx, digest: bytes) -> None:
    """Forget every failed try of an account whose person is in."""
    await tx.conn.execute(delete(sign_in_try).where(sign_in_try.c.digest == digest))


async def take_back(tx: Tx, digest: bytes, now: datetime) -> None:
    """Uncount one try of an address: the sign-in was right. The others stay counted."""
    one_less = {"tries": sign_in_try.c.tries - 1, "blocked_until": now}
    await tx.conn.execute(update(sign_in_try).where(sign_in_try.c.digest == digest).values(**one_less))


async def sweep(tx: Tx, now: datetime) -> None:
    await tx.conn.execute(delete(sign_in_try).where(sign_in_try.c.last_at < now - FORGET_AFTER))
