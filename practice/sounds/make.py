"""Makes every spoken and sounded WAV of the repository: `python -m practice.sounds.make` (needs espeak-ng and sox).

The service's own prompts go to media/prompts, the voices of the practice exchange to practice/sounds.
"""

import math
import shutil
import struct
import subprocess
import tempfile
import wave
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROMPTS, VOICES = ROOT / "media" / "prompts", ROOT / "practice" / "sounds"
RATE = 8000

# path below its folder: (espeak voice, words a minute, text, seconds of silence after it)
SPOKEN: dict[Path, tuple[str, int, str, float]] = {
    PROMPTS / "tr/greeting.wav": ("tr", 175, "Hoş geldiniz. Sizi bir temsilciye bağlıyoruz.", 0.2),
    PROMPTS / "en/greeting.wav": ("en-gb", 175, "Welcome. We are connecting you to an agent.", 0.2),
    PROMPTS / "tr/wait.wav": ("tr", 175, "Lütfen hatta kalın.", 0.5),
    PROMPTS / "en/wait.wav": ("en-gb", 175, "Please hold the line.", 0.5),
    PROMPTS / "tr/recorded.wav": ("tr", 175, "Görüşmemiz kayda alınacaktır.", 0.2),
    PROMPTS / "en/recorded.wav": ("en-gb", 175, "Our talk will be recorded.", 0.2),
    PROMPTS / "tr/message.wav": (
        "tr",
        180,
        "Sizi aradık, ancak şu anda bağlayamadık. Özür dileriz. Aranmak istemiyorsanız bu numarayı arayın.",
        0.2,
    ),
    PROMPTS / "en/message.wav": (
        "en-gb",
        180,
        "We called you, but could not connect you. We are sorry. To stop our calls, please call this number.",
        0.2,
    ),
    VOICES / "hello_tr.wav": ("tr+f2", 165, "Alo, buyurun?", 0.0),
    VOICES / "hello_en.wav": ("en-us", 165, "Hello? Who is it?", 0.0),
    VOICES / "phrase_1.wav": ("tr+f2", 170, "Evet, sizi dinliyorum.", 0.0),
    VOICES / "phrase_2.wav": ("tr+m3", 170, "Peki, ne kadar tutuyor?", 0.0),
    VOICES / "phrase_3.wav": ("en-us", 165, "Yes, that sounds fine.", 0.0),
    VOICES / "operator.wav": ("tr+f4", 170, "İyi günler, size nasıl yardımcı olabilirim?", 0.0),
    VOICES / "machine.wav": ("tr+m1", 170, "Şu anda telefona bakamıyorum. Bip sesinden sonra mesaj bırakın.", 0.3),
}

# Music for those who wait: semitones above middle C, a chord a line, note after note
CHORDS = (
    (0, 4, 7, 12, 7, 4, 7, 12),
    (-3, 0, 4, 9, 4, 0, 4, 9),
    (-7, -3, 0, 5, 0, -3, 0, 5),
    (-5, -1, 2, 7, 2, -1, 2, 7),
)
NOTE_S, RINGS_S, LOUD = 0.4, 1.2, 2600
BEFORE_MUSIC = frozenset({PROMPTS / "tr/wait.wav", PROMPTS / "en/wait.wav"})

# path: (hertz, seconds, level)
SOUNDED: dict[Path, tuple[float, float, int]] = {
    PROMPTS / "beep.wav": (880.0, 0.2, 6000),
    VOICES / "machine_beep.wav": (1000.0, 0.5, 8000),
    VOICES / "fax.wav": (2100.0, 1.0, 8000),
}


def write(path: Path, samples: bytes) -> None:
    """A WAV of 8 kHz, mono, 16 bit."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(samples)


def speak(voice: str, speed: int, text: str, pause: float) -> bytes:
    """Samples of a sentence: cut at its ends, levelled, telephone bandwidth."""
    with tempfile.TemporaryDirectory() as folder:
        spoken, ready = f"{folder}/spoken.wav", f"{folder}/ready.wav"
        run("espeak-ng", "-v", voice, "-s", str(speed), "-w", spoken, text)
        cut = ["silence", "1", "0.01", "0.5%", "reverse"] * 2
        run("sox", "-D", spoken, "-b", "16", "-r", str(RATE), ready, "norm", "-4", "highpass", "200", *cut)
        with wave.open(ready, "rb") as file:
            return file.readframes(file.getnframes()) + bytes(2 * int(pause * RATE))


def run(program: str, *arguments: str) -> None:
    path = shutil.which(program)
    if path is None:
        raise SystemExit(f"{program} is not installed: apt install {program}")
    subprocess.run([path, *arguments], check=True)  # noqa: S603


def sine(hertz: float, seconds: float, level: int) -> bytes:
    """Samples of a tone that fades in and out over 5 ms."""
    count, fade = int(seconds * RATE), RATE // 200
    swell = (level * min(1.0, n / fade, (count - n) / fade) for n in range(count))
    return struct.pack(f"<{count}h", *(int(a * math.sin(2 * math.pi * hertz * n / RATE)) for n, a in enumerate(swell)))


def music() -> bytes:
    """Samples of the chords, each note dying away over the next ones."""
    tune = [0.0] * int((NOTE_S * sum(map(len, CHORDS)) + RINGS_S) * RATE)
    for place, semitone in enumerate(note for chord in CHORDS for note in chord):
        first, turn = int(place * NOTE_S * RATE), 2 * math.pi * 261.63 * 2 ** (semitone / 12) / RATE
        for n in range(int(RINGS_S * RATE)):
            fade = min(1.0, n / 80) * math.exp(-3.5 * n / RINGS_S / RATE)
            tune[first + n] += LOUD * fade * (math.sin(turn * n) + 0.3 * math.sin(2 * turn * n))
    return struct.pack(f"<{len(tune)}h", *map(int, tune))


def main() -> None:
    for path, (voice, speed, text, pause) in SPOKEN.items():
        write(path, speak(voice, speed, text, pause) + (music() if path in BEFORE_MUSIC else b""))
    for path, tone in SOUNDED.items():
        write(path, sine(*tone))


if __name__ == "__main__":
    main()
