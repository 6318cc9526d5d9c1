"""Two coordinates along a trajectory of the toy model in which its output is smooth and free of cancellation.

Up to a level `top` of the state (and for r <= 0 always) the coordinate is time. After that it is the time since the
state passed `level`, of the order of the threshold: the end points are taken to 40 digits before rounding, since
near the optimum they are tiny differences of long times. One row for each r.
"""

from abc import ABC, abstractmethod
from functools import cached_property

import mpmath as mp
import numpy as np
from jaxtyping import Float, Int

from theory.ghost.toy import output, step_output
from theory.ghost.toy.panels import Panels
from theory.ghost.toy.toy_model import Part, ToyModel
from theory.lowering import lower_mpmath, lower_numpy

SATURATION = 84.0  # phase beyond which the output is 1 to 1e-36
PHASE_STEP = 2.0  # the sigmoid's poles are pi away
RELAXED = 40  # tanh(40) is 1 to rounding
Rows = Float[np.ndarray, " rows"]
Nodes = Float[np.ndarray, " nodes"]
Levels = Float[np.ndarray, "rows levels"]

_STATE = lower_numpy((step_output.r, step_output.time), step_output.trajectory())
_GROWTH = lower_numpy((step_output.r, step_output.time), step_output.sensitivity())
_PASSAGE = lower_numpy((step_output.r, step_output.threshold), step_output.passage_time())
_PASSAGE_MP = lower_mpmath((step_output.r, step_output.threshold), step_output.passage_time())
_DESCENT = lower_numpy((step_output.r, step_output.threshold), step_output.descent_time())
_RISE = lower_numpy((step_output.r, output.level, output.elapsed), output.restarted())
_TIME_BETWEEN = lower_numpy((step_output.r, output.level, output.state), output.time_between())
_TIME_TO_BLOW_UP = lower_numpy((step_output.r, output.level), output.time_to_blow_up())
_STATE_BEFORE = lower_numpy((step_output.r, output.remaining), output.state_before_blow_up())
_GROWTH_AT_STATE = lower_numpy((step_output.r, output.state, step_output.time), output.growth_at_state())


class Chart(ABC):
    """Rows of trajectories with a coordinate on each; subclasses say which."""

    def __init__(self, r: Rows, model: ToyModel) -> None:
        """Lay out one row for each r."""
        self.r, self.model = r, model
        self.level = max(model.threshold, 1 / model.confidence)
        self.top = np.minimum(np.sqrt(np.abs(r)), self.level / 2)
        positive = np.where(r > 0, r, 1.0)
        self.time_to_top = np.where(r > 0, _PASSAGE(positive, self.top), np.inf)

    @abstractmethod
    def panels(self, part: Part) -> Panels:
        """Panels over one part of the trial, as far as the chart covers it."""

    @abstractmethod
    def phase_and_growth(self, row: Int[np.ndarray, " nodes"], coordinate: Nodes) -> tuple[Nodes, Nodes]:
        """c (x - x_star) and dx/dr at the coordinate."""

    def _phase_levels(self, highest: Rows, lowest: Rows) -> Levels:
        """States around that end of the interval (or inside it) where the output's slope is largest."""
        reach = np.arange(0, SATURATION / 2 + PHASE_STEP, PHASE_STEP) / self.model.confidence
        steepest = np.clip(self.model.threshold, lowest, highest)
        return steepest[:, None] + np.concatenate([-reach, reach[1:]])


class GhostChart(Chart):
    """Time, until the state passes `top` if r > 0, for ever if r <= 0."""

    def panels(self, part: Part) -> Panels:
        """Cut where the phase moves by a few units and where the state relaxes."""
        delay, response = self.model.window
        start, end = (np.minimum(m, self.time_to_top) for m in ((0.0, delay), (delay, delay + response))[part])
        ends = _STATE(self.r, start), _STATE(self.r, end)
        levels = self._phase_levels(np.maximum(*ends), np.minimum(*ends))
        root = np.sqrt(np.abs(self.r))[:, None]
        relaxing = np.where(root > 0, np.arange(RELAXED) / np.where(root > 0, root, 1.0), 0.0)
        return Panels.between(start, end, np.concatenate([relaxing, self._time_at(levels)], axis=1))

    def _time_at(self, states: Levels) -> Levels:
        """When the state passes a level; 0 for one on the wrong side, infinite for one never reached."""
        r = self.r[:, None]
        up = np.where(r > 0, _PASSAGE(np.where(r > 0, r, 1.0), np.maximum(states, 0.0)), 0.0)
        depth = np.maximum(-states, 0.0)
        reached = (r < 0) & (depth < np.sqrt(np.abs(r)) * (1 - 1e-15))
        down = _DESCENT(np.where(reached, r, -1.0), np.where(reached, depth, 0.0))
        return np.where(r < 0, np.where(reached, down, np.inf), up)

    def phase_and_growth(self, row: Int[np.ndarray, " nodes"], coordinate: Nodes) -> tuple[Nodes, Nodes]:
        """Straight from the trajectory."""
        r = self.r[row]
        phase = self.model.confidence * (_STATE(r, coordinate) - self.model.threshold)
        return phase, _GROWTH(r, coordinate)


class EscapeChart(Chart):
    """Time since the state passed `level`, for r > 0, until the output is saturated."""

    @cached_property
    def active(self) -> np.ndarray:
        """Rows whose state passes `top` before the trial ends."""
        return (self.r > 0) & (self.time_to_top < sum(self.model.window))

    @cached_property
    def _positive_r(self) -> Rows:
        return np.where(self.active, self.r, 1.0)

    @cached_property
    def _switch_and_end(self) -> tuple[Rows, Rows]:
        """Coordinates of the end of the delay and of the trial."""
        delay, response = self.model.window
        with mp.workdps(40):
            moments = mp.mpf(delay), mp.mpf(delay) + response
            passages = [_PASSAGE_MP(mp.mpf(float(r)), mp.mpf(self.level)) for r in self.r[self.active]]
            found = [[float(moment - passage) for passage in passages] for moment in moments]
        switch, end = np.zeros(len(self.r)), np.zeros(len(self.r))
        switch[self.active], end[self.active] = found
        return switch, end

    def _time_to(self, states: Levels) -> Levels:
        lowest = np.where(self.active, self.top, self.level / 2)
        return _TIME_BETWEEN(self._positive_r[:, None], self.level, np.maximum(states, lowest[:, None]))

    @cached_property
    def _first(self) -> Rows:
        return np.where(self.active, self._time_to(self.top[:, None])[:, 0], 0.0)

    @cached_property
    def _saturated(self) -> Rows:
        states = np.full((len(self.r), 1), self._saturated_state)
        return np.where(self.active, self._time_to(states)[:, 0], 0.0)

    @property
    def _saturated_state(self) -> float:
        return self.model.threshold + SATURATION / self.model.confidence

    @property
    def saturated_delay(self) -> Rows:
        """Time inside the delay during which the output is 1."""
        return np.where(self.active, np.maximum(self._switch_and_end[0] - self._saturated, 0.0), 0.0)

    def panels(self, part: Part) -> Panels:
        """Cut where the phase moves by a few units and where the state doubles."""
        switch, end = (np.clip(m, self._first, self._saturated) for m in self._switch_and_end)
        start, end = ((self._first, switch), (switch, end))[part]
        lowest, highest = (self._state(self._positive_r, tau) for tau in (start, end))
        top = np.where(self.active, self.top, self._saturated_state)
        doublings = int(np.ceil(np.log2(np.max(self._saturated_state / top, initial=1.0))))
        doubled = top[:, None] * 2.0 ** np.arange(1, doublings + 1)
        levels = np.concatenate([doubled, self._phase_levels(highest, lowest)], axis=1)
        return Panels.between(start, end, self._time_to(levels))

    def _state(self, r: Nodes, coordinate: Nodes) -> Nodes:
        """The state, to relative rounding both far below the level and above it."""
        remaining = _TIME_TO_BLOW_UP(r, self.level) - np.minimum(coordinate, 0.0)
        later = self.level + _RISE(r, self.level, np.maximum(coordinate, 0.0))
        return np.where(coordinate < 0, _STATE_BEFORE(r, remaining), later)

    def phase_and_growth(self, row: Int[np.ndarray, " nodes"], coordinate: Nodes) -> tuple[Nodes, Nodes]:
        """By restarting the trajectory from the level: the phase is then free of cancellation."""
        r = self.r[row]
        above = _RISE(r, self.level, coordinate) + (self.level - self.model.threshold)
        moment = _PASSAGE(r, self.level) + coordinate
        return self.model.confidence * above, _GROWTH_AT_STATE(r, self._state(r, coordinate), moment)
