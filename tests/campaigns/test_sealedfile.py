"""Uploaded files on disk: nothing to read in them, nothing changed unnoticed."""

from pathlib import Path

import pytest

from campaigns.lists.sealedfile import PIECE, SealedReader, SealedWriter, pieces
from kit.seal import Seal, SealError


def stored(path: Path, seal: Seal, content: bytes, name: str = "a") -> Path:
    writer = SealedWriter(path, seal, name)
    for start in range(0, len(content), 1000):
        writer.write(content[start : start + 1000])
    writer.finish()
    return path


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7])
def test_what_comes_out_is_what_went_in(tmp_path: Path, seal: Seal, size: int):
    content = bytes(i % 251 for i in range(size))

    path = stored(tmp_path / "f", seal, content)

    assert b"".join(pieces(path, seal, "a")) == content
    assert SealedReader(path, seal, "a").read() == content


def test_the_disk_holds_no_plain_text(tmp_path: Path, seal: Seal):
    path = stored(tmp_path / "f", seal, b"Telefon\n05321005001\n" * 10_000)

    assert b"0532100" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0


def damaged(content: bytes, how: str) -> bytes:
    first = 4 + int.from_bytes(content[:4], "big")
    second = first + 4 + int.from_bytes(content[first : first + 4], "big")
    pieces_of = {
        "empty": b"",
        "cut at a piece": content[:second],
        "cut in a piece": content[:-3],
        "a piece left out": content[:first] + content[second:],
        "pieces swapped": content[first:second] + content[:first] + content[second:],
        "a bit changed": content[:100] + bytes([content[100] ^ 1]) + content[101:],
    }
    return pieces_of[how]


@pytest.mark.parametrize(
    "how", ["empty", "cut at a piece", "cut in a piece", "a piece left out", "pieces swapped", "a bit changed"]
)
def test_damage_is_noticed(tmp_path: Path, seal: Seal, how: str):
    path = stored(tmp_path / "f", seal, bytes(4 * PIECE))
    path.write_bytes(damaged(path.read_bytes(), how))

    with pytest.raises(SealError):
        list(pieces(path, seal, "a"))


def test_a_file_of_another_list_is_not_taken(tmp_path: Path, seal: Seal):
    path = stored(tmp_path / "f", seal, b"x", "a")

    with pytest.raises(SealError):
        list(pieces(path, seal, "b"))
