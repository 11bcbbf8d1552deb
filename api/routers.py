"""Every slice's routes. A new slice adds its line here, and its routes to the table of rights in the tests."""

from fastapi import APIRouter

from identity.audit import routes as audit
from identity.login import routes as login
from identity.roles import routes as roles
from identity.users import routes as users

ROUTERS: tuple[APIRouter, ...] = (login.router, users.router, roles.router, audit.router)
