"""Charts describe their main finding, keep their colours, and use text of the log only as a value."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pytest
from altair.utils.schemapi import SchemaValidationError

from dashboard.charts import activity
from dashboard.charts.logins import COLOURS, spikes
from dashboard.charts.parts import bucket_label, skip_validation, unit

CATEGORIES = ("Sign-in", "Staff", "Journeys", "Campaigns", "Segments", "Widgets", "Settings", "Other")
DAY = timedelta(days=1)
HOSTILE = ["a.b[0]", "events:Q", "</script><b>", "datum.events * 2", "__proto__", "x' || true || '", "a\nb"]
EMPTY_TIMELINE = pd.DataFrame(
    {
        "bucket": pd.DatetimeIndex([]),
        "category": [],
        "events": [],
        "failures": [],
        "until": pd.DatetimeIndex([]),
    }
).assign(partial=[])
EARLIER = pd.DataFrame(
    {
        "bucket": pd.to_datetime(["2026-03-07", "2026-03-08", "2026-03-09"]).as_unit("us"),
        "events": [4, 0, 900],
        "period": "Previous 3 days",
    }
).assign(until=lambda frame: frame["bucket"] + timedelta(days=1))
EMPTY_AGENTS = pd.DataFrame({"label": [], "category": [], "events": [], "agent": []})
WEEK = pd.DataFrame(
    {
        "weekday": np.repeat(["Monday", "Tuesday"], 24),
        "hour": np.tile(np.arange(24), 2),
        "events": np.arange(48),
    }
)


def local_timeline() -> pd.DataFrame:
    """Three days and two categories; New York's clocks change on the second day, the last day is partial."""
    days = pd.to_datetime(["2026-03-07", "2026-03-08", "2026-03-09"]).as_unit("us").repeat(2)
    return pd.DataFrame(
        {
            "bucket": days,
            "category": ["Sign-in", "Other"] * 3,
            "events": [5, 1, 1200, 34, 7, 2],
            "failures": [1, 0, 600, 0, 0, 0],
            "until": days + DAY,
            "partial": [False] * 4 + [True] * 2,
        }
    )


def agents(names: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "label": [*names, "Other (12 agents, 70 events)"],
            "category": "Sign-in",
            "events": [*range(len(names), 0, -1), 70],
            "agent": [*names, None],
        }
    )


def band(states: str = "llwwgww") -> pd.DataFrame:
    """Seven hours: l learning, w watched, g gap; the last one is a spike where it is watched."""
    state = [{"l": "learning", "w": "watched", "g": "gap"}[letter] for letter in states]
    watched = np.array([letter == "w" for letter in states])
    frame = pd.DataFrame(
        {"bucket": pd.date_range("2026-03-14", periods=7, freq="h", unit="us"), "state": state}
    )
    return frame.assign(
        count=np.where(frame["state"] == "gap", np.nan, [3.0, 4, 2, 5, 0, 3, 41]),
        expected=np.where(watched, 3.0, np.nan),
        upper=np.where(watched, 9.0, np.nan),
        is_spike=watched & (np.arange(7) == 6),
    )


ALL = {
    "timeline": activity.timeline(local_timeline(), CATEGORIES, DAY, earlier=EARLIER),
    "by_agent": activity.by_agent(agents(["ann", "bob"])),
    "heat_map": activity.heat_map(WEEK),
    "spikes": spikes(band()),
}


def marks(spec: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = spec.get("layer", [spec])
    return found


def channels(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for mark in marks(spec):
        for channel in mark["encoding"].values():
            yield from channel if isinstance(channel, list) else [channel]


def values(spec: dict[str, Any]) -> list[dict[str, Any]]:
    data = spec.get("data") or marks(spec)[-1]["data"]
    found: list[dict[str, Any]] = spec["datasets"][data["name"]]
    return found


@pytest.mark.parametrize(
    ("name", "takeaway"),
    [
        ("timeline", "Busiest: Sun 8 March 2026, 1,234 events; mostly Sign-in; Previous 3 days: 904 events"),
        ("by_agent", "Busiest: ann, 2 events; mostly Sign-in"),
        ("heat_map", "Busiest: Tuesday 23:00–23:59, 47 events"),
        ("spikes", "1 spike, the highest Sat 14 March 2026, 06:00–07:00: 41 logins, expected 3.0, up to 9"),
    ],
)
def test_the_description_says_the_takeaway(name: str, takeaway: str) -> None:
    assert ALL[name].to_dict()["description"] == takeaway


@pytest.mark.parametrize("name", ALL)
def test_axes_have_titles_in_words_and_tooltips_no_titles_of_their_own_meaning(name: str) -> None:
    for channel in channels(ALL[name].to_dict()):
        title = channel.get("title")
        assert title is None or title[0].isupper(), channel
        # vega-tooltip draws a field called image as a picture and one called title as a heading.
        assert str(title).lower() not in ("image", "title")
        assert (
            channel.get("type") != "quantitative"
            or title
            or channel["field"] in ("place", "upper", "expected")
        )


@pytest.mark.parametrize("name", ALL)
def test_local_times_are_drawn_as_given_whatever_the_zone_of_the_browser(name: str) -> None:
    spec = ALL[name].to_dict()
    temporal = [channel for channel in channels(spec) if channel.get("type") == "temporal"]
    assert all(channel["scale"] == {"type": "utc"} for channel in temporal)
    assert bool(temporal) == (name in ("timeline", "spikes"))
    moments = [row["bucket"] for rows in spec["datasets"].values() for row in rows if "bucket" in row]
    assert all(moment.endswith("+00:00") for moment in moments)
    tooltips = [channel for mark in marks(spec) for channel in mark["encoding"].get("tooltip", [])]
    assert not [channel for channel in tooltips if channel["type"] == "temporal"]


def test_the_day_on_which_clocks_change_starts_at_midnight() -> None:
    buckets = [row["bucket"] for row in values(ALL["timeline"].to_dict())]
    assert sorted({bucket[:19] for bucket in buckets}) == [f"2026-03-0{day}T00:00:00" for day in (7, 8, 9)]


def test_partial_bars_are_lighter() -> None:
    opacity = marks(ALL["timeline"].to_dict())[-1]["encoding"]["opacity"]
    assert [condition["test"] for condition in opacity["condition"]] == ["datum.partial"]
    assert opacity["condition"][0]["value"] < opacity["value"]


def test_categories_keep_colour_and_place_when_the_data_has_few() -> None:
    spec = activity.timeline(local_timeline(), CATEGORIES, DAY).to_dict()
    scale = marks(spec)[0]["encoding"]["color"]["scale"]
    assert scale == {"domain": list(CATEGORIES), "range": list(activity.PALETTE)}
    assert {(row["category"], row["place"]) for row in values(spec)} <= {("Sign-in", 0), ("Other", 7)}


def test_the_period_before_is_one_step_line_behind_the_bars() -> None:
    spec = ALL["timeline"].to_dict()
    line, bars = marks(spec)
    assert (line["mark"]["type"], line["mark"]["interpolate"]) == ("line", "step-after")
    rows = spec["datasets"][line["data"]["name"]]
    assert [(row["bucket"][:10], row["events"]) for row in rows] == [
        ("2026-03-07", 4),
        ("2026-03-08", 0),
        ("2026-03-09", 900),
        ("2026-03-10", 900),
    ]
    assert bars["mark"]["type"] == "bar"
    assert len(marks(activity.timeline(local_timeline(), CATEGORIES, DAY).to_dict())) == 1


def test_parts_of_bars_without_events_are_not_sent_to_the_browser() -> None:
    frame = local_timeline().assign(events=[5, 0, 0, 0, 0, 2])
    spec = activity.timeline(frame, CATEGORIES, DAY).to_dict()
    assert [(row["bucket"][:10], row["events"]) for row in values(spec)] == [
        ("2026-03-07", 5),
        ("2026-03-08", 0),
        ("2026-03-09", 0),
        ("2026-03-09", 2),
    ]


def test_a_short_catalogue_keeps_the_first_colours_and_grey_for_the_rest() -> None:
    spec = activity.timeline(local_timeline(), ("Sign-in", "Other"), DAY).to_dict()
    assert marks(spec)[0]["encoding"]["color"]["scale"]["range"] == [
        activity.PALETTE[0],
        activity.PALETTE[-1],
    ]


def test_categories_without_a_colour_left_are_grey_and_keep_their_names() -> None:
    names = (*(f"Category {number}" for number in range(9)), "Other")
    spec = activity.timeline(local_timeline(), names, DAY, colours={"Category 8": "#123abc"}).to_dict()
    scale = marks(spec)[0]["encoding"]["color"]["scale"]
    grey = activity.PALETTE[-1]
    assert scale == {"domain": list(names), "range": [*activity.PALETTE[:7], grey, "#123abc", grey]}


def test_agents_keep_their_order_their_full_names_and_a_line_each() -> None:
    long = "arn:aws:sts::123456789012:assumed-role/" + "x" * 200
    spec = activity.by_agent(agents([long, *"bcdefgh"])).to_dict()
    bars, numbers = marks(spec)
    assert bars["encoding"]["y"]["sort"] is None
    assert bars["encoding"]["tooltip"][0] == {"field": "label", "title": "Agent", "type": "nominal"}
    assert (numbers["mark"]["type"], numbers["encoding"]["text"]["field"]) == ("text", "events")
    assert [row["label"] for row in values(spec)] == [long, *"bcdefgh"]
    assert spec["height"] == 8 * activity.AGENT_HEIGHT
    assert activity.by_agent(agents([])).to_dict()["height"] == 3 * activity.AGENT_HEIGHT


def test_text_of_the_log_stands_in_the_data_and_the_description_only() -> None:
    spec = activity.by_agent(agents(HOSTILE), select=True).to_dict()
    plain = activity.by_agent(agents([f"agent {n}" for n in range(len(HOSTILE))]), select=True).to_dict()
    for found in (spec, plain):
        del found["datasets"], found["description"]
        for layer in found["layer"]:
            layer.pop("data", None)
        found.pop("data", None)
        # Altair numbers its views one after another.
        found["params"][0]["views"] = []
        found["layer"][0].pop("name", None)
    assert "agent 0" not in json.dumps(plain)
    assert spec == plain


def test_selections_are_there_when_asked_for() -> None:
    brushed = activity.timeline(local_timeline(), CATEGORIES, DAY, select=True).to_dict()["params"][0]
    assert (brushed["name"], brushed["select"]) == ("brush", {"type": "interval", "encodings": ["x"]})
    picking = activity.by_agent(agents(["ann"]), select=True).to_dict()
    assert picking["params"][0]["name"] == "picked"
    assert picking["params"][0]["select"] == {"type": "point", "fields": ["agent"]}
    assert marks(picking)[0]["encoding"]["opacity"]["condition"][0]["param"] == "picked"
    assert not any("params" in chart.to_dict() for chart in ALL.values())


@pytest.mark.parametrize(
    ("chart", "said"),
    [
        (activity.timeline(EMPTY_TIMELINE, CATEGORIES, DAY), "No events"),
        (activity.by_agent(EMPTY_AGENTS), "No events"),
        (activity.heat_map(WEEK.assign(events=0)), "No events"),
        (spikes(band().iloc[:0]), "No spikes"),
        (spikes(band("lllllll")), "No spikes"),
    ],
)
def test_nothing_gives_a_chart_that_says_so(chart: alt.TopLevelMixin, said: str) -> None:
    assert chart.to_dict()["description"] == said


def test_bars_with_alarms_have_a_triangle() -> None:
    chart = ALL["timeline"]
    days = local_timeline()[["bucket", "until"]].drop_duplicates()
    alarmed = days.assign(total=5, summary="support-3: 60 logins")
    layers = activity.with_alarms(chart, alarmed).to_dict()["layer"]
    assert layers[-1]["mark"]["shape"] == "triangle-down"
    assert layers[:-1] == activity.with_alarms(chart, alarmed[:0]).to_dict()["layer"]


@pytest.mark.parametrize(
    ("events", "domain"),
    [(WEEK["events"] + 100, [102, 144]), ([*range(47), 9999], [2, 44]), (0, [0, 1])],
)
def test_shades_of_a_week_reach_from_the_5th_to_the_95th_percentile(
    events: pd.Series | list[int] | int, domain: list[int]
) -> None:
    scale = activity.heat_map(WEEK.assign(events=events)).to_dict()["encoding"]["color"]["scale"]
    assert scale == {"domain": domain, "clamp": True}


@pytest.mark.parametrize("name", ["by_agent", "heat_map"])
def test_charts_of_many_marks_are_one_element_of_the_page(name: str) -> None:
    assert ALL[name].to_dict()["usermeta"]["embedOptions"] == {"renderer": "canvas"}


def test_of_several_spikes_the_highest_is_named() -> None:
    frame = band("wwwwwww").assign(is_spike=[False, True, False, True, False, False, True])
    said = spikes(frame).to_dict()["description"]
    assert said == "3 spikes, the highest Sat 14 March 2026, 06:00–07:00: 41 logins, expected 3.0, up to 9"


def test_learning_is_one_stretch_gaps_are_hatched_and_dots_stand_on_spikes_only() -> None:
    spec = spikes(band()).to_dict()
    rows = [spec["datasets"][layer["data"]["name"]] for layer in spec["layer"]]
    assert [row["name"] for row in rows[0]] == list(COLOURS)
    assert len(spikes(band("wwwwwww")).to_dict()["datasets"]) < len(spec["datasets"])
    assert [(row["bucket"][11:16], row["until"][11:16]) for row in rows[1]] == [("00:00", "02:00")]
    assert [(row["bucket"][11:16], row["until"][11:16]) for row in rows[2]] == [("04:00", "05:00")]
    shades = [stop["color"] for stop in spec["layer"][2]["mark"]["color"]["stops"]]
    assert shades[:4] == [COLOURS["No data"]] * 2 + ["transparent"] * 2
    points = [layer for layer in spec["layer"] if layer["mark"]["type"] == "point"]
    assert [layer["transform"] for layer in points] == [[{"filter": "datum.is_spike"}]]


def test_lines_break_where_there_is_no_data_and_the_tooltip_says_why() -> None:
    spec = spikes(band()).to_dict()
    rows = spec["datasets"][spec["layer"][-1]["data"]["name"]]
    assert [row["count"] for row in rows] == [3, 4, 2, 5, None, 3, 41]
    assert [row["upper"] for row in rows] == [None, None, 9, 9, None, 9, 9]
    assert [rows[hour]["normal"] for hour in (0, 2, 4)] == ["still learning", "3.0, up to 9", "no data"]
    assert [rows[hour]["observed"] for hour in (4, 6)] == ["–", "41 logins"]


@pytest.mark.parametrize(
    ("start", "step", "unit_said", "said"),
    [
        ("2026-03-14T02:00", timedelta(minutes=1), "minute", "Sat 14 March 2026, 02:00–02:01"),
        ("2026-03-14T02:45", timedelta(minutes=15), "15 minutes", "Sat 14 March 2026, 02:45–03:00"),
        ("2026-03-14T23:00", timedelta(hours=1), "hour", "Sat 14 March 2026, 23:00–00:00"),
        ("2026-03-14T06:00", timedelta(hours=6), "6 hours", "Sat 14 March 2026, 06:00–12:00"),
        ("2026-03-14", DAY, "day", "Sat 14 March 2026"),
        ("2026-03-09", 7 * DAY, "week", "Mon 9 – Sun 15 March 2026"),
        ("2026-03-30", 7 * DAY, "week", "Mon 30 March – Sun 5 April 2026"),
        ("2026-12-28", 7 * DAY, "week", "Mon 28 December 2026 – Sun 3 January 2027"),
        ("2026-03-01", 30 * DAY, "month", "March 2026"),
        ("2026-01-01", 365 * DAY, "year", "2026"),
    ],
)
def test_a_bucket_in_words(start: str, step: timedelta, unit_said: str, said: str) -> None:
    assert unit(step) == unit_said
    assert bucket_label(datetime.fromisoformat(start), step) == said


def linear(colour: str) -> np.ndarray:
    srgb = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize("background", ["#ffffff", "#14181d"])
@pytest.mark.parametrize("colour", activity.PALETTE)
def test_colours_stand_out_from_light_and_dark(colour: str, background: str) -> None:
    dark, light = sorted(float(linear(one) @ [0.2126, 0.7152, 0.0722]) for one in (colour, background))
    assert (light + 0.05) / (dark + 0.05) >= 3  # WCAG 2.2, 1.4.11


# Machado, Oliveira, Fernandes 2009, severity 1; and the matrices of OKLab (Ottosson 2020).
CONES = {
    "all": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    "no red": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no green": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
    "no blue": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.3039],
    ],
}
TO_LMS = [
    [0.41222147, 0.53633254, 0.05144599],
    [0.2119035, 0.6806995, 0.10739696],
    [0.08830246, 0.28171884, 0.6299787],
]
TO_LAB = [
    [0.21045426, 0.79361779, -0.00407205],
    [1.9779985, -2.4285922, 0.45059371],
    [0.02590404, 0.78277177, -0.80867577],
]


@pytest.mark.parametrize("cones", CONES)
def test_colours_differ_with_any_cone_missing(cones: str) -> None:
    seen = np.clip([linear(colour) @ np.transpose(CONES[cones]) for colour in activity.PALETTE], 0, 1)
    lab = np.cbrt(seen @ np.transpose(TO_LMS)) @ np.transpose(TO_LAB)
    apart = np.linalg.norm(lab[:, None] - lab[None], axis=-1)
    # Three times what is just seen; the palette of Okabe and Ito keeps 0.076, that of Vega 0.012.
    assert apart[np.triu_indices(len(lab), 1)].min() >= 0.065


def test_charts_are_validated_here_and_not_in_the_dashboard() -> None:
    with pytest.raises(SchemaValidationError):
        alt.Axis(tickCount="many")
    chart = alt.LayerChart(layer=[alt.Chart(pd.DataFrame({"n": [1]})).mark_bar().encode(x="n:Q")])
    chart.autosize = "never"
    with pytest.raises(SchemaValidationError):
        chart.to_dict()
    skip_validation()
    assert alt.Axis(tickCount="many")
    assert chart.to_dict()["autosize"] == "never", "as Streamlit draws it"
