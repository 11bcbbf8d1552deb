"""The description of the API that the desk's types are made from is that of the routes."""

from pathlib import Path

from cli.upkeep import openapi

COMMITTED = Path(__file__).parents[2] / "web" / "openapi.json"


def test_the_committed_description_is_that_of_the_routes():
    assert COMMITTED.read_text().strip() == openapi(), "run: .venv/bin/ahize openapi > web/openapi.json; npm run api"
