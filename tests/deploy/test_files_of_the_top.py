"""What stands at the top of the tree says the same things as the tree."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from api.security import HEALTH
from cli.settings import Settings
from kit.settings import load

TOP = Path(__file__).parents[2]
LOCKS = sorted((TOP / "requirements").glob("*.txt"))


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((TOP / "pyproject.toml").read_text())


def rooms(project):
    return {name.removesuffix("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}


def test_the_image_has_every_room(project):
    copied = set(re.findall(r"^COPY (\w+)/ \1/$", (TOP / "Dockerfile").read_text(), re.MULTILINE))
    let_in = set(re.findall(r"^!(\w+)$", (TOP / ".dockerignore").read_text(), re.MULTILINE))

    assert rooms(project) == copied
    assert rooms(project) <= let_in


def test_every_room_has_its_import_rules(project):
    layered = set(re.findall(r"\w+", " ".join(project["tool"]["importlinter"]["contracts"][0]["layers"])))

    assert rooms(project) - {"migrations"} <= layered


def test_make_alone_lists_the_words():
    outside = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}

    said = subprocess.run(["make"], cwd=TOP, env=outside, capture_output=True, text=True, check=True).stdout

    words = [line.split()[1] for line in said.splitlines()]
    assert words == ["help", "demo", "run", "test", "check", "bench", "soak", "web", "pbx", "lock"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_has_pins_with_hashes_and_names_no_host(lock):
    text = lock.read_text()

    pinned = re.findall(r"^([a-z0-9.-]+)==\S+.*\\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)
    assert pinned
    assert len(pinned) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE))
    assert "://" not in text


def test_every_dependency_is_in_the_lock(project):
    names = {re.match(r"[\w-]+", line).group().lower() for line in project["project"]["dependencies"]}

    pinned = set(re.findall(r"^([a-z0-9.-]+)==", (TOP / "requirements" / "service.txt").read_text(), re.MULTILINE))
    assert names <= pinned


def test_compose_knows_no_password_and_opens_only_the_web():
    services = yaml.safe_load((TOP / "compose.yaml").read_text())["services"]

    assert set(services) == {"service", "caddy", "postgres", "redis", "asterisk"}
    opened = {name: service.get("ports", []) for name, service in services.items()}
    assert opened.pop("caddy") == ["80:80", "443:443"]
    assert all(port.startswith("127.0.0.1:") for ports in opened.values() for port in ports)
    for name in ("service", "postgres"):
        secrets = [value for key, value in services[name]["environment"].items() if key.endswith("PASSWORD")]
        assert all(re.match(r"\$\{\w+:\?", value) for value in secrets)
    assert services["service"]["read_only"] is True


def test_the_settings_file_shows_the_defaults():
    shown = yaml.safe_load((TOP / "config.yaml").read_text())
    defaults = Settings.model_validate({"trunks": shown["trunks"]}).model_dump(mode="json", by_alias=True)

    assert {name: shown[name] for name in shown if name != "trunks"} == {
        name: value for name, value in defaults.items() if name != "trunks"
    }
    assert set(shown["trunks"][0]) == set(defaults["trunks"][0])


def image_settings():
    return dict(re.findall(r"(AHIZE_\w+)=(\S+)", (TOP / "Dockerfile").read_text()))


def compose_settings():
    stated = yaml.safe_load((TOP / "compose.yaml").read_text())["services"]["service"]["environment"]
    given = {"AHIZE_SITE": "desk.example", "POSTGRES_PASSWORD": "p", "TRUNK_PASSWORD": "t"}
    return image_settings() | {name: filled_in(value, given) for name, value in stated.items()}


def filled_in(text: str, given: dict[str, str]) -> str:
    """What Compose makes of ${NAME:-default} and ${NAME:?word}."""
    return re.sub(r"\$\{(\w+):[-?]([^}]*)\}", lambda found: given.get(found[1], found[2]), text)


@pytest.mark.parametrize("settings", [image_settings, compose_settings])
def test_every_variable_is_a_setting(settings):
    assert load(Settings, TOP / "config.yaml", environ=settings())


def test_the_client_that_caddy_names_is_believed():
    caddy = yaml.safe_load((TOP / "compose.yaml").read_text())["services"]["caddy"]

    loaded = load(Settings, TOP / "config.yaml", environ=compose_settings())

    assert loaded.server.trusted_proxies == (caddy["networks"]["inside"]["ipv4_address"],)
    assert loaded.server.secure


def test_the_image_asks_for_health_where_it_is():
    assert f"http://127.0.0.1:8080{HEALTH}'" in (TOP / "Dockerfile").read_text()
