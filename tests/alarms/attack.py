"""A log with two attacks."""

from datetime import timedelta

from tests.alarms.login_logs import AGENTS, NOW, Row, logins, office

ATTACK = NOW - timedelta(days=6) + timedelta(hours=2)
INTRUDER = "203.0.113.9"
SPRAY = NOW - timedelta(days=3) + timedelta(hours=21)


def attack_log() -> list[Row]:
    """Ten weeks of office hours, a brute force on support-3 and a password spray over everybody."""
    rows = office() + logins("support-3", ATTACK, 40, outcome="failure", address=INTRUDER)
    for agent in [*AGENTS, *(f"clerk-{n}" for n in range(20))]:
        rows += logins(agent, SPRAY, 2, outcome="failure", address="203.0.113.77")
    copied = {"agent": "support-3", "activity": "API key copied", "source_ip": INTRUDER}
    return [*rows, {"occurred_at": ATTACK + timedelta(hours=1), **copied}]
