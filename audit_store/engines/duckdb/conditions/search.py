"""The text of a search as a condition over `events`."""

from audit_store.filters import searched

Condition = tuple[str, dict[str, str]]
_NO_TEXTS = ("event_id", "metadata")


def search_condition(q: str) -> Condition:
    """Whether a searched field contains the text, ignoring case: `contains(lower(field), lower(q))`.

    `lower` maps each character alone, as in the simple case mapping of Unicode. The other forms give the same, and do
    not make a lower copy of every text.
    """
    if not q:
        return "", {}
    form, text = "contains(lower({}), lower($q))", q
    if not any(map(_has_case, q)):
        form = "contains({}, $q)"
    elif "%" not in q and "_" not in q:
        form, text = "{} ILIKE $q", f"%{q}%"
    texts = [f"{name}::VARCHAR" if name in _NO_TEXTS else name for name in searched(q)]
    return f"({' OR '.join(map(form.format, texts))})", {"q": text}


def _has_case(character: str) -> bool:
    return not (character == character.lower() == character.upper() == character.title())
