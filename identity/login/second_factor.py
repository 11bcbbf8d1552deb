"""The second factor: six digits of an authenticator app (TOTP, RFC 6238; T30). Nothing here commits."""

from datetime import datetime
from hmac import compare_digest

from pyotp import random_base32
from pyotp.totp import TOTP
from sqlalchemy import RowMapping, select, update

from identity.audit import service as audit
from identity.errors import CodeNeeded, SecondFactorSet, WrongCode
from identity.roles.rights import Actor
from identity.users.models import user
from kit.db import Tx
from kit.seal import Seal

ISSUER = "Ahize"
STEP_S = 30
_SKEW = 1  # steps that a phone's clock may be off, either way
_SEALED = "totp"


async def begin(tx: Tx, seal: Seal, actor: Actor) -> tuple[str, str]:
    """A new secret for a person, and the address that apps read as a picture; it counts once `confirm` took a code.

    Raises SecondFactorSet.
    """
    secret = random_base32()
    values = {"totp_sealed": seal.seal(secret, _SEALED), "totp_step": None}
    mine = (user.c.id == actor.user) & user.c.totp_since.is_(None)
    if (await tx.conn.execute(update(user).where(mine).values(**values))).rowcount != 1:
        raise SecondFactorSet()
    return secret, TOTP(secret).provisioning_uri(name=actor.login, issuer_name=ISSUER)


async def confirm(tx: Tx, seal: Seal, person: str, code: str, now: datetime) -> None:
    """Switch the second factor on by its first code. Raises WrongCode."""
    row = await _row(tx, person)
    if row["totp_sealed"] is None or row["totp_since"] is not None:
        raise WrongCode()
    await _take(tx, seal, row, code, now)
    await tx.conn.execute(update(user).where(user.c.id == person).values(totp_since=now))
    await audit.record(tx, person, "second_factor.set", person, at=now)


async def demand(tx: Tx, seal: Seal, person: str, code: str | None, now: datetime) -> None:
    """Let in only with a code, if the person has a second factor. Raises CodeNeeded, WrongCode."""
    row = await _row(tx, person)
    if row["totp_since"] is None:
        return
    if code is None:
        raise CodeNeeded()
    await _take(tx, seal, row, code, now)


async def remove(tx: Tx, person: str, by: str | None, now: datetime) -> None:
    """The person signs in without one until it is set up again: the phone is lost. `by` None: the command line."""
    nothing = {"totp_sealed": None, "totp_since": None, "totp_step": None}
    await tx.conn.execute(update(user).where(user.c.id == person).values(**nothing))
    await audit.record(tx, by, "second_factor.removed", person, at=now)


def step_of(secret: str, code: str, after: int | None, now: datetime) -> int | None:
    """The step whose code this is, newer than `after`; None: it is none of those that may be taken now."""
    totp, current = TOTP(secret), int(now.timestamp()) // STEP_S
    steps = range(current - _SKEW, current + _SKEW + 1)
    fresh = [step for step in steps if after is None or step > after]
    return next((step for step in fresh if compare_digest(totp.at(step * STEP_S), code)), None)


async def _take(tx: Tx, seal: Seal, row: RowMapping, code: str, now: datetime) -> None:
    step = step_of(seal.open(row["totp_sealed"], _SEALED), code, row["totp_step"], now)
    if step is None:
        raise WrongCode()
    await tx.conn.execute(update(user).where(user.c.id == row["id"]).values(totp_step=step))


async def _row(tx: Tx, person: str) -> RowMapping:
    query = select(user.c.id, user.c.totp_sealed, user.c.totp_since, user.c.totp_step).where(user.c.id == person)
    return (await tx.conn.execute(query)).mappings().one()
