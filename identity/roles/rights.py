"""Who may do what: rights, the roles that give them, and the person who acts with them. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, false, true
from sqlalchemy.sql.elements import ColumnClause

from kit.errors import NotFound


class Role(StrEnum):
    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


class Right(StrEnum):
    """One thing that a route may ask for. The value is what keys and pages call it."""

    DESK_WORK = "desk.work"
    CALLS_READ = "calls.read"  # any call of the project; one's own need only desk.work
    CALLS_DISPOSE = "calls.dispose"
    CALLS_MONITOR = "calls.monitor"  # hear a call while it goes on
    RECORDINGS_LISTEN = "recordings.listen"
    RECORDINGS_EXPORT = "recordings.export"  # take the sound away as a file
    RECORDINGS_HOLD = "recordings.hold"  # keep one whatever its age
    LISTS_READ = "lists.read"
    LISTS_UPLOAD = "lists.upload"
    CAMPAIGNS_READ = "campaigns.read"
    CAMPAIGNS_EDIT = "campaigns.edit"
    CAMPAIGNS_RUN = "campaigns.run"
    PROJECTS_READ = "projects.read"
    PROJECTS_EDIT = "projects.edit"
    DISPOSITIONS_EDIT = "dispositions.edit"
    DNC_READ = "dnc.read"
    DNC_EDIT = "dnc.edit"
    USERS_READ = "users.read"
    USERS_EDIT = "users.edit"
    ROLES_EDIT = "roles.edit"
    KEYS_OWN = "keys.own"
    AUDIT_READ = "audit.read"
    SYSTEM_READ = "system.read"
    METRICS_READ = "metrics.read"
    SUPERVISE = "supervise"


_OPERATOR = frozenset({Right.DESK_WORK, Right.CALLS_DISPOSE, Right.PROJECTS_READ})
_SUPERVISOR = _OPERATOR | {
    Right.SUPERVISE,
    Right.CALLS_READ,
    Right.CALLS_MONITOR,
    Right.RECORDINGS_LISTEN,
    Right.CAMPAIGNS_READ,
    Right.DNC_READ,
    Right.USERS_READ,
}
_MANAGER = frozenset(
    {
        Right.CALLS_READ,
        Right.RECORDINGS_LISTEN,
        Right.RECORDINGS_EXPORT,
        Right.RECORDINGS_HOLD,
        Right.LISTS_READ,
        Right.LISTS_UPLOAD,
        Right.CAMPAIGNS_READ,
        Right.CAMPAIGNS_EDIT,
        Right.CAMPAIGNS_RUN,
        Right.PROJECTS_READ,
        Right.DISPOSITIONS_EDIT,
        Right.DNC_READ,
        Right.DNC_EDIT,
        Right.USERS_READ,
        Right.KEYS_OWN,
        Right.SYSTEM_READ,
        Right.SUPERVISE,
    }
)
_ADMINISTRATOR = frozenset(Right) - {Right.DESK_WORK, Right.CALLS_DISPOSE, Right.CALLS_MONITOR}

ROLE_RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OPERATOR: _OPERATOR,
    Role.SUPERVISOR: _SUPERVISOR,
    Role.MANAGER: _MANAGER,
    Role.ADMINISTRATOR: _ADMINISTRATOR,
}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in one project, or in every project (`project` None)."""

    project: str | None
    role: Role


@dataclass(frozen=True, slots=True)
class Actor:
    """The person behind a request, with what this sign-in or key lets them do.

    `scopes` is set for an API key only and narrows the roles' rights. `session` and `key` say what they came with.
    """

    user: str
    login: str
    name: str
    locale: str
    extension: str | None
    grants: tuple[Grant, ...]
    has_password: bool = True
    second_factor: bool = False
    session: bytes | None = None
    by_link: bool = False
    key: str | None = None
    scopes: frozenset[Right] | None = None

    @property
    def must_enrol(self) -> bool:
        """An administrator whose sign-in has no second factor yet, and who may do nothing else before (T30)."""
        administers = any(grant.role is Role.ADMINISTRATOR for grant in self.grants)
        return administers and self.session is not None and not self.second_factor

    def may(self, right: Right, project: str | None) -> bool:
        """Whether `right` is given in `project`; None is what belongs to no single project and needs a wide grant."""
        reach = self.projects(right)
        return reach is None or (project is not None and project in reach)

    def may_somewhere(self, right: Right) -> bool:
        return any(self._gives(grant, right) for grant in self.grants)

    def projects(self, right: Right) -> frozenset[str] | None:
        """The projects in which `right` is given; None: in every project, those to come included."""
        found = [grant.project for grant in self.grants if self._gives(grant, right)]
        if None in found:
            return None
        return frozenset(project for project in found if project is not None)

    def check(self, right: Right, project: str | None) -> None:
        """Let what belongs to `project` be used.

        Raises NotFound, never Forbidden: what is foreign must look like what does not exist.
        """
        if not self.may(right, project):
            raise NotFound()

    def reaches(self, right: Right, column: ColumnClause[str] | ColumnElement[str | None]) -> ColumnElement[bool]:
        """The WHERE clause that keeps a list within the projects of `right`."""
        reach = self.projects(right)
        if reach is None:
            return true()
        return column.in_(sorted(reach)) if reach else false()

    def rights(self) -> list[Right]:
        """Every right that is given somewhere, in the order of their declaration."""
        return [right for right in Right if self.may_somewhere(right)]

    def _gives(self, grant: Grant, right: Right) -> bool:
        return right in ROLE_RIGHTS[grant.role] and (self.scopes is None or right in self.scopes)


def narrowed(grants: Iterable[Grant], project: str | None) -> tuple[Grant, ...]:
    """The grants as a key for one project has them; `project` None leaves them as they are."""
    if project is None:
        return tuple(grants)
    return tuple(Grant(project, grant.role) for grant in grants if grant.project in (None, project))
