"""A campaign on a trunk whose sound is encrypted, against Asterisk."""

import pytest
from asterisk import Pbx, pbx  # noqa: F401
from small_centre import campaign
from test_real_lines import RealCentre, first

from dialer.facts import CallConnected
from dialer.trunks import Trunk
from media.session import Encryption
from sip.tls import Tls

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(60)]


@pytest.mark.parametrize("transport", ["udp", "tls"])
async def test_operator_and_customer_talk_over_a_trunk_that_takes_nothing_in_clear(
    pbx: Pbx,  # noqa: F811
    transport: str,
) -> None:
    centre = RealCentre(pbx, campaign(ring_s=3.0))
    user = "dialer-tls" if transport == "tls" else "dialer-srtp"
    centre.trunk = Trunk(  # type: ignore[assignment]
        "pbx",
        "localhost",
        pbx.port + (transport == "tls"),
        user,
        f"{user}-secret",
        realm="pbx.test",
        cps=0,
        srtp=Encryption.REQUIRED,
        transport=transport,
    )
    centre.take_lines(tls=Tls(str(pbx.folder / "tls" / "cert.pem")))
    try:
        await centre.open()
        await centre.sit_down()
        centre.leads.add(first(centre), ["+905325400001"])
        await centre.until(lambda: bool(centre.facts(CallConnected)), 10)
        await centre.phone.hears(within=10)

        sounds = [leg.sound for leg in centre.sip._legs.values()]
        assert len(sounds) == 2
        assert all(sound.local.secure and sound.remote is not None and sound.remote.cryptos for sound in sounds)
        assert sum(sound.figures.stats.forged + sound.figures.stats.replayed for sound in sounds) == 0
    finally:
        await centre.close()
