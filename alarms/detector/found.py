"""The alarms of judged hours, one for all series in which the same logins stand out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from alarms.detector.correlate import correlate
from alarms.detector.models import Judged
from alarms.login_alarm import LoginAlarm, login_alarm
from alarms.sensitivity import DEFAULT_SENSITIVITY, SENSITIVITIES, Sensitivity
from analysis import Model, find_alarms


@dataclass(frozen=True)
class Found:
    """An alarm, and the name of the least sensitive of SENSITIVITIES at which it is one."""

    alarm: LoginAlarm
    sensitivity: str


def find(judged: Judged) -> list[Found]:
    """The alarms at the most sensitive of SENSITIVITIES, the least likely first.

    The limit of one that is an alarm at DEFAULT_SENSITIVITY is the limit at that sensitivity.
    """
    alarms = [*_alarms(judged, judged.overall), *_alarms(judged, judged.fleet)]
    found = [Found(alarm, _sensitivity(judged, alarm.parts)) for alarm in correlate(judged, alarms)]
    return [replace(alarm, alarm=_with_limit(judged, alarm)) for alarm in found]


def _alarms(judged: Judged, model: Model) -> list[LoginAlarm]:
    if not len(model.series):
        return []
    spikes = find_alarms(model, SENSITIVITIES[0].budget, n_series=judged.n_series)
    kinds = {name: name if model.scope == "overall" else "agent" for name in model.series}
    return [login_alarm(judged.watch, kinds[spike.series], spike) for spike in spikes]


def _sensitivity(judged: Judged, parts: Sequence[LoginAlarm]) -> str:
    names = [
        sensitivity.name
        for sensitivity in SENSITIVITIES
        if any(_is_alarm(judged, part, sensitivity) for part in parts)
    ]
    return names[-1] if names else SENSITIVITIES[0].name


def _is_alarm(judged: Judged, part: LoginAlarm, sensitivity: Sensitivity) -> bool:
    model, row = _series(judged, part)
    first, end = model.buckets.searchsorted([part.spike.start, part.spike.end])
    log_alpha = sensitivity.budget.log_alpha(model.scope, model.freq, judged.n_series)
    return bool(model.spikes(log_alpha)[row, first:end].any())


def _with_limit(judged: Judged, found: Found) -> LoginAlarm:
    names = [sensitivity.name for sensitivity in SENSITIVITIES]
    if names.index(found.sensitivity) < names.index(DEFAULT_SENSITIVITY.name):
        return found.alarm
    model, row = _series(judged, found.alarm)
    cell = np.array([row]), model.buckets.searchsorted([found.alarm.spike.peak])
    log_alpha = DEFAULT_SENSITIVITY.budget.log_alpha(model.scope, model.freq, judged.n_series)
    spike = replace(found.alarm.spike, upper=float(model.upper(log_alpha, cell)[0]))
    return replace(found.alarm, spike=spike)


def _series(judged: Judged, part: LoginAlarm) -> tuple[Model, Any]:
    """The model of a series, and the row of the series in it."""
    model = judged.fleet if part.key.agent else judged.overall
    return model, model.series.get_loc(part.key.agent or part.key.kind)
