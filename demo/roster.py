"""The agents of the generated log: people, support accounts, services and API keys, read from roster.toml."""

import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

DATA: dict[str, Any] = tomllib.loads(Path(__file__).with_name("roster.toml").read_text(encoding="utf-8"))
_NAMED = len(DATA["agents"])
_EXTRA = len(DATA["extra"]["given"]) * len(DATA["extra"]["family"])
AGENTS_MAX = _NAMED + _EXTRA

_MACHINE_CLIENT = 6
_PHONE_CLIENT = 3
_LETTERS = str.maketrans({"ü": "ue", "ö": "oe", "ä": "ae", "ß": "ss", "ı": "i"})


@dataclass(frozen=True, slots=True)
class Profile:
    """What a kind of agent does: `acts` a working day, sign-ins, and a weight for each activity."""

    acts: float
    weights: Mapping[str, float]
    machine: bool = False
    logins: int = 0
    every: int = 0


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent. `starts` is a local hour, `days` are working days (0 = Monday); `joined` and `left`
    count days back from the newest day. `clients` are numbers in `DATA["clients"]`, the main one first."""

    name: str
    kind: str
    profile: Profile
    office: str
    zone: ZoneInfo
    starts: float
    days: tuple[int, ...]
    addresses: tuple[str, ...]
    clients: tuple[int, ...]
    joined: int | None
    left: int | None

    @property
    def steady(self) -> bool:
        """Whether the agent is there all the time: neither a joiner nor a leaver."""
        return self.joined is None and self.left is None


@cache
def roster(agents: int) -> tuple[Agent, ...]:
    """The first `agents` agents; beyond the named ones, more people of the same kinds."""
    return tuple(_agent(number) for number in range(agents))


def _agent(number: int) -> Agent:
    entry = DATA["agents"][number] if number < _NAMED else _more(number)
    profile = Profile(**DATA["profiles"][entry["profile"]])
    office = DATA["offices"][entry["office"]]
    return Agent(
        name=_account(entry["name"]),
        kind=entry["profile"],
        profile=profile,
        office=entry["office"],
        zone=ZoneInfo(office["zone"]),
        starts=entry.get("starts", 0.0),
        days=tuple(entry.get("days", range(5))),
        addresses=_addresses(number, profile.machine, office["address"]),
        clients=(_MACHINE_CLIENT,) if profile.machine else (number % 3, _PHONE_CLIENT),
        joined=entry.get("joined"),
        left=entry.get("left"),
    )


def _more(number: int) -> dict[str, Any]:
    people = [entry for entry in DATA["agents"] if " " in entry["name"]]
    like = {
        key: value for key, value in people[number % len(people)].items() if key not in ("joined", "left")
    }
    given_names, family_names = DATA["extra"]["given"], DATA["extra"]["family"]
    index = number - _NAMED
    # Both names change from one agent to the next, and no pair occurs twice.
    return like | {
        "name": f"{given_names[index % len(given_names)]} "
        f"{family_names[(index + index // len(given_names)) % len(family_names)]}"
    }


def _account(name: str) -> str:
    """The text in the column agent: `service:…` and `api-key:…` as they are, others as an e-mail address."""
    if ":" in name:
        return name
    plain = unicodedata.normalize("NFKD", name.lower().translate(_LETTERS)).encode("ascii", "ignore").decode()
    return f"{plain.replace(' ', '.')}@{DATA['domain']}"


def _addresses(number: int, machine: bool, office: str) -> tuple[str, ...]:
    """One to three addresses, the main one first."""
    if machine:
        return (f"203.0.113.{100 + number % 150}",)
    home = f"192.0.2.{10 + number % 240}"
    return (office, home, f"2001:db8:{number + 16:x}::{number % 7 + 2:x}")[: number % 3 + 1]
