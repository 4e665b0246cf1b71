"""The grammar of the query line in examples, for the help of the dashboard and for the documentation."""

EXAMPLES = (
    ("outcome:failure", "events with this value"),
    ("agent:ada agent:bob", "events of either: a field that is repeated lists alternatives"),
    ("outcome:failure agent:ada", "events for which both hold: different fields must all hold"),
    ("-activity:Login", "events without this value"),
    ("agent:support-*", "any text in place of `*`, at the start or end of a name; `*` alone is any value"),
    ('agent:"Ada L."', "a value with spaces stands in quotes"),
    ("ip:203.0.113.0/24", "an address, or every address of a network"),
    ("meta.user.role:admin", "a value in the metadata, by its path"),
    ("hours:Tue-14 hours:off", "hours of the week; `off` is outside Monday to Friday, 8 to 18"),
    ("range:30d", "a time range that stays relative"),
    ("from:2026-03-01 to:2026-03-08T12:00", "from a time on, up to but not including another"),
    ("wrong password", "text to search for in any field, once in a line"),
    ('"10 %: ok"', "text with a colon stands in quotes, too"),
)
"""Query lines, each with what it selects, in Markdown."""


def table() -> str:
    """The examples as a table in Markdown."""
    rows = [f"| `{line}` | {meaning} |" for line, meaning in EXAMPLES]
    return "\n".join(["| line | what it selects |", "|---|---|", *rows])
