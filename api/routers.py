"""Every slice's routes. A new slice adds its line here, and its routes to the table of rights in the tests."""

from fastapi import APIRouter

from campaigns.campaigns import routes as campaigns
from campaigns.dispositions import routes as dispositions
from campaigns.lists import routes as lists
from campaigns.projects import routes as projects
from campaigns.rules import routes as rules
from desk.calls import routes as calls
from desk.monitoring import routes as monitoring
from desk.recordings import routes as recordings
from desk.status import routes as desk
from identity.audit import routes as audit
from identity.login import routes as login
from identity.roles import routes as roles
from identity.users import routes as users

ROUTERS: tuple[APIRouter, ...] = (
    login.router,
    users.router,
    roles.router,
    audit.router,
    projects.router,
    dispositions.router,
    campaigns.router,
    lists.router,
    rules.router,
    calls.router,
    monitoring.router,
    recordings.router,
    desk.router,
)
