"""When a call is recorded: from its first join on, where its campaign wants it."""

from dialer.floor import Floor, LiveCall, Run
from dialer.shapes import CallId, OperatorId, Reason, RecordedCall, WithoutRecording


class Taping:
    """The operator's leg is never recorded by itself: the customer's is, and that ends with the call."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    def begin(self, call: LiveCall) -> None:
        """Record the call that was just joined. One that was recorded before goes on, also from a pause of its former
        operator, of which the new one knows nothing."""
        recordings, campaign = self._floor.ports.recordings, call.campaign
        if call.taped:
            self._floor.ports.lines.pause_recording(call.leg, paused=False)
        elif recordings is not None and campaign is not None and campaign.record:
            call.taped = True
            sink = recordings.open(RecordedCall(call.id, call.project, campaign.id, call.operator))
            self._floor.ports.lines.record(call.leg, sink)

    def pause(self, call_id: CallId, operator: OperatorId, paused: bool) -> None:
        """Raises NotYourCall."""
        call = self._floor.talk_of(call_id, operator)
        self._floor.ports.lines.pause_recording(call.leg, paused=paused)


def unrecorded(floor: Floor, run: Run) -> Reason | None:
    """Why a campaign that does not dial without recordings must wait."""
    recordings, campaign = floor.ports.recordings, run.campaign
    if recordings is None or not campaign.record or campaign.without_recording is not WithoutRecording.STOP:
        return None
    return recordings.trouble()
