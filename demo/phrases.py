"""The contents of the generated events: sentences of phrases.toml with their blanks filled."""

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
    """The fields of an event that do not depend on its agent and time."""

    activity: str
    description: str
    target: str | None
    outcome: str | None
    metadata: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Phrases:
    """`bodies` by number; `ranges`: the first number of those of (activity, machine, refused), and their count."""

    bodies: list[Body]
    ranges: dict[tuple[str, bool, bool], tuple[int, int]]

    def numbers(
        self,
        activities: Sequence[str],
        machine: bool,
        refused: NDArray[np.bool_],
        random: np.random.Generator,
    ) -> NDArray[np.int64]:
        """The number of a body for each of `activities`, of refused ones where `refused`."""
        keys = zip(activities, repeat(machine), refused.tolist(), strict=False)
        ranges = [self._range(*key) for key in keys]
        first, count = np.array(ranges, dtype=np.int64).reshape(-1, 2).T
        return np.asarray(first + (random.random(len(first)) * count).astype(np.int64))

    def _range(self, activity: str, machine: bool, refused: bool) -> tuple[int, int]:
        for key in ((activity, machine, refused), (activity, False, refused)):
            if key in self.ranges:
                return self.ranges[key]
        return self._range(activity, machine, False)


def refusals(activities: Sequence[str], random: np.random.Generator) -> NDArray[np.bool_]:
    """Which of `activities` are refused, as often as their kind is."""
    share = np.array([_FAILURE[activity] for activity in activities])
    return np.asarray(random.random(len(share)) < share)


def phrases(random: np.random.Generator) -> Phrases:
    """Some hundreds of bodies for each activity, filled once, so that a year of events is generated quickly."""
    result = Phrases([], {})
    for entry in _DATA["activities"]:
        for refused, sentences in ((False, entry["sentences"]), (True, entry.get("failed", []))):
            if sentences:
                key = (entry["name"], entry.get("by") == "machine", refused)
                result.ranges[key] = (len(result.bodies), _VARIANTS)
                result.bodies.extend(_bodies(entry, sentences, refused, random))
    return result


def _bodies(
    entry: dict[str, Any], sentences: list[str], refused: bool, random: np.random.Generator
) -> list[Body]:
    outcome = ("failure" if refused else "success") if entry.get("outcome") else None
    bodies = []
    for variant in range(_VARIANTS):
        words = _words(random)
        bodies.append(
            Body(
                activity=entry["name"],
                description=sentences[variant % len(sentences)].format_map(words),
                target=entry["target"].format_map(words) if "target" in entry else None,
                outcome=outcome,
                metadata={name: words[name] for name in entry["record"]},
            )
        )
    return bodies


def _words(random: np.random.Generator) -> dict[str, str | int]:
    """One choice for every blank. Small numbers are more frequent than large ones."""
    words: dict[str, str | int] = {}
    fractions = random.random(len(_DATA["nouns"]) + len(_DATA["numbers"])).tolist()
    for (noun, choices), fraction in zip(_DATA["nouns"].items(), fractions, strict=False):
        index = int(fraction * len(choices))
        words[noun] = choices[index]
        if noun in _DATA["ids"]:
            words[f"{noun}_id"] = f"{_DATA['ids'][noun]}_{1000 + 37 * index}"
    for (name, (low, high)), fraction in zip(_DATA["numbers"].items(), reversed(fractions), strict=False):
        words[name] = int(low + fraction**2 * (high - low))
    return words
