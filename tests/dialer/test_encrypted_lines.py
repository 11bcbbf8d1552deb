"""A campaign on a trunk whose sound is encrypted, against Asterisk."""

import pytest
from asterisk import Pbx, pbx  # noqa: F401
from small_centre import campaign
from test_real_lines import RealCentre, first

from dialer.ports import CallConnected
from dialer.trunks import Trunk
from media.session import Encryption

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(60)]


async def test_operator_and_customer_talk_over_a_trunk_that_takes_nothing_in_clear(pbx: Pbx) -> None:  # noqa: F811
    centre = RealCentre(pbx, campaign(ring_s=3.0))
    centre.trunk = Trunk(  # type: ignore[assignment]
        "pbx",
        *pbx.address,
        "dialer-srtp",
        "dialer-srtp-secret",
        realm="pbx.test",
        cps=0,
        srtp=Encryption.REQUIRED,
    )
    centre.take_lines()
    try:
        await centre.open()
        await centre.sit_down()
        centre.leads.add(first(centre), ["+905325400001"])
        await centre.until(lambda: bool(centre.facts(CallConnected)), 10)
        await centre.phone.hears(within=10)

        sounds = [leg.sound for leg in centre.sip._legs.values()]
        assert len(sounds) == 2
        assert all(sound.local.secure and sound.remote is not None and sound.remote.cryptos for sound in sounds)
        assert sum(sound.stats.forged + sound.stats.replayed for sound in sounds) == 0
    finally:
        await centre.close()
