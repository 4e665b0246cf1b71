"""A changed export is found, and where it was changed is said."""

import json
import random
import re
import tomllib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_store.engines.duckdb.store import Store
from audit_store.event import Event
from audit_store.export import manifest
from audit_store.export.export import export_to
from audit_store.export.manifest import BLOCK_BYTES, Manifest, path_of
from audit_store.export.verify import check
from audit_store.filters import EventFilter
from audit_store.ranges import Period
from tests import ROOT
from tests.conftest import Fill, examples

EVENTS = 5000
Change = Callable[[bytes], bytes]


@pytest.fixture(scope="module")
def exported(fill: Fill, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    events = [
        Event(agent=f"agent {place}", activity="Login", description="x" * 300) for place in range(EVENTS)
    ]
    store = fill(Store(folder / "audit.duckdb"), events)
    export_to(folder / "events.jsonl", EventFilter(), "jsonl", store)
    return folder / "events.jsonl"


def copy_of(exported: Path, folder: Path, change: Change = bytes) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / exported.name
    file.write_bytes(change(exported.read_bytes()))
    path_of(file).write_bytes(path_of(exported).read_bytes())
    return file


def read(file: Path) -> Manifest:
    return manifest.read(path_of(file).read_text())[0]


def test_the_manifest_says_what_the_file_is(store: Store, fill: Fill, tmp_path: Path) -> None:
    fill(
        store, [Event(agent="support-7", activity="Login", outcome="failure"), Event(agent="b", activity="c")]
    )
    where = EventFilter(
        period=Period(datetime.fromisoformat("2026-03-01"), datetime.fromisoformat("2026-04-01")),
        range="30d",
        tz="Asia/Kolkata",
        outcome=("failure",),
        agent=("support-7", "a&b"),
    )
    file = tmp_path / "events.csv"
    made = export_to(file, where, "csv", store)
    found = json.loads(path_of(file).read_text())
    assert found["filter"] == "failed events by support-7 or a&b, last 30 days, Asia/Kolkata"
    assert found["query"] == "range=30d&tz=Asia%2FKolkata&agent=support-7&agent=a%26b&outcome=failure"
    assert (found["start"], found["end"]) == ("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z")
    assert (found["events"], found["first_seq"], found["last_seq"]) == (1, 0, 0)
    assert (found["zone"], found["format"], found["file"]) == ("Asia/Kolkata", "csv", "events.csv")
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f-]{27}", found["store_id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["exported_at"])
    assert (found["exported_by"], found["bytes"]) == (manifest.user(), file.stat().st_size)
    assert manifest.read(path_of(file).read_text()) == (made, True)


def test_the_program_names_its_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"{project['name']} {project['version']}" == manifest.PROGRAM


def test_blocks_cover_the_file_and_end_between_events(exported: Path) -> None:
    blocks, content = read(exported).blocks, exported.read_bytes()
    assert len(blocks) > 3
    assert sum(block.bytes for block in blocks) == len(content)
    assert sum(block.events for block in blocks) == EVENTS
    assert all(block.bytes >= BLOCK_BYTES for block in blocks[:-1])
    end = 0
    for block in blocks:
        assert content[end : end + block.bytes].count(b"\n") == block.events
        end += block.bytes
        assert content[end - 1 : end] == b"\n"


@settings(max_examples=examples(30))
@given(data=st.data())
def test_a_changed_byte_is_found_in_its_block(
    exported: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(exported.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    event = content[:place].count(b"\n") + 1
    folder = tmp_path_factory.mktemp("changed")
    (sentence,) = check(copy_of(exported, folder, lambda _: bytes(content)))
    first, last, begin, end = numbers(sentence)
    assert begin <= place <= end
    assert first <= event <= last
    assert sentence.endswith("changed")


def numbers(sentence: str) -> tuple[int, ...]:
    found = re.findall(r"[\d,]+", sentence)
    return tuple(int(number.replace(",", "")) for number in found)


def lines_out(first: int, last: int) -> Change:
    def change(content: bytes) -> bytes:
        lines = content.splitlines(keepends=True)
        return b"".join(lines[:first] + lines[last:])

    return change


def test_what_was_put_in_or_taken_out_is_placed(exported: Path, tmp_path: Path) -> None:
    blocks = read(exported).blocks
    before = sum(block.events for block in blocks[:2])
    (less,) = check(copy_of(exported, tmp_path, lines_out(before + 5, before + 9)))
    assert numbers(less)[:2] == (before + 1, before + blocks[2].events)
    assert "less than there were" in less
    (more,) = check(
        copy_of(
            exported,
            tmp_path,
            lambda content: content[: 10 + blocks[0].bytes] + b"!" + content[10 + blocks[0].bytes :],
        )
    )
    assert numbers(more)[:2] == (blocks[0].events + 1, blocks[0].events + blocks[1].events)
    assert "1 byte more than there were" in more


def test_two_changes_are_two_sentences(exported: Path, tmp_path: Path) -> None:
    def twice(content: bytes) -> bytes:
        return b"!" + content[1:-2] + b"!\n"

    assert len(check(copy_of(exported, tmp_path, twice))) == 2


ENDS = [
    (lambda content: content[: len(content) // 2], "the file is cut off"),
    (lambda content: content[:-1], "the file is cut off"),
    (lambda _: b"", "the first 0 of 5,000 events are surely whole"),
    (lambda content: content + b"{}\n", "3 bytes follow the last event"),
    (lambda content: content * 2, "follow the last event"),
]


@pytest.mark.parametrize(("change", "says"), ENDS)
def test_a_changed_end_has_its_own_words(exported: Path, tmp_path: Path, change: Change, says: str) -> None:
    (sentence,) = check(copy_of(exported, tmp_path, change))
    assert says in sentence


def test_random_edits_never_pass(exported: Path, tmp_path: Path) -> None:
    dice, content = random.Random(1), exported.read_bytes()
    for _ in range(40):
        start = dice.randrange(len(content))
        end = min(len(content), start + dice.choice([0, 1, 300, 400_000]))
        edited = content[:start] + dice.randbytes(dice.choice([0, 1, end - start, 500])) + content[end:]
        assert (check(copy_of(exported, tmp_path, lambda _, edited=edited: edited)) == []) == (
            edited == content
        )


def test_a_changed_manifest_is_found(exported: Path, tmp_path: Path) -> None:
    values = json.loads(path_of(exported).read_text())
    for name, value in values.items():
        if name == "manifest_version":
            continue
        other = value + 1 if isinstance(value, int) else value[1:] if isinstance(value, list) else "x"
        file = copy_of(exported, tmp_path)
        path_of(file).write_text(json.dumps(values | {name: other}))
        (sentence,) = check(file)
        assert "was changed after it was written" in sentence, name


def test_a_manifest_that_was_sealed_anew_must_add_up(exported: Path, tmp_path: Path) -> None:
    values = json.loads(path_of(exported).read_text())
    file = copy_of(exported, tmp_path)
    del values["manifest_sha256"], values["blocks"][0]
    forged, _ = manifest.read(json.dumps(values | {"manifest_sha256": ""}))
    path_of(file).write_text(forged.to_text())
    assert "contradicts itself" in check(file)[0]


NO_MANIFESTS = [
    "",
    "[]",
    "null",
    "{}",
    '{"manifest_version": 1}',
    "\ud800",
    "[" * 100_000,
    '{"manifest_version": 2}',
]


@pytest.mark.parametrize("text", NO_MANIFESTS)
def test_what_is_no_manifest_is_named(exported: Path, tmp_path: Path, text: str) -> None:
    file = copy_of(exported, tmp_path)
    path_of(file).write_text(text, encoding="utf-8", errors="surrogatepass")
    (sentence,) = check(file)
    assert str(path_of(file)) in sentence
    assert "cannot be used" in sentence


def test_a_missing_manifest_and_a_missing_file(exported: Path, tmp_path: Path) -> None:
    file = copy_of(exported, tmp_path)
    elsewhere = path_of(file).replace(tmp_path / "kept.json")
    assert "does not exist, so" in check(file)[0]
    assert check(file, elsewhere) == []
    file.unlink()
    with pytest.raises(FileNotFoundError):
        check(file, elsewhere)


def test_a_file_without_a_manifest_beside_parts_is_an_interrupted_export(
    exported: Path, tmp_path: Path
) -> None:
    file = copy_of(exported, tmp_path)
    part = file.with_name(f"{file.name}.0.part")
    part.write_bytes(file.read_bytes())
    assert check(file) == []
    path_of(file).rename(path_of(part))
    [sentence] = check(file)
    assert "the export was interrupted, and the file has no manifest" in sentence
    assert f"export it again, and delete {part.name}, {path_of(part).name}" in sentence
