"""Every setting of `config.yaml`, with what is allowed."""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator


def _a_pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"this is no regular expression ({error}); write one like 10[0-9]{{2}}") from None
    return value


def _a_word(value: object) -> object:
    """YAML reads a bare off as false."""
    return "off" if value is False else value


def _a_folder(value: str | None) -> str | None:
    if value is not None and not Path(value).is_dir():
        raise ValueError("there is no such folder: make it, or take this line out")
    return value


def _an_address(value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        raise ValueError("this is no IP address: write one like 192.0.2.7") from None


Pattern = Annotated[str, AfterValidator(_a_pattern)]
Port = Annotated[int, Field(ge=1, le=65535)]


def _both_or_neither(certificate: str | None, key: str | None) -> None:
    if (certificate is None) != (key is None):
        raise ValueError("tls_certificate and tls_key belong together: give both or neither")


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Server(Section):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    public_url: str | None = None
    hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    tls_certificate: str | None = None
    tls_key: str | None = None
    session_hours: Annotated[int, Field(ge=1, le=24)] = 12
    idle_minutes: Annotated[int, Field(ge=5, le=720)] = 120

    @model_validator(mode="after")
    def tls_is_whole(self) -> "Server":
        _both_or_neither(self.tls_certificate, self.tls_key)
        return self

    @property
    def url(self) -> str:
        """Where browsers find the service, without a slash at the end."""
        scheme = "https" if self.tls_certificate else "http"
        return (self.public_url or f"{scheme}://{self.host}:{self.port}").rstrip("/")

    @property
    def secure(self) -> bool:
        return urlsplit(self.url).scheme == "https"


class Database(Section):
    url: Annotated[str, Field(pattern=r"^(sqlite\+aiosqlite|postgresql\+asyncpg)://")] = (
        "sqlite+aiosqlite:///var/ahize.db"
    )


class Keys(Section):
    master_key_file: str = "var/master.key"


class Log(Section):
    format: Literal["json", "console"] = "json"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Uploads(Section):
    folder: str = "var/uploads"
    limit_mb: Annotated[int, Field(ge=1, le=2048)] = 50


class Recordings(Section):
    folder: str = "var/recordings"
    keep_days: Annotated[int, Field(ge=0, le=36_500)] = 0
    spare_mb: Annotated[int, Field(ge=0, le=1_000_000)] = 512


class Sip(Section):
    host: str = "127.0.0.1"
    advertise: str | None = None
    port: Annotated[int, Field(ge=0, le=65535)] = 5070
    tls_port: Annotated[int, Field(ge=0, le=65535)] = 5071
    tls_ca: str | None = None
    tls_certificate: str | None = None
    tls_key: str | None = None
    user_agent: Annotated[str, Field(pattern=r"^[\w .()/-]{1,64}$")] = "Ahize"

    @model_validator(mode="after")
    def tls_is_whole(self) -> "Sip":
        _both_or_neither(self.tls_certificate, self.tls_key)
        return self


class Media(Section):
    host: str = "127.0.0.1"
    advertise: str | None = None
    port_min: Annotated[int, Field(ge=1024, le=65534)] = 30000
    port_max: Annotated[int, Field(ge=1025, le=65535)] = 31999
    language: Literal["tr", "en"] = "tr"
    prompts: Annotated[str | None, AfterValidator(_a_folder)] = None
    workers: Annotated[int, Field(ge=0, le=64)] = 0

    @model_validator(mode="after")
    def range_holds_a_leg(self) -> "Media":
        if self.port_max - self.port_min < 3:
            raise ValueError("port_max must be at least 3 above port_min: a leg needs two ports")
        return self


class Trunk(Section):
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
    host: str
    transport: Literal["udp", "tcp", "tls"] = "udp"
    port: Port = 5060
    username: str = ""
    password: SecretStr = SecretStr("")
    realm: str | None = None
    register_: Annotated[bool, Field(alias="register")] = True
    min_digest: Literal["md5", "sha-256", "sha-512-256"] = "md5"
    channels: Annotated[int, Field(ge=1, le=10000)] = 30
    calls_per_second: Annotated[float, Field(gt=0, le=1000)] = 10
    weight: Annotated[int, Field(ge=0, le=100)] = 1
    extensions: Pattern = "10[0-9]{2}"
    peers: tuple[Annotated[str, AfterValidator(_an_address)], ...] = ()
    srtp: Annotated[Literal["off", "optional", "required"], BeforeValidator(_a_word)] = "off"
    transfer: bool = False
    trusted: bool = True


class Settings(Section):
    server: Server = Server()
    database: Database = Database()
    keys: Keys = Keys()
    log: Log = Log()
    uploads: Uploads = Uploads()
    recordings: Recordings = Recordings()
    sip: Sip = Sip()
    media: Media = Media()
    trunks: Annotated[tuple[Trunk, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def trunk_names_differ(self) -> "Settings":
        names = [trunk.name for trunk in self.trunks]
        if len(set(names)) != len(names):
            raise ValueError("two trunks have the same name: give each its own")
        return self
