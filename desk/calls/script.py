"""A campaign's script with the customer's fields filled in. Pure."""

import re
from collections.abc import Mapping

MISSING = "…"
_FIELD = re.compile(r"\{([^{}\n]{1,64})\}")


def fill(script: str, fields: Mapping[str, str]) -> str:
    """`script` with each `{field}` replaced; names match whatever their case. A field that is empty becomes `…`.

    Values are put in as they are and never read as fields again.
    """
    folded = {_fold(name): value for name, value in fields.items()}
    return _FIELD.sub(lambda match: folded.get(_fold(match[1])) or MISSING, script)


def _fold(name: str) -> str:
    return name.strip().replace("İ", "i").replace("I", "i").replace("ı", "i").casefold()
