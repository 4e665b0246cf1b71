"""The cases in plain SQL over a table of events, in the words of each engine."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from audit_store.filters import searched
from benchmarks.engines.cases import BUSIEST, FACETS, KNOWN, LISTED, ROWS, Case
from dashboard.data import OPTIONS

_HOUR = 3_600_000_000
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive UTC


@dataclass(frozen=True, slots=True)
class Dialect:
    """How an engine writes what differs; times are microseconds since 1970, in a column of whole numbers."""

    micros: str = "occurred_at"
    moment: str = "{}"
    """A time, given in microseconds, to compare the column with."""
    quotient: str = "({} / {})"
    contains: str = "{} LIKE '%{}%'"
    """Whether a column contains a text, ignoring case."""
    table: str = "events"


def statement(case: Case, dialect: Dialect) -> str:
    """The statement of a case."""
    return _STATEMENTS[case.query](case, dialect)


def microseconds(moment: datetime) -> int:
    """A time (naive UTC) in microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _source(case: Case, dialect: Dialect, earlier: timedelta = timedelta()) -> str:
    """The events of a case, or those of a period that began `earlier`."""
    where = case.where
    conditions = []
    if where.period.length:
        bounds = (dialect.moment.format(microseconds(bound - earlier)) for bound in case.bounds)
        conditions.append("occurred_at >= {} AND occurred_at < {}".format(*bounds))
    conditions += [f"activity = '{name}'" for name in where.activity] + [
        f"agent = '{name}'" for name in where.agent
    ]
    if where.q:
        found = (dialect.contains.format(column, where.q) for column in searched(where.q))
        conditions.append(f"({' OR '.join(found)})")
    return f"FROM {dialect.table} WHERE {' AND '.join(conditions) or '1 = 1'}"


def _hour(dialect: Dialect, later: timedelta = timedelta()) -> str:
    shift = later // timedelta(microseconds=1)
    return dialect.quotient.format(f"({dialect.micros} + {shift})" if shift else dialect.micros, _HOUR)


_FAILURES = "count(CASE WHEN outcome = 'failure' THEN 1 END)"


def _totals(case: Case, dialect: Dialect) -> str:
    return f"SELECT count(*), count(DISTINCT agent), {_FAILURES} {_source(case, dialect)}"


def _total(case: Case, dialect: Dialect) -> str:
    return f"SELECT count(*) {_source(case, dialect)}"


def _category() -> str:
    kinds = " ".join(
        f"WHEN '{name}' THEN '{kind}'" for name, kind in sorted(KNOWN.category_by_activity.items())
    )
    return f"CASE activity {kinds} ELSE '{KNOWN.other}' END"


def _timeline(case: Case, dialect: Dialect) -> str:
    return (
        f"SELECT hour, {_category()} AS category, CAST(sum(n) AS BIGINT), CAST(sum(failed) AS BIGINT) FROM ("
        f"SELECT {_hour(dialect)} AS hour, activity, count(*) AS n, {_FAILURES} AS failed "
        f"{_source(case, dialect)} GROUP BY 1, 2) AS counted GROUP BY 1, 2"
    )


def _period_before(case: Case, dialect: Dialect) -> str:
    return f"SELECT {_hour(dialect, case.length)} AS hour, count(*) {_source(case, dialect, case.length)} GROUP BY 1"


def _by_agent(case: Case, dialect: Dialect) -> str:
    return (
        f"SELECT CASE WHEN place <= {BUSIEST} THEN agent END AS named, category, CAST(sum(n) AS BIGINT) FROM ("
        "SELECT agent, category, n, dense_rank() OVER (ORDER BY total DESC, agent) AS place FROM ("
        f"SELECT agent, {_category()} AS category, n, sum(n) OVER (PARTITION BY agent) AS total FROM ("
        f"SELECT agent, activity, count(*) AS n {_source(case, dialect)} GROUP BY 1, 2"
        ") AS counted) AS summed) AS ranked GROUP BY 1, 2"
    )


def _facet(case: Case, dialect: Dialect) -> str:
    column = FACETS[case.query]
    # A facet counts as if nothing of it were selected.
    unselected = Case(case.query, case.filter, case.range, case.where.without(column))
    source = _source(unselected, dialect)
    return f"SELECT {column}, count(*) {source} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {OPTIONS}"


def _newest(case: Case, dialect: Dialect) -> str:
    columns = ", ".join(dialect.micros if name == "occurred_at" else name for name in LISTED)
    return f"SELECT {columns} {_source(case, dialect)} ORDER BY seq DESC LIMIT {ROWS}"


def _logins(case: Case, dialect: Dialect) -> str:
    return f"SELECT agent, {_hour(dialect)} AS hour, count(*), {_FAILURES} {_source(case, dialect)} GROUP BY 1, 2"


def _addresses(case: Case, dialect: Dialect) -> str:
    counted = f"agent, source_ip, activity, count(*), min({dialect.micros})"
    return f"SELECT {counted} {_source(case, dialect)} GROUP BY 1, 2, 3"


def _sources(case: Case, dialect: Dialect) -> str:
    return f"SELECT {_hour(dialect)} AS hour, source, count(*) {_source(case, dialect)} GROUP BY 1, 2"


_STATEMENTS = {
    "totals": _totals,
    "timeline": _timeline,
    "period before": _period_before,
    "by agent": _by_agent,
    **dict.fromkeys(FACETS, _facet),
    "number of events": _total,
    "newest page": _newest,
    "logins by agent and hour": _logins,
    "addresses": _addresses,
    "sources by hour": _sources,
}
