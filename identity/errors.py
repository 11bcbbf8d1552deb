"""What goes wrong between a person and the door.

Unauthenticated ── NotSignedIn, WrongSignIn, CodeNeeded, WrongCode
Forbidden ──────── NoRight, NotOurPage, SecondFactorNeeded
AhizeError ─────── LinkGone                    410
Conflict ───────── LoginTaken, ExtensionTaken, LastAdministrator, SecondFactorSet
TooMany ────────── WaitBeforeSignIn            429 with Retry-After
Invalid ────────── WeakPassword
"""

from kit.errors import AhizeError, Conflict, Forbidden, Invalid, TooMany, Unauthenticated, Unavailable


class NotSignedIn(Unauthenticated):
    """Sign in first; a sign-in ends after its time, and when the account is closed."""

    code = "not_signed_in"


class WrongSignIn(Unauthenticated):
    """This name and password do not belong together; check both and try again."""

    code = "wrong_sign_in"


class CodeNeeded(Unauthenticated):
    """Send the code that your authenticator app shows too."""

    code = "code_needed"


class WrongCode(Unauthenticated):
    """This code is wrong or was used already; send the next one that your authenticator app shows."""

    code = "wrong_code"


class SecondFactorNeeded(Forbidden):
    """Administrators sign in with a second factor; set yours up first (POST /api/v1/me/second-factor)."""

    code = "second_factor_needed"


class SecondFactorSet(Conflict):
    """Your second factor is set up already; an administrator can take it away, then set it up anew."""

    code = "second_factor_set"


class NoRight(Forbidden):
    """Your role does not allow this; ask an administrator for the right."""

    code = "no_right"

    def __init__(self, right: str) -> None:
        super().__init__(right=right)


class KeyCannot(Forbidden):
    """A key cannot do this; sign in as a person."""

    code = "key_cannot"


class LinkGone(AhizeError):
    """This link was used already or is too old; ask for a new one."""

    code = "link_gone"
    status = 410


class LoginTaken(Conflict):
    """Somebody has this sign-in name already; choose another one."""

    code = "login_taken"


class ExtensionTaken(Conflict):
    """Another operator has this extension; choose another one."""

    code = "extension_taken"


class LastAdministrator(Conflict):
    """This would leave nobody to administer the service; make somebody else an administrator first."""

    code = "last_administrator"


class WaitBeforeSignIn(TooMany):
    """There were too many failed sign-ins; wait the given seconds and try again."""

    code = "wait_before_sign_in"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(retry_after_s=retry_after_s)


class SignInBusy(Unavailable):
    """Too many people sign in at this moment; try again in a few seconds."""

    code = "sign_in_busy"


class WeakPassword(Invalid):
    """This password is too easy to guess; take a longer one that is not on lists of known passwords."""

    code = "weak_password"

    def __init__(self, why: str, message: str, field: str = "password") -> None:
        super().__init__(errors=[{"field": field, "code": why, "message": message}])


class NotOurPage(Forbidden):
    """This change did not come from a page of this service; send X-Ahize: 1 and the Origin, or use an API key."""

    code = "not_our_page"
