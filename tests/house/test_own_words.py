"""Names and descriptions of the library are our own words: none is a title or a sentence of a standard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from perpend.language.syntax.repository import open_repository
from tests.house.foreign_words import KEPT, hashes, hashes_below, is_foreign, normalized

REPOSITORY = open_repository()
TITLE = "[Sky.1] Clouds should be drawn over every mountain"


def texts_of_section(entity: str) -> Iterator[str]:
    """Yield what a section is called, and how it is described."""
    section = REPOSITORY.section(entity).value
    assert section is not None, entity
    yield from (section.name, section.description)


def texts_of_policy(entity: str) -> Iterator[str]:
    """Yield what a policy is called, how it is described, and how it calls controls of others."""
    policy = REPOSITORY.policy(entity).value
    assert policy is not None, entity
    yield from (policy.names.full, policy.names.contextual, policy.description)
    yield from (link.name for link in policy.similar_security_hub)


def test_no_section_repeats_a_standard() -> None:
    assert [] == [(one, text) for one in REPOSITORY.section_ids for text in texts_of_section(one) if is_foreign(text)]


def test_no_policy_repeats_a_standard() -> None:
    assert [] == [(one, text) for one in REPOSITORY.policy_ids for text in texts_of_policy(one) if is_foreign(text)]


@pytest.mark.parametrize(
    "text",
    [
        "A.8.99 clouds should be drawn, over every mountain",
        "3.5 Clouds should be drawn over every mountain (Automated)",
        "Clouds should be  drawn\nover every 'mountain'.",
        "Of the sky. Clouds should be drawn over every mountain. So it is.",
    ],
)
def test_a_title_is_known_under_another_id_and_among_other_sentences(text: str) -> None:
    assert set(hashes(TITLE)) & set(hashes(text))


@pytest.mark.parametrize("text", ["[Sky.1] Clouds over every mountain", "3.5 Every mountain", ""])
def test_own_words_are_nobody_elses(text: str) -> None:
    assert not set(hashes(TITLE)) & set(hashes(text))


def test_names_with_ids_and_descriptions_are_hashed(tmp_path: Path) -> None:
    """A name without an id is that of a service or of the standard itself, two words are anybody's."""
    for name, text in {
        "titled": f"name: '{TITLE}'\ndescription: Mountains are high. Clouds\n",
        "service": "name: Amazon Cloud Drawing Service\n",
        "short": "name: 3.5 Cloud drawing\n",
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "section.yaml").write_text(text, "utf-8")
    expected = {*hashes(TITLE), *hashes("Mountains are high. Clouds")}
    assert expected == set(hashes_below(tmp_path))
    assert len(expected) == 3
    assert "clouds should be drawn over every mountain" == normalized(TITLE)


def test_hashes_alone_are_kept() -> None:
    assert [] == [line for line in KEPT.read_text("utf-8").splitlines() if not re.fullmatch("[0-9a-f]{16}", line)]
