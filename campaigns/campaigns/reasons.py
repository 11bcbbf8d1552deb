"""Why a campaign dials as it does, in one sentence that says what to do about it. Pure."""

from collections.abc import Mapping
from typing import Any

_SENTENCES: dict[str, str] = {
    "campaign_not_running": "The campaign is {state}; start it when it shall dial.",
    "starting": "The campaign was started just now; look again in a few seconds.",
    "no_engine": "Nothing dials in this service; start it with its trunks.",
    # what stops every call
    "trunk_down": "The trunk {trunk} is down ({cause}); GET /api/v1/system says what to mend.",
    "trunk_resting": "The trunk {trunk} failed {faults} times in a row and rests for a moment.",
    "trunks_closed": "None of the {closed} trunks ({trunks}) can be dialed on now; GET /api/v1/system says why.",
    "no_trunk": "The settings have no trunk that the campaign may use; name one that is there, or give one a weight.",
    "trunk_full": "All channels of its trunks are in use; calls go on as they get free.",
    "max_lines": "The campaign uses all of its {limit} lines; raise max_lines if the team can take more.",
    "journal_stuck": "Records cannot be written, so nothing is dialed; look at the database and its disk.",
    "recordings_stuck": "Recordings cannot be kept ({cause}), so this campaign does not dial; look at their disk.",
    "draining": "The service is being stopped and places no more calls.",
    "overtaken": "Another service dials this campaign on the same database.",
    # who would talk
    "no_operators": "No operator is at work; one has to start the shift (F3 on the desk).",
    "no_operator_for_project": "Operators are at work, but none of this project; give one the role in it.",
    "no_operator_ready": "Every operator is busy or on a break; the next who is ready gets a call.",
    "one_per_operator": "One call for each operator who is ready.",
    "dialing_ahead": "Dialing ahead for operators who are about to be free.",
    "enough_in_flight": "Enough calls ring for the operators who are free.",
    "small_team": "Fewer than {least} operators, so one call for each who is ready.",
    "message_missing": "People who reach nobody would hear no message, so one call for each operator; set message.",
    "budget_short": "Nearly as many people reached nobody as the limit allows, so one call for each operator.",
    # whom to call
    "list_finished": "Every lead is done; upload another list.",
    "no_lead_now": "Nobody may be called now; {later} leads wait for their next try.",
    "outside_hours": "Outside the calling hours; {later} leads wait until they open.",
    # what went wrong
    "engine_error": "An error in dialing was logged; it is tried again by itself.",
}


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


def told(code: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """A reason for a reader without a dictionary of codes: with `message`, made of the code if it has no sentence."""
    sentence = _SENTENCES.get(code, code.replace("_", " ").capitalize() + ".")
    return {"code": code, "values": dict(values), "message": sentence.format_map(_Blank(values))}
