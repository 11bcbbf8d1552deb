"""The dispositions that a new project begins with. A manager changes them as data."""

from typing import Any

REFUSAL_REASONS = [
    {"code": "price", "label": {"tr": "Fiyat", "en": "Price"}},
    {"code": "has_another", "label": {"tr": "Başka firmada", "en": "Has another provider"}},
    {"code": "not_needed", "label": {"tr": "İhtiyacı yok", "en": "Does not need it"}},
    {"code": "no_trust", "label": {"tr": "Güvenmiyor", "en": "Does not trust us"}},
    {"code": "other", "label": {"tr": "Diğer", "en": "Other"}},
]

HOUR_S = 3600.0


def _one(code: str, key: str, tr: str, en: str, flags: list[str], **more: Any) -> dict[str, Any]:
    usual = {"retry_s": None, "needs_reason": False, "reasons": []}
    return {"code": code, "key": key, "label_tr": tr, "label_en": en, "flags": flags, **usual, **more}


USUAL: tuple[dict[str, Any], ...] = (
    _one("success", "1", "Başarılı", "Success", ["success"]),
    _one("refused", "2", "Reddetti", "Refused", ["refusal"], needs_reason=True, reasons=REFUSAL_REASONS),
    _one("callback", "3", "Geri arama", "Call back", ["callback"]),
    _one("undecided", "4", "Düşünecek", "Undecided", [], retry_s=24 * HOUR_S),
    _one("wrong_number", "5", "Yanlış numara", "Wrong number", ["wrong_number"]),
    _one("do_not_call", "6", "Aranmak istemiyor", "Do not call again", ["do_not_call"]),
    _one("machine", "7", "Telesekreter", "Answering machine", ["machine"], retry_s=4 * HOUR_S),
    _one("cut_off", "8", "Ses yok, hat koptu", "No sound, cut off", [], retry_s=HOUR_S),
)
