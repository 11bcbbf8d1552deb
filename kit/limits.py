"""What the system allows this process."""

import contextlib
import resource


def allow_many_files() -> None:
    """Raise the soft limit of open files to the hard one: a leg has three, the usual 1,024 end at 300 legs."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
