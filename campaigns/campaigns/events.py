"""What is told when a campaign changes."""

from datetime import datetime

from kit.journal import Event


def campaign_changed(campaign: str, project: str, state: str, version: int, at: datetime) -> Event:
    return Event.new(
        "ahize.campaign.changed.v1",
        topic=f"project:{project}",
        subject=campaign,
        at=at,
        project=project,
        campaign=campaign,
        state=state,
        version=version,
    )
