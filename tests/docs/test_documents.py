"""The documents say what the code does: diagrams, links, the desk's words."""

import json
import re
from pathlib import Path

import pytest
import yaml

from campaigns.campaigns.schemas import CampaignPatch
from cli.settings import Settings
from dialer import call, operator
from docs import diagrams
from sip.call import LIFE
from sip.offering import OFFERS
from sip.transaction import TRANSITIONS

TOP = Path(__file__).parents[2]
DOCUMENTS = sorted([TOP / "README.md", TOP / "CONTRIBUTING.md", *(TOP / "docs").rglob("*.md")])
SHOWN = [str(file.relative_to(TOP)) for file in DOCUMENTS]


@pytest.mark.parametrize("document", DOCUMENTS, ids=SHOWN)
def test_diagrams_are_drawn_from_the_tables(document: Path):
    text = document.read_text()

    assert diagrams.drawn(text) == text, "run `python -m docs.diagrams`"


def test_every_diagram_stands_in_the_description_of_the_core():
    placed = re.findall(r"<!-- drawn: ([\w-]+) -->", (TOP / "docs" / "sip.md").read_text())

    assert placed == list(diagrams.diagrams())


def test_every_transition_is_drawn():
    drawn = diagrams.diagrams()
    machines = [text for name, text in drawn.items() if name.startswith("transaction-")]

    assert sum(events(text) for text in machines) == len(TRANSITIONS)
    assert events(drawn["call"]) == len(LIFE)
    assert events(drawn["offer"]) == len(OFFERS)
    assert events(drawn["dialer-call"]) == len(call.TRANSITIONS) + 1  # and that a call comes in
    assert events(drawn["dialer-operator"]) == len(operator.TRANSITIONS)


def events(diagram: str) -> int:
    return sum(len(label.split(", ")) for label in re.findall(r" : (.+)", diagram))


def test_one_arrow_leads_from_a_state_to_another():
    drawn = diagrams.mermaid([("A", "B", "x"), ("A", "B", "y"), ("B", "A", "")])

    assert drawn == "```mermaid\nstateDiagram-v2\n    A --> B : x, y\n    B --> A\n```"


def test_the_settings_and_the_choice_of_several_trunks_are_understood_as_they_stand():
    text = (TOP / "docs" / "howto" / "use-several-trunks.md").read_text()
    (written,) = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (choice,) = re.findall(r"--json '(.+)'$", text, re.MULTILINE)

    names = [trunk.name for trunk in Settings.model_validate(yaml.safe_load(written)).trunks]

    assert CampaignPatch.model_validate_json(choice).trunks == names[::-1]


@pytest.mark.parametrize("document", DOCUMENTS, ids=SHOWN)
def test_links_lead_somewhere(document: Path):
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if "://" not in link:
            file, _, heading = link.partition("#")
            target = document.parent / file if file else document
            assert target.exists(), link
            assert not heading or heading in headings(target), link


def headings(file: Path) -> set[str]:
    """The anchors of a document, as forges make them."""
    titles = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_turkish_words_of_the_glossary_are_the_desks():
    said = lowered(" ".join(texts(json.loads((TOP / "web" / "src" / "locales" / "tr.json").read_text()))))
    rows = re.findall(r"^\| (.+?) \| (.+?) \| .+ \|$", (TOP / "docs" / "glossary.md").read_text(), re.MULTILINE)

    words = {part for _, turkish in rows for part in turkish.split(", ")} - {"–", "Turkish", "---"}
    assert len(words) > 30
    assert {word for word in words if word not in said} == set()


def texts(tree: object) -> list[str]:
    if isinstance(tree, dict):
        return [text for branch in tree.values() for text in texts(branch)]
    return [str(tree)]


def lowered(text: str) -> str:
    """Lower case as Turkish has it."""
    return text.replace("I", "ı").replace("İ", "i").lower()
