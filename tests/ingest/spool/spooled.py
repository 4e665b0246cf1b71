"""What the tests of the spool share."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

from ingest.spool.folder import ready_segments
from ingest.spool.segment_lines import lines_of
from tests import ROOT, forked


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    return forked.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def lines(path: Path) -> list[bytes]:
    """Every line of the spool, in order; each of its segments taken over."""
    return [line for segment in ready_segments(path) for line in content(segment)]


def content(segment: Path) -> list[bytes]:
    """The lines of an appended segment, none of which is damaged, without their checksums."""
    read = lines_of(segment, {})
    assert read.rejects == (), read
    return re.sub(rb',"crc32":"[0-9a-f]{8}"}\n', b"}\n", read.text).splitlines()
