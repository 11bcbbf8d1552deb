"""When a call is recorded: from its first join on, where its campaign wants it, or the project of the number called."""

from dialer.floor import Floor, LiveCall, Run
from dialer.shapes import CallId, CampaignId, OperatorId, Reason, RecordedCall, WithoutRecording


class Taping:
    """The operator's leg is never recorded by itself: the customer's is, and that ends with the call."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    def begin(self, call: LiveCall) -> None:
        """Record the call that was just joined. One that was recorded before goes on, also from a pause of its former
        operator, of which the new one knows nothing."""
        recordings = self._floor.ports.recordings
        if call.taped:
            self._floor.ports.lines.pause_recording(call.leg, paused=False)
        elif recordings is not None and _wanted(call):
            call.taped = True
            sink = recordings.open(RecordedCall(call.id, call.project, _campaign(call), call.operator))
            self._floor.ports.lines.record(call.leg, sink)

    def pause(self, call_id: CallId, operator: OperatorId, paused: bool) -> None:
        """Raises NotYourCall."""
        call = self._floor.talk_of(call_id, operator)
        self._floor.ports.lines.pause_recording(call.leg, paused=paused)


def _wanted(call: LiveCall) -> bool:
    if call.caller is not None:
        return call.caller.record
    return call.campaign is not None and call.campaign.record


def _campaign(call: LiveCall) -> CampaignId | None:
    if call.caller is not None:
        return call.caller.campaign
    return call.campaign.id if call.campaign is not None else None


def unrecorded(floor: Floor, run: Run) -> Reason | None:
    """Why a campaign that does not dial without recordings must wait."""
    recordings, campaign = floor.ports.recordings, run.campaign
    if recordings is None or not campaign.record or campaign.without_recording is not WithoutRecording.STOP:
        return None
    return recordings.trouble()
