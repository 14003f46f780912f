"""Lecture page: how drift, bound, leak, noise and lapses shape a psychometric function.

Serve it beside the studio: `panel serve app dashboards/*.py`.
"""

from typing import Any

import panel as pn
import panel_material_ui as pmui

from app.plots.curves import curves
from app.shell import Browser, frame, heading
from neurogym import rollout
from neurogym.subjects.agents import Integrator

pn.extension()

TITLE = "From evidence to choice"
SENTENCE = """An observer adds up noisy evidence for left and right until a **bound** is reached,
then waits for the cue to answer. Which slider costs accuracy where the motion is weak, and which
at the easy end? The observer with which you began stays for comparison: both saw the very same
400 trials."""
TASK: dict[str, Any] = dict(preset="human", sigma=2.0)
ENDS = dict(drift=3.0, bound=120.0, leak=10.0, noise=5.0, lapse=0.5)

model = Integrator(bound=40.0, noise=0.0)
first = rollout("PerceptualDecisionMaking", model, trials=400, seed=1, **TASK)
sliders = [
    pmui.FloatSlider.from_param(
        model.param[name], end=end, step=end / 60, value_throttled=getattr(model, name)
    )
    for name, end in ENDS.items()
]
browser = Browser()
page = frame(
    TITLE, browser, themed="theme" in pn.state.session_args,
    sidebar=[pn.pane.Markdown(SENTENCE), *sliders],
)  # fmt: skip


def picture(dark: bool, **parameters: float) -> pn.viewable.Viewable:
    """The same trials, played by the observer that the sliders describe."""
    rows = rollout("PerceptualDecisionMaking", Integrator(**parameters), yoke=first, **TASK)
    drawn = curves([("you began with", first), ("now", rows)], condition="coh", dark=dark)
    return pn.pane.Bokeh(drawn, sizing_mode="stretch_width")


parameters: dict[str, Any] = {name: model.param[name] for name in ENDS}
page.main = [
    heading(TITLE, margin=(14, 16)),
    pn.panel(pn.bind(picture, page.param.dark_theme, **parameters), sizing_mode="stretch_width"),
]
page.servable(title=TITLE)
