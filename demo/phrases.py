"""What the invented events say: sentences of phrases.toml with their blanks filled."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_DATA: dict[str, Any] = tomllib.loads(Path(__file__).with_name("phrases.toml").read_text(encoding="utf-8"))
_FAILURE = {entry["name"]: entry.get("failure", 0.0) for entry in _DATA["activities"]}
_VARIANTS = 400
LOGIN = "Login"


class Body(NamedTuple):
    """What an event says, whoever did it and whenever."""

    activity: str
    description: str
    target: str | None
    outcome: str | None
    metadata: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Phrases:
    """`bodies` by number; `places`: where those of (activity, machine, refused) begin, and their count."""

    bodies: list[Body]
    places: dict[tuple[str, bool, bool], tuple[int, int]]

    def numbers(
        self,
        activities: Sequence[str],
        machine: bool,
        refused: NDArray[np.bool_],
        random: np.random.Generator,
    ) -> NDArray[np.int64]:
        """The number of a body for each of `activities`, of refused ones where `refused`."""
        found = [
            self._place(*each) for each in zip(activities, repeat(machine), refused.tolist(), strict=False)
        ]
        first, count = np.array(found, dtype=np.int64).reshape(-1, 2).T
        return np.asarray(first + (random.random(len(first)) * count).astype(np.int64))

    def _place(self, activity: str, machine: bool, refused: bool) -> tuple[int, int]:
        for key in ((activity, machine, refused), (activity, False, refused)):
            if key in self.places:
                return self.places[key]
        return self._place(activity, machine, False)


def refusals(activities: Sequence[str], random: np.random.Generator) -> NDArray[np.bool_]:
    """Which of `activities` are refused, as often as their kind is."""
    share = np.array([_FAILURE[activity] for activity in activities])
    return np.asarray(random.random(len(share)) < share)


def phrases(random: np.random.Generator) -> Phrases:
    """Some hundreds of ready bodies for each activity: filling them once keeps a year of events quick."""
    made = Phrases([], {})
    for entry in _DATA["activities"]:
        for refused, sentences in ((False, entry["sentences"]), (True, entry.get("failed", []))):
            if sentences:
                key = (entry["name"], entry.get("by") == "machine", refused)
                made.places[key] = (len(made.bodies), _VARIANTS)
                made.bodies.extend(_bodies(entry, sentences, refused, random))
    return made


def _bodies(
    entry: dict[str, Any], sentences: list[str], refused: bool, random: np.random.Generator
) -> list[Body]:
    outcome = ("failure" if refused else "success") if entry.get("outcome") else None
    made = []
    for variant in range(_VARIANTS):
        words = _words(random)
        made.append(
            Body(
                activity=entry["name"],
                description=sentences[variant % len(sentences)].format_map(words),
                target=entry["target"].format_map(words) if "target" in entry else None,
                outcome=outcome,
                metadata={name: words[name] for name in entry["record"]},
            )
        )
    return made


def _words(random: np.random.Generator) -> dict[str, str | int]:
    """One choice for every blank. Small numbers are more frequent than large ones."""
    words: dict[str, str | int] = {}
    places = random.random(len(_DATA["nouns"]) + len(_DATA["numbers"])).tolist()
    for (noun, choices), place in zip(_DATA["nouns"].items(), places, strict=False):
        index = int(place * len(choices))
        words[noun] = choices[index]
        if noun in _DATA["ids"]:
            words[f"{noun}_id"] = f"{_DATA['ids'][noun]}_{1000 + 37 * index}"
    for (name, (low, high)), place in zip(_DATA["numbers"].items(), reversed(places), strict=False):
        words[name] = int(low + place**2 * (high - low))
    return words
