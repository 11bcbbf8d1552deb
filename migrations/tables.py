"""Every slice's tables, in one metadata."""

import campaigns.campaigns.models
import campaigns.dispositions.models
import campaigns.lists.models
import campaigns.projects.models
import contacts.dnc.models
import contacts.numbers.models
import contacts.persons.models
import desk.calls.models
import desk.recordings.models
import desk.status.models
import identity.audit.models
import identity.login.models
import identity.roles.models
import identity.users.models
import kit.event
import kit.idempotency
import kit.keyring
from kit.db import metadata

__all__ = ["metadata"]
