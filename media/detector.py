"""Who answered: a person, a machine, a fax, the network; pure.

By sound alone, no words are understood. A person says little and waits to be answered; a recording goes on, in long
phrases and with breaks as between read sentences. So does a person who reads out a company's greeting, and then waits:
who sounds like a recording is given until the deadline to do that. What is not decided in time is taken for a person.
The measures are those of Asterisk's app_amd (initial silence, greeting, words, silence after it), with tones beside
them.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from media.g711 import level
from media.heardtones import Tone, Tones, band_db, spectrum
from media.speech import FRAME_S, Speech

_TONAL_DB = -45.0
_VOWELS_HZ = (200.0, 1000.0)
_STEADY_S, _LONG_TONE_S = 0.12, 0.2
_FAX_S, _BEEP_ALONE_S, _AFTER_BEEP_S, _GREETING_S = 0.4, 1.0, 1.2, 0.3


class Heard(StrEnum):
    HUMAN = "human"
    MACHINE = "machine"
    FAX = "fax"
    SIT = "sit"  # special information tones: the network speaks, nobody was reached
    BEEP = "beep"  # a steady tone in place of a voice
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Tuning:
    """What a campaign may change; seconds, counted from the answer.

    `initial_silence_s`: so long without speech is silence. `after_greeting_s`: the silence in which a person waits.
    `greeting_s`: so much speech, with a break in it, sounds like a recording; `phrase_s`: so does one phrase of this
    length; `words`: so do so many stretches of speech. `after_phrases_s`: the silence in which a person waits who
    sounded so. `break_s`: a pause as between read sentences. `total_s`: the deadline.
    """

    initial_silence_s: float = 2.5
    after_greeting_s: float = 0.7
    after_phrases_s: float = 0.9
    greeting_s: float = 1.7
    phrase_s: float = 1.8
    break_s: float = 0.27
    words: float = 8
    total_s: float = 3.5


@dataclass(frozen=True, slots=True)
class Verdict:
    """`confidence`: 0 to 1, to rank by, no probability. `reason`: a stable code. `at_s`: seconds since the answer."""

    heard: Heard
    confidence: float
    reason: str
    at_s: float


class Detector:
    """One answered call. Feed frames to `hear` and time without any to `wait`; the `verdict` is given once.

    `beep_ended_at`: once a machine was found, when its beep was over; a message may begin then.
    """

    def __init__(self, tuning: Tuning) -> None:
        self._tuning = tuning
        self._speech, self._tones = Speech(), Tones()
        self.verdict: Verdict | None = None
        self.beep_ended_at: float | None = None

    def hear(self, frame: bytes, at: float) -> None:
        """160 samples (8 kHz, 16 bit, native order) that begin `at` seconds after the answer."""
        level_db = 20 * math.log10(max(1, level(frame)) / 32768)
        power = spectrum(np.frombuffer(frame, np.int16))
        if level_db > _TONAL_DB:
            self._tones.hear(power, at)
        tone = self._tones.lasting(at)
        if tone is not None and tone.seconds >= _STEADY_S:
            self._speech.take_back(tone.begins)
        else:
            self._speech.hear(level_db, band_db(power, *_VOWELS_HZ), at)
        self.wait(at + FRAME_S)

    def wait(self, now: float) -> None:
        """It is `now` seconds after the answer."""
        if self.verdict is None:
            self.verdict = self._judge(now)
        elif self.beep_ended_at is None and self.verdict.heard in (Heard.MACHINE, Heard.BEEP):
            # A tone that gave the verdict is the beep itself.
            since = 0.0 if self.verdict.heard is Heard.BEEP else self.verdict.at_s - _LONG_TONE_S
            self.beep_ended_at = self._tones.ended_before(now, since, _STEADY_S)

    def _judge(self, now: float) -> Verdict | None:
        return self._by_tones(now) or self._by_speech(now) or self._by_silence(now)

    def _by_tones(self, now: float) -> Verdict | None:
        if self._tones.announces(_LONG_TONE_S):
            return Verdict(Heard.SIT, 0.95, "three_tones", now)
        if self._tones.fax(_FAX_S):
            return Verdict(Heard.FAX, 0.95, "fax_tone", now)
        return self._by_beep(self._tones.at_least(_LONG_TONE_S), now)

    def _by_beep(self, tones: list[Tone], now: float) -> Verdict | None:
        if sum(tone.seconds for tone in tones) >= _BEEP_ALONE_S:
            return Verdict(Heard.BEEP, 0.9, "steady_tone", now)
        if tones and self._speech.seconds_before(tones[0].begins) >= _GREETING_S:
            return Verdict(Heard.MACHINE, 0.8, "beep_after_greeting", now)
        if tones and now - tones[-1].ends >= _AFTER_BEEP_S and not self._speech.stretches:
            return Verdict(Heard.BEEP, 0.7, "beep_then_silence", now)
        return None

    def _by_speech(self, now: float) -> Verdict | None:
        t, quiet = self._tuning, self._speech.silent_for(now)
        if not self._speech.stretches:
            return None
        read = self._like_a_recording(now)
        if read is None:
            return Verdict(Heard.HUMAN, 0.9, "waits_for_an_answer", now) if quiet >= t.after_greeting_s else None
        if quiet >= t.after_phrases_s:
            return Verdict(Heard.HUMAN, 0.5, "waits_after_phrases", now)
        return read if now >= t.total_s else None

    def _like_a_recording(self, now: float) -> Verdict | None:
        t, stretches, spoken = self._tuning, self._speech.stretches, self._speech.seconds
        if max(s.seconds for s in stretches) >= t.phrase_s:
            return Verdict(Heard.MACHINE, 0.7, "long_phrase", now)
        if len(stretches) >= t.words:
            return Verdict(Heard.MACHINE, 0.6, "many_words", now)
        if spoken >= t.greeting_s and self._speech.breaks(t.break_s):
            return Verdict(Heard.MACHINE, 0.8, "read_sentences", now)
        return None

    def _by_silence(self, now: float) -> Verdict | None:
        if not self._speech.stretches and now >= self._tuning.initial_silence_s and not self._tones.lasting(now):
            return Verdict(Heard.SILENCE, 0.6, "nobody_speaks", now)
        return Verdict(Heard.HUMAN, 0.3, "undecided", now) if now >= self._tuning.total_s else None
