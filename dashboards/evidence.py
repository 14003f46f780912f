"""Lecture page: how drift, bound, leak, noise and lapses shape a psychometric function.

Serve it beside the studio: `panel serve app dashboards/*.py`.
"""

import panel as pn
import panel_material_ui as pmui

from app.plots.curves import curves
from app.theme import THEME
from neurogym import rollout
from neurogym.subjects.agents import Integrator

pn.extension()

SENTENCE = """An observer adds up noisy evidence for left and right until a **bound** is reached,
then waits for the cue to answer. Which slider costs accuracy where the motion is weak, and which
at the easy end? The observer with which you began stays for comparison: both saw the very same
400 trials."""
TASK = dict(preset="human", sigma=2.0)
ENDS = dict(drift=3.0, bound=120.0, leak=10.0, noise=5.0, lapse=0.5)

model = Integrator()
first = rollout("PerceptualDecisionMaking", model, trials=400, seed=1, **TASK)
sliders = [
    pmui.FloatSlider.from_param(
        model.param[name], end=end, step=end / 60, value_throttled=getattr(model, name)
    )
    for name, end in ENDS.items()
]
figure = pn.Column(sizing_mode="stretch_width")


def draw(*events):
    """Let the observer that the sliders describe play the same trials."""
    rows = rollout("PerceptualDecisionMaking", model, yoke=first, **TASK)
    picture = curves([("you began with", first), ("now", rows)], condition="coh")
    figure.objects = [pn.pane.Bokeh(picture, sizing_mode="stretch_width")]


model.param.watch(draw, list(ENDS))
draw()

pmui.Page(
    title="From evidence to choice",
    sidebar=[pn.pane.Markdown(SENTENCE), *sliders],
    main=[figure],
    theme_config=THEME,
).servable(title="From evidence to choice")
