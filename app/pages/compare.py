"""Rasters and curves of a person and an agent on the very same trials."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from app.doubts import doubts
from app.forms.editors import TIGHT
from app.forms.fields import Form
from app.player.messages import title
from app.plots.paper import paper
from app.plots.raster import raster
from app.shell import heading, words
from app.state import StudioState
from app.work import Job
from neurogym.records.database import Store
from neurogym.records.files import write_csv
from neurogym.records.measures import slower, summary
from neurogym.records.trial_table import arguments, finished
from neurogym.subjects.agents import AGENTS, OBSERVERS, Policy, agent, fits
from neurogym.subjects.rollout import describe, rollout


class Compare(pn.viewable.Viewer):
    """People above, agents below, yoked to the same trials; without people, agents alone.

    What is shown follows from the parameters; work beside the page sets them.
    """

    busy = param.Boolean(False, doc="whether an agent plays, or pictures are drawn")
    share = param.Integer(0, bounds=(0, 100), doc="how far the work is, %")
    said = param.String("", doc="what is told of the work")
    pictures = param.List([], doc="Bokeh models, from the top down")

    def __init__(
        self, choice: StudioState, store: Store, go: Callable[[str], None], dark: bool = False
    ):
        super().__init__()
        self.choice, self.store, self.go, self.dark = choice, store, go, dark
        self.run = store.run(choice.run) if choice.run else None
        self.rows = finished(store.trials(run_id=choice.run)) if choice.run else []
        self.agents: list[dict[str, Any]] = []
        self.job: Job | None = None
        self._make_widgets()
        # what a job reports before the browser has the page can get lost on its way there
        pn.state.onload(lambda: self._choose_agent(self.agent.value))

    # -- widgets ---------------------------------------------------------------------------------

    def _make_widgets(self) -> None:
        env: Any = self.choice.env()
        env.reset(seed=self.choice.seed)
        task = env.declared
        periods = list(task.plan.timing) if task else [name for name, _, _ in env.periods]
        small = dict(size="small", margin=(6, 8))
        fitting = [name for name in AGENTS if fits(name, env)]
        observers = [name for name in OBSERVERS if name in fitting]
        first = observers[0] if observers else self.choice.player()
        self.agent = pmui.Select(label="agent", value=first, options=fitting, width=160, **small)
        self.agent.param.watch(lambda event: self._choose_agent(event.new), "value")
        self.settings = pmui.FlexBox(margin=0, gap="0px", sizing_mode=None, styles=TIGHT)
        self.align = pmui.Select(
            label="align on",
            value="start",
            options=["start", *periods, "response"],
            width=130,
            **small,
        )
        told = [row["conditions"] for row in self.rows] or [env.trial]
        own = task.plan.conditions if task else {}
        conditions = list(dict.fromkeys([*(name for each in told for name in each), *own]))
        self.sort = pmui.Select(
            label="sort by", value="order", options=["order", "rt", "outcome", *conditions],
            width=140, **small,
        )  # fmt: skip
        self.svg = pmui.Switch(label="save pictures as SVG, not PNG", value=False, margin=(14, 8))
        for widget in (self.align, self.sort, self.svg):
            widget.param.watch(lambda event: self._redraw(), "value")
        self.progress = pmui.LinearProgress(
            value=self.param.share, visible=self.param.busy, sizing_mode="stretch_width",
            variant="determinate",
        )  # fmt: skip
        self.cancel = pmui.Button(
            label="Cancel", size="small", visible=self.param.busy, margin=(8, 8)
        )
        self.cancel.on_click(lambda event: self._stop())
        self.csv = pmui.FileDownload(
            callback=self._csv, filename="trials.csv", label="Download CSV", variant="outlined",
            size="small", embed=False, auto=True, margin=(8, 8),
        )  # fmt: skip
        self.note = pmui.Typography(
            pn.bind(words, self.param.said), variant="body2", margin=(4, 12)
        )
        scrolls = {"overflow-x": "auto", "overflow-y": "hidden"}  # sideways, on a phone
        self.figures = pn.Column(
            objects=pn.bind(_panes, self.param.pictures), sizing_mode="stretch_width",
            margin=(0, 8), styles=scrolls,
        )  # fmt: skip

    def _choose_agent(self, name: str) -> None:
        """A form for the agent's parameters, and a rollout."""
        policy: Any = agent(name)
        self.policy = policy
        self.own: dict[str, Any] = {}
        self.form = Form(policy, self._take_settings)
        self.settings.objects = self.form.alone()
        self._roll_out()

    def _take_settings(self, changes: Mapping[Any, Any]) -> Exception | None:
        own = {**self.own, **changes}
        try:
            self.policy = agent(self.agent.value, **own)  # work that is given up keeps its own
        except ValueError as error:
            return error
        self.own = own
        self._roll_out()
        return None

    # -- work ------------------------------------------------------------------------------------

    def _roll_out(self) -> None:
        """Let the agent play, and draw."""
        policy = self.policy
        self._start(lambda job: self._play(job, policy))

    def _redraw(self) -> None:
        """Draw what was played, in another way."""
        self._start(lambda job: self.agents)

    def _start(self, play: Callable[[Job], list[dict[str, Any]]]) -> None:
        """Work beside the page; what was under way is given up."""
        self._stop()
        self.param.update(busy=True, share=0)
        look = dict(
            align=self.align.value, sort=self.sort.value, dark=self.dark, svg=self.svg.value
        )
        name = describe(self.agent.value, self.policy)

        def work(job: Job) -> tuple[list, list, str]:
            try:
                rows, note = play(job), ""
            except (TypeError, ValueError) as error:
                rows, note = [], f"The agent cannot play this task: {error}"
            try:
                return rows, self._drawn(self._groups(rows, name), look), note
            except ValueError as error:  # such as a period that never came
                return rows, [], f"There is nothing to draw: {error}"

        self.job = Job(work, self._done, self._failed, self._tell)

    def _play(self, job: Job, policy: Policy) -> list[dict[str, Any]]:
        choice = self.choice
        if self.rows:
            row = self.rows[0]
            return rollout(
                row["task"], policy, yoke=self.rows, seed=choice.seed, progress=job.step,
                **arguments(row),
            )  # fmt: skip
        return rollout(
            choice.task, policy, choice.trials, seed=choice.seed, progress=job.step,
            **choice.arguments(),
        )  # fmt: skip

    def _tell(self, done: int, total: int) -> None:
        self.share = round(100 * done / total)

    def _done(self, result: tuple[list, list, str]) -> None:
        self.agents, pictures, said = result
        self.param.update(busy=False, pictures=pictures, said=said)

    def _failed(self, error: Exception) -> None:
        self.param.update(busy=False, said=f"This failed: {error}")
        raise error

    def _stop(self) -> None:
        if self.job is not None:
            self.job.cancel()
        self.busy = False

    # -- pictures ---------------------------------------------------------------------------------

    def _groups(self, agents: list[dict[str, Any]], name: str) -> list[tuple[str, list]]:
        """(title, rows) of each subject: people first."""
        groups = [(self.rows[0]["subject"] or "person", self.rows)] if self.rows else []
        return [*groups, (name, agents)] if agents else groups

    def _drawn(self, groups: list[tuple[str, list]], look: dict[str, Any]) -> list[Any]:
        """The rasters, and under them the figures that belong to the task, with what was fitted."""
        if not groups:
            return []
        points = paper(groups, dark=look["dark"], svg=look["svg"])
        return [raster(groups, **look), *([points] if points else [])]

    def _csv(self) -> io.StringIO:
        file = io.StringIO()
        write_csv([*self.rows, *self.agents], file)
        file.seek(0)
        return file

    def __panel__(self) -> pn.viewable.Viewable:
        late = " ".join(filter(None, (_pace(self.rows), doubts(self.rows))))
        who = "Nobody has played this run yet: the agent plays it alone." if not self.rows else ""
        head = pmui.FlexBox(
            heading(f"Compare: {title(self.choice.task)}", margin=(8, 10)),
            self.csv,
            justify_content="space-between", align_items="center", margin=0, gap="0px",
        )  # fmt: skip
        return pmui.Column(
            head,
            pmui.Typography(who, variant="body2", margin=(0, 12), visible=bool(who)),
            pmui.FlexBox(self.agent, self.settings, margin=0, gap="0px"),
            pmui.FlexBox(self.align, self.sort, self.svg, self.cancel, margin=0),
            self.progress,
            self.note,
            self.figures,
            pmui.Typography(late, variant="body2", margin=(4, 12), visible=bool(late)),
            sizing_mode="stretch_width",
        )


def _pace(rows: list[Any]) -> str:
    """What is told of a run that was slower than its task says; else nothing."""
    percent = slower(summary(rows)["pace"])
    told = f"It was played {percent} % slower than declared: periods were on for that much longer."
    return told if percent else ""


def _panes(pictures: list[Any]) -> list[pn.viewable.Viewable]:
    return [pn.pane.Bokeh(picture, sizing_mode="stretch_width") for picture in pictures]
