"""The states of alarms as the pages read them; a file that cannot be read is no reason to draw nothing."""

from alarms.triage.decisions import Decisions
from alarms.triage.states import Triage
from audit_store.errors import AuditStoreError
from dashboard import data


def decisions() -> Decisions:
    """The states and exceptions of the store; every alarm is open where they cannot be read."""
    try:
        return Decisions.read(data.store().path)
    except AuditStoreError:
        return Decisions.none()


def triage() -> Triage:
    """The states alone."""
    return decisions().triage


def problem() -> str | None:
    """Why they cannot be read, and what to do; None where they can."""
    try:
        Decisions.read(data.store().path)
    except AuditStoreError as error:
        return str(error)
    return None
