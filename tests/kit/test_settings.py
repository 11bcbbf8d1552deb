from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from kit import settings
from kit.settings import SettingsError


class Sip(BaseModel):
    bind: str = "127.0.0.1"
    port: int = Field(5060, ge=1, le=65535)
    transport: Literal["udp", "tcp"] = "udp"


class Trunk(BaseModel):
    host: str
    password: str = ""
    channels: int = Field(30, ge=1)
    register_: bool = Field(True, alias="register")


class Config(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = "centre"
    debug: bool = False
    sip: Sip = Sip()
    trunks: dict[str, Trunk] = {}
    mirrors: list[Trunk] = []
    codecs: list[str] = ["PCMA"]
    spare: Trunk | None = None
    spares: tuple[Trunk, ...] | None = None
    master_secret: str | None = None


@pytest.fixture
def load(tmp_path):
    def load(text, **environ):
        path = tmp_path / "config.yaml"
        path.write_text(text)
        return settings.load(Config, path, environ=environ)

    return load


def refused(load, text, **environ):
    with pytest.raises(SettingsError) as error:
        load(text, **environ)
    return str(error.value)


def test_defaults_hold_for_what_is_not_written(load):
    assert load("").sip.port == 5060
    assert load("# only a comment\n").name == "centre"
    assert settings.load(Config, None, environ={}).name == "centre"


def test_the_file_is_read_at_every_depth(load):
    config = load("sip:\n  port: 5070\ntrunks:\n  main: {host: pbx, channels: 5}\nmirrors:\n  - host: b\n")

    assert config.sip.port == 5070
    assert config.trunks["main"].channels == 5
    assert config.mirrors[0].host == "b"


def test_the_environment_overrides_the_file(load):
    config = load(
        "sip:\n  port: 5070\n",
        AHIZE_SIP__PORT="5080",
        AHIZE_NAME="0123",
        AHIZE_DEBUG="true",
        AHIZE_TRUNKS__MAIN__HOST="pbx",
        AHIZE_CODECS="[PCMU, PCMA]",
        OTHER="x",
        AHIZE_MASTER_KEY="no setting",
    )

    assert (config.sip.port, config.name, config.debug) == (5080, "0123", True)
    assert config.trunks["main"].host == "pbx"
    assert config.codecs == ["PCMU", "PCMA"]


def test_the_environment_reaches_into_lists(load):
    text = "mirrors:\n  - host: a\n  - host: b\n    register: false\n"

    config = load(text, AHIZE_MIRRORS__1__PASSWORD="x", AHIZE_MIRRORS__2__HOST="c", AHIZE_MIRRORS__0__REGISTER="false")

    assert [(one.host, one.password, one.register_) for one in config.mirrors] == [
        ("a", "", False),
        ("b", "x", False),
        ("c", "", True),
    ]
    assert load("", AHIZE_SPARE__HOST="a", AHIZE_SPARES__0__HOST="b").spare.host == "a"
    assert "did you mean host?" in refused(load, "", AHIZE_SPARE__HOTS="a")
    assert "did you mean host?" in refused(load, "", AHIZE_SPARES__0__HOTS="a")
    assert load("", AHIZE_MIRRORS__0__HOST="a").mirrors[0].host == "a"
    assert "did you mean host?" in refused(load, text, AHIZE_MIRRORS__0__HOTS="x")
    assert "environment variable AHIZE_MIRRORS__0__CHANNELS" in refused(load, text, AHIZE_MIRRORS__0__CHANNELS="0")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("name: x\nsip:\n  port: 99999\n", ["sip.port", "line 3", "less than or equal to 65535", "it is 99999"]),
        ("sip:\n  port: many\n", ["sip.port", "line 2", "valid integer", "it is 'many'"]),
        ("sip:\n  transport: sctp\n", ["sip.transport", "line 2", "'udp' or 'tcp'", "it is 'sctp'"]),
        ("sip: 5\n", ["sip", "line 1"]),
        ("sip:\n  prot: 5\n", ["sip.prot", "line 2", "did you mean port?"]),
        ("spi:\n  port: 5\n", ["spi", "line 1", "did you mean sip?"]),
        ("zzz: 1\n", ["zzz", "line 1", "allowed here are", "codecs"]),
        ("trunks:\n  main:\n    chanels: 3\n    host: a\n", ["trunks.main.chanels", "line 3", "channels?"]),
        ("trunks:\n  main:\n    channels: 3\n", ["trunks.main.host", "line 2", "Field required"]),
        ("mirrors:\n  - host: a\n  - hots: b\n", ["mirrors.1.hots", "line 3", "did you mean host?"]),
        ("mirrors:\n  - host: a\n    channels: 0\n", ["mirrors.0.channels", "line 3", "greater than or equal to 1"]),
        ("name: a\nname: b\n", ["name", "line 2", "written twice"]),
        ("- a\n", ["no list of settings"]),
        ("a: [1\n", ["line", "correct this line"]),
        ("a: !!python/object/apply:os.system ['id']\n", ["correct this line"]),
    ],
)
def test_a_wrong_setting_is_refused_with_name_line_and_what_is_allowed(load, text, parts):
    sentence = refused(load, text)

    assert [part for part in parts if part not in sentence] == []


def test_every_wrong_setting_is_named_at_once(load):
    sentence = refused(load, "nmae: x\nsip:\n  prot: 1\n  bid: x\n")

    assert len(sentence.splitlines()) == 3


def test_a_wrong_variable_is_named(load):
    assert "environment variable AHIZE_SIP__PORT" in refused(load, "", AHIZE_SIP__PORT="x")
    assert "did you mean port?" in refused(load, "", AHIZE_SIP__PROT="5")
    assert "AHIZE_SPI" in refused(load, "", AHIZE_SPI="5")


def test_secrets_are_not_repeated(load):
    sentence = refused(load, "master_secret: 12345\ntrunks:\n  a: {host: x, password: 987}\n")

    assert "master_secret" in sentence
    assert "12345" not in sentence
    assert "987" not in sentence


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"none\.yaml cannot be read"):
        settings.load(Config, tmp_path / "none.yaml", environ={})
    (tmp_path / "latin.yaml").write_bytes(b"name: \xfe\n")
    with pytest.raises(SettingsError, match="not UTF-8"):
        settings.load(Config, tmp_path / "latin.yaml", environ={})
