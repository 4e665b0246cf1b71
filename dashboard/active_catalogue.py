"""The catalogue in use for the store of the dashboard."""

from audit_store import catalogue
from audit_store.catalogue import Catalogue
from audit_store.store_files import default_store


def activities() -> Catalogue:
    """The catalogue in use; a changed file applies from the next run of a page."""
    return catalogue.in_use(default_store())


def problem() -> str | None:
    """What is wrong with the viewer's own file: file, line, value and remedy. None where nothing is."""
    return catalogue.problem_in_use(default_store())
