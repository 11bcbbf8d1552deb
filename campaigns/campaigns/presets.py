"""How a campaign dials unless its manager says otherwise, by temperature."""

from typing import Any

from dialer.shapes import Detection, Mode, Temperature, WithoutRecording

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S

WORKING_HOURS: dict[str, list[list[str]]] = {
    **{day: [["09:00", "20:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "sat": [["10:00", "18:00"]],
    "sun": [],
}

RETRY: dict[str, Any] = {
    "max_tries": 6,
    "busy": {"delay_s": 900.0, "tries": 4},
    "no_answer": {"delay_s": 4 * HOUR_S, "tries": 4},
    "unavailable": {"delay_s": 2 * HOUR_S, "tries": 3},
    "declined": {"delay_s": DAY_S, "tries": 2},
    "abandoned": {"delay_s": 3 * DAY_S, "tries": 2},
    "hung_up_early": {"delay_s": DAY_S, "tries": 2},
    "machine": {"delay_s": 4 * HOUR_S, "tries": 3},
    "redirected": {"delay_s": 4 * HOUR_S, "tries": 2},
    "lost": {"delay_s": HOUR_S, "tries": 3},
    "failed": {"delay_s": HOUR_S, "tries": 2},
}

_COMMON: dict[str, Any] = {
    "hours": WORKING_HOURS,
    "retry": RETRY,
    "ring_s": 25.0,
    "wrap_up_s": 30.0,
    "connect_s": 2.0,
    "max_lines": 30,
    "abandonment_limit": 0.03,
    "detection": Detection.OFF,
    "detector": {},
    "record": False,
    "without_recording": WithoutRecording.GO_ON,
    "priority": 0,
}

PRESETS: dict[Temperature, dict[str, Any]] = {
    Temperature.COLD: {**_COMMON, "mode": Mode.PREDICTIVE, "purpose": "advert"},
    Temperature.WARM: {**_COMMON, "mode": Mode.PROGRESSIVE, "purpose": "advert", "priority": 5},
    Temperature.HOT: {**_COMMON, "mode": Mode.PROGRESSIVE, "purpose": "service", "priority": 10, "ring_s": 30.0},
}
