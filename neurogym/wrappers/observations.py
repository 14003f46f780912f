"""Wrappers that change what is observed."""

from __future__ import annotations

import param

from neurogym.wrappers.base import Wrapper


class Noise(Wrapper):
    """Adds Gaussian noise to all channels.

    Fits every task whose observations do not depend on the actions.
    """

    sigma = param.Number(0.1, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    channels = param.List(None, allow_None=True, item_type=str, doc="which channels; all if None")

    def check(self, task):
        if task.closed and not task.foreseen:
            self.refuse(task, "its observations depend on the actions")
        for name in self.channels or ():
            task.plan.channels[name]  # raises for an unknown one

    def paint(self, task, canvas, trials):
        for group in task.plan.channels:
            if self.channels is None or group.name in self.channels:
                canvas.noise(group.name, self.sigma)
