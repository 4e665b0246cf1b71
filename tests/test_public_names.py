"""What `__all__` names is there, sorted and documented."""

import importlib
import inspect
import re

import pytest

from tests import ROOT

PACKAGES = [
    ".".join(path.parent.relative_to(ROOT).parts)
    for room in ("audit_store", "ingest", "analysis")
    for path in sorted((ROOT / room).rglob("__init__.py"))
    if "__all__" in path.read_text(encoding="utf-8")
]


def test_the_libraries_say_what_is_public() -> None:
    assert {"audit_store", "ingest"} <= set(PACKAGES)


def rank(name: str) -> tuple[bool, bool]:
    """CONSTANTS, then Classes, then functions."""
    return (not name.isupper(), not name[0].isupper())


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_are_sorted_and_there(package: str) -> None:
    module = importlib.import_module(package)
    assert module.__all__ == sorted(set(module.__all__), key=lambda name: (*rank(name), name))
    assert module.__doc__
    for name in module.__all__:
        assert getattr(module, name) is not None


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_are_documented(package: str) -> None:
    module = importlib.import_module(package)
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert len(value.__doc__ or "") > 20, name
            assert not (value.__doc__ or "").startswith(f"{name}("), f"{name} has only its made-up docstring"


def test_the_error_tree_is_drawn_as_it_is() -> None:
    errors = importlib.import_module("audit_store.errors")
    drawn = re.findall(r"^[├└]── (\w+)", errors.__doc__ or "", re.MULTILINE)
    classes = [name for name, value in vars(errors).items() if inspect.isclass(value)]
    own_errors = [name for name in classes if issubclass(vars(errors)[name], errors.AuditStoreError)]
    assert sorted([*drawn, "AuditStoreError"]) == sorted(own_errors)
    assert set(own_errors) <= {name for name in dir(importlib.import_module("audit_store")) if name[0] != "_"}
