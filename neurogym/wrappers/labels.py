"""Wrappers that decide which answer is right, and what else differs from trial to trial."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Any

import numpy as np
import param

from neurogym.spec.conditions import Choice, Condition, Patterns, Permutation, Subset
from neurogym.spec.parameters import (
    BlockLength,
    BlockLengths,
    Probabilities,
    Probability,
    ProbabilityRows,
    Settings,
    Transitions,
)
from neurogym.spec.plan import Plan
from neurogym.spec.schedules import ORDERS, Lengths, Schedule, needs_schedule
from neurogym.trials.batch import Draw
from neurogym.trials.task import Task
from neurogym.wrappers.base import (
    Wrapper,
    add_condition,
    needs_ground_truth,
    probabilities,
)

BLOCKS = "trials, (low, high) trials, exponential, or a switching probability"


class Text(Condition):
    """A text that a wrapper sets, and that cannot be forced."""

    def __init__(self, doc: str):
        self.doc = doc

    def draw(self, rng, n, last):
        return np.full(n, "")

    def allows(self, value):
        return False

    def __str__(self):
        return "none: it follows from the trials before"


class Count(Text):
    """A whole number that a wrapper sets, and that cannot be forced."""

    def draw(self, rng, n, last):
        return np.zeros(n, np.int64)


def in_play(task: Task, draw: Draw) -> np.ndarray | None:
    """Which answers each trial has, (n, k) bool; None if all trials have all."""
    active = task.plan.conditions.get("active")
    if not isinstance(active, Subset):
        return None
    mask = active.decode(draw.conditions["active"])
    return None if mask.all() else mask


def among(p: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """Probabilities (n, k) of the answers in play only; equal ones where nothing is left."""
    if mask is None:
        return p
    p = np.where(mask, p, 0.0)
    total = p.sum(axis=-1, keepdims=True)
    even = mask / mask.sum(axis=-1, keepdims=True)
    return np.where(total > 0, p / np.where(total > 0, total, 1.0), even)


def pick(rng: np.random.Generator, p: np.ndarray) -> np.ndarray:
    """An index for each row of probabilities (n, k): (n,)."""
    edges = np.cumsum(p, axis=-1)[:, :-1]
    return (rng.random(len(p))[:, None] >= edges - 1e-12).sum(axis=-1)


def add_block(wrapper: Wrapper, task: Task, plan: Plan, n: int, doc: str) -> None:
    """Add the condition that tells the block."""
    add_condition(wrapper, task, plan, "block", Choice(range(n), doc=doc))


class RandomGroundTruth(Wrapper):
    """Draws the right answer with given probabilities.

    Fits tasks whose condition ground_truth is one of several values.
    """

    p = Probabilities(None, doc="probability of each answer; equal if None")

    def check(self, task):
        n = needs_ground_truth(self, task)
        if self.p is not None:
            probabilities("p", self.p, n)

    def draw(self, task, draw, last):
        values = task.plan.conditions["ground_truth"].values
        p = np.full(len(values), 1 / len(values)) if self.p is None else np.asarray(self.p, float)
        p = among(np.broadcast_to(p, (draw.n, len(values))), in_play(task, draw))
        draw.conditions["ground_truth"] = values[pick(draw.rng, p)]


class SideBias(Wrapper):
    """Blocks in which some answers are right more often than others.

    Fits tasks whose condition ground_truth is one of several values.

    `block_dur` is a number of trials, a range (low, high) from which each block's length is drawn,
    ("truncated_exponential", (mean, min, max)), or a probability below 1 with which a block ends at
    each trial. The next block is another one, each with equal chance. The condition `block` tells
    the block.
    """

    probs = ProbabilityRows(
        None, doc="by block, the probability of each answer; 0.8 of each if None"
    )
    block_dur = BlockLength(200, doc=BLOCKS)
    unbiased = param.Integer(
        0, bounds=(0, 10**6), doc="trials before the first block, all answers as likely"
    )

    def check(self, task):
        n = needs_ground_truth(self, task)
        if self.probs is not None and not self.probs:
            raise ValueError("SideBias: probs is empty, expected a row of probabilities a block")
        for i, row in enumerate(self._probs(n)):
            probabilities(f"probs[{i}]", row, n)
        self._schedule(n)

    def _probs(self, n: int) -> list:
        """A row of probabilities a block; by default there is a block for each answer."""
        return transitions("probs", 0.8, n).tolist() if self.probs is None else self.probs

    def _schedule(self, n: int) -> Schedule:
        return Schedule(len(self._probs(n)), "switch", self.block_dur)

    def change(self, task, plan):
        n = len(plan.conditions["ground_truth"].values)
        count = len(self._probs(n)) + (self.unbiased > 0)
        last = "; the last one is the start, without a bias" if self.unbiased else ""
        add_block(self, task, plan, count, f"the block of side bias{last}")

    def draw(self, task, draw, last):
        values = task.plan.conditions["ground_truth"].values
        n = len(values)
        blocks, last = self._blocks(draw, n, last)
        probs = np.vstack([self._probs(n), np.full(n, 1 / n)])
        p = among(probs[blocks], in_play(task, draw))
        draw.conditions.update(block=blocks, ground_truth=values[pick(draw.rng, p)])
        return last

    def _blocks(self, draw: Draw, n: int, last: Any) -> tuple[np.ndarray, Any]:
        """The block of each trial, and what to give as `last` for those that follow."""
        start = len(self._probs(n))
        left = self.unbiased if last is None else last[1] if last[0] == start else 0
        lead = min(left, draw.n)
        blocks = np.full(draw.n, start)
        if lead == draw.n:
            return blocks, [start, left - lead]
        before = None if last is None or last[0] == start else last
        blocks[lead:], last = self._schedule(n).draw(draw.rng, draw.n - lead, before)
        return blocks, last


def transitions(name: str, spec: Any, n: int) -> np.ndarray:
    """A matrix (n, n), row the answer before, from a matrix or a probability of repetition."""
    matrix = np.asarray(spec, float)
    if matrix.ndim == 0:
        if not 0 <= matrix <= 1:
            raise ValueError(f"{name} = {spec!r}: expected a probability of repetition")
        return np.where(np.eye(n, dtype=bool), matrix, (1 - matrix) / (n - 1))
    if matrix.shape != (n, n):
        raise ValueError(
            f"{name} of shape {matrix.shape}: expected ({n}, {n}), or a probability of repetition"
        )
    for i, row in enumerate(matrix.tolist()):
        probabilities(f"{name}[{i}]", row, n)
    return matrix


def blocks_of(name: str, spec: Any, n: int) -> list[np.ndarray]:
    """Matrices, one a block: from one matrix or number, or a list of such."""
    if not isinstance(spec, list):
        return [transitions(name, spec, n)]
    if not spec:
        raise ValueError(f"{name} is empty: expected a matrix, a number, or a list of them")
    is_matrix = all(
        isinstance(row, list) and not any(isinstance(v, list) for v in row) for row in spec
    )
    if is_matrix:
        return [transitions(name, spec, n)]
    return [transitions(f"{name}[{i}]", entry, n) for i, entry in enumerate(spec)]


class TrialHistory(Wrapper):
    """The right answer depends on the right answer of the trial before.

    Fits tasks whose condition ground_truth is one of several values.

    `probs` is the probability that the answer repeats, or a matrix (row: the answer before, column:
    the next), or a list of such: one a block, with lengths as `block_dur` says and the next block
    another one at random; the condition `block` then tells the block. After a trial that was not
    answered rightly, `after_error`, of the same form, holds instead: Hermoso-Mendizabal et al.
    (2020), https://doi.org/10.1038/s41467-020-14824-w.
    """

    probs = Transitions(0.8, doc="probability of a repetition, a matrix, or a list: by block")
    after_error = Transitions(None, doc="the same after an error; no difference if None")
    block_dur = BlockLength(200, doc=BLOCKS)

    def check(self, task):
        n = needs_ground_truth(self, task)
        blocks = blocks_of("probs", self.probs, n)
        if self.after_error is not None:
            others = blocks_of("after_error", self.after_error, n)
            if len(others) not in (1, len(blocks)):
                raise ValueError(f"after_error has {len(others)} blocks but probs {len(blocks)}")
        self._schedule(len(blocks))

    @property
    def learns(self):
        return self.after_error is not None

    def _schedule(self, n: int) -> Schedule:
        return Schedule(n, "switch", self.block_dur)

    def _matrices(self, spec: Any, n: int) -> np.ndarray:
        return np.stack(blocks_of("probs", spec, n))

    def change(self, task, plan):
        answers = len(plan.conditions["ground_truth"].values)
        n = len(blocks_of("probs", self.probs, answers))
        if n > 1:
            add_block(self, task, plan, n, "the block of trial history")

    def draw(self, task, draw, last):
        values = task.plan.conditions["ground_truth"].values
        at, schedule, error = last or (None, None, False)
        matrices = self._matrices(self.probs, len(values))
        blocks, schedule = self._schedule(len(matrices)).draw(draw.rng, draw.n, schedule)
        if len(matrices) > 1:
            draw.conditions["block"] = blocks
        if error:
            matrices = self._matrices(self.after_error, len(values))
            blocks = np.minimum(blocks, len(matrices) - 1)
        at = int(draw.rng.integers(len(values))) if at is None else at
        mask = in_play(task, draw)
        p = among(matrices[blocks], None if mask is None else mask[:, None, :])
        # for each trial, what would follow each of the answers; then one walk through it
        edges = np.cumsum(p, axis=2)[:, :, :-1] - 1e-12
        following = (draw.rng.random(draw.n)[:, None, None] >= edges).sum(axis=2).tolist()
        picked = [at := options[at] for options in following]
        draw.conditions["ground_truth"] = values[picked]
        return [at, schedule, False]

    def learn(self, task, last, trial, result):
        values = task.plan.conditions["ground_truth"].values.tolist()
        return [values.index(trial["ground_truth"]), last[1], not result.correct]


TrialHistoryV2 = TrialHistory  # as NeuroGym calls it


class TrialHistoryEvolution(Wrapper):
    """The right answer follows the one before, by contexts that come, go and are replaced.

    Fits tasks whose condition ground_truth is one of several values.

    A context says for each answer which one follows it with probability `probs`; the others are
    equally likely. There is a pool of `num_contexts` of them; another one of the pool holds after
    each `ctx_dur` trials, and with probability `death_prob` a trial the whole pool is replaced when
    the context changes. The condition `transitions` tells it, such as "2-1-3" (what follows 1,
    2, 3), and `generation` how often the pool was replaced.
    """

    probs = Probability(0.8, doc="probability of the answer that the context favours")
    ctx_dur = BlockLength(200, doc=BLOCKS)
    num_contexts = param.Integer(3, bounds=(1, 100), doc="contexts in the pool")
    death_prob = Probability(1e-4, doc="chance, each trial, that the pool is replaced")
    balanced_probs = param.Boolean(False, doc="each answer is favoured by exactly one other")
    predef_tr_mats = param.Boolean(
        False, doc="the contexts are to repeat, to go up, and to go down, and stay"
    )

    def check(self, task):
        needs_ground_truth(self, task)
        Lengths(self.ctx_dur, "ctx_dur")

    def change(self, task, plan):
        doc = "what mostly follows each answer, counted from 1"
        add_condition(self, task, plan, "transitions", Text(doc))
        doc = "how often the contexts were replaced"
        add_condition(self, task, plan, "generation", Count(doc))

    def _pool(self, rng: np.random.Generator, n: int) -> list[list[int]]:
        if self.predef_tr_mats:
            return [[(i + step) % n for i in range(n)] for step in (0, 1, -1)]
        if self.balanced_probs:
            return [rng.permutation(n).tolist() for _ in range(self.num_contexts)]
        return rng.integers(n, size=(self.num_contexts, n)).tolist()

    def _follow(self, favoured: int, n: int, luck: float, mask: list[bool] | None) -> int:
        """The next answer: mostly the favoured one, of those in play."""
        if mask is not None:
            other = (1 - self._favour) / (n - 1)
            p = [(self._favour if i == favoured else other) * there for i, there in enumerate(mask)]
            total = sum(p)
            p = [share / total for share in p] if total else [t / sum(mask) for t in mask]
            return bisect_right(list(accumulate(p[:-1])), luck + 1e-12)
        if luck < self._favour:
            return favoured
        other = int((luck - self._favour) / (1 - self._favour) * (n - 1))
        return other + (other >= favoured)

    def draw(self, task, draw, last):
        values, rng = task.plan.conditions["ground_truth"].values, draw.rng
        self._favour = self.probs  # a read of a parameter is slow
        n, lengths, mask = len(values), Lengths(self.ctx_dur), in_play(task, draw)
        if last is None:
            pool = self._pool(rng, n)
            last = [int(rng.integers(n)), pool, int(rng.integers(len(pool))), lengths.draw(rng), 0]
        at, pool, which, left, generation = last
        truth, contexts, generations = [], [], []
        luck = rng.random(draw.n).tolist()
        masks = [None] * draw.n if mask is None else mask.tolist()
        for i in range(draw.n):
            if left == 0:
                if not self.predef_tr_mats and rng.random() < self.death_prob * lengths.mean:
                    pool, generation = self._pool(rng, n), generation + 1
                which, left = int(rng.integers(len(pool))), lengths.draw(rng)
            at = self._follow(pool[which][at], n, luck[i], masks[i])
            left -= 1
            truth.append(at)
            contexts.append("-".join(str(k + 1) for k in pool[which]))
            generations.append(generation)
        draw.conditions.update(
            ground_truth=values[truth],
            transitions=np.array(contexts),
            generation=np.array(generations),
        )
        return [at, pool, which, left, generation]


class ScheduleAttr(Wrapper):
    """Sets conditions, or lengths of periods, trial by trial after a schedule.

    Fits every declared task.

    `attr_list` holds dicts of conditions, such as `[{"coh": 5}, {"coh": 50}]`; each trial has one
    of them, in the order of the schedule (see ScheduleEnvs). The key `p` gives the probabilities of
    the right answers. The condition `block` tells which dict it is.
    """

    attr_list = Settings([{}], doc="the values, a dict each")
    order: Any = param.Selector(default="sequential", objects=list(ORDERS), doc="which comes next")
    block_dur = BlockLength(1, doc=BLOCKS)
    block_lens = BlockLengths(None, doc="trials of each dict's blocks instead")

    def __init__(self, *args: Any, schedule: Schedule | None = None, **params: Any):
        if args and isinstance(args[0], Schedule):
            schedule, args = args[0], args[1:]
        if schedule is not None:
            needs_schedule("ScheduleAttr", schedule)
            params |= dict(order=schedule.order, block_dur=schedule.block_dur)
            params["block_lens"] = schedule.block_lens
        super().__init__(*args, **params)
        if schedule is not None and schedule.n != len(self.attr_list):
            raise ValueError(f"a schedule of {schedule.n} for {len(self.attr_list)} dicts")

    def _schedule(self) -> Schedule:
        return Schedule(len(self.attr_list), self.order, self.block_dur, self.block_lens)

    def check(self, task):
        if not self.attr_list:
            raise ValueError("ScheduleAttr: attr_list is empty, expected a dict of conditions")
        self._schedule()
        for attr in self.attr_list:
            if "p" in attr:
                probabilities("p", attr["p"], needs_ground_truth(self, task))
            task.check_forced({name: value for name, value in attr.items() if name != "p"})

    def change(self, task, plan):
        if len(self.attr_list) > 1:
            add_block(self, task, plan, len(self.attr_list), "which of the dicts the trial has")

    def draw(self, task, draw, last):
        index, last = self._schedule().draw(draw.rng, draw.n, last)
        if len(self.attr_list) > 1:
            draw.conditions["block"] = index
        for name in dict.fromkeys(name for attr in self.attr_list for name in attr):
            has = np.array([name in attr for attr in self.attr_list])[index]
            if name == "p":
                values = task.plan.conditions["ground_truth"].values
                even = np.full(len(values), 1 / len(values))
                rows = np.array([attr.get("p", even) for attr in self.attr_list], float)[index]
                picked = values[pick(draw.rng, among(rows, in_play(task, draw)))]
                name, told = "ground_truth", picked
            else:
                first = next(attr[name] for attr in self.attr_list if name in attr)
                told = np.array([attr.get(name, first) for attr in self.attr_list])[index]
            if name in task.plan.conditions:
                draw.conditions[name] = np.where(has, told, draw.conditions[name])
            else:
                draw.ms[name] = np.where(has, told, draw.ms.get(name, np.nan))
        return last


class VariableNch(Wrapper):
    """Blocks with different numbers of answers in play.

    Fits tasks with a condition active, such as NAltPerceptualDecisionMaking.

    Every `block_nch` trials the answers in play change: the pair of the first two with probability
    `prob_12`, else k of them, with the probabilities `blocks_probs` of k = 2, 3, ...; the first k,
    or, unless `sorted_ch`, any. The right answer is one of them, each with equal chance. Wrappers
    around this one, such as TrialHistory, keep to the answers in play.
    """

    block_nch = BlockLength(100, doc=BLOCKS)
    blocks_probs = Probabilities(None, doc="of 2, 3, ... answers; equal if None")
    sorted_ch = param.Boolean(True, doc="the first answers, not any")
    prob_12 = Probability(0.0, doc="chance that just the first two are in play")

    def check(self, task):
        if not isinstance(task.plan.conditions.get("active"), Subset):
            self.refuse(task, "it has no condition active, of the answers in play")
        n = needs_ground_truth(self, task)
        Lengths(self.block_nch, "block_nch")
        if self.blocks_probs is not None:
            probabilities("blocks_probs", self.blocks_probs, n - 1)

    def _choose(self, rng: np.random.Generator, n: int) -> list[int]:
        if rng.random() < self.prob_12:
            return [0, 1]
        p = self.blocks_probs or [1 / (n - 1)] * (n - 1)
        k = 2 + int(pick(rng, np.array([p]))[0])
        return list(range(k)) if self.sorted_ch else sorted(rng.permutation(n)[:k].tolist())

    def draw(self, task, draw, last):
        values, rng = task.plan.conditions["ground_truth"].values, draw.rng
        lengths = Lengths(self.block_nch)
        chosen, left = last or (self._choose(rng, len(values)), lengths.draw(rng))
        sets, counts, drawn = [chosen], [left], left
        while drawn < draw.n:
            chosen = self._choose(rng, len(values))
            sets.append(chosen)
            counts.append(lengths.draw(rng))
            drawn += counts[-1]
        names = np.array(["-".join(str(k + 1) for k in s) for s in sets])
        draw.conditions["active"] = np.repeat(names, counts)[: draw.n]
        mask = in_play(task, draw)
        p = among(np.full((draw.n, len(values)), 1 / len(values)), mask)
        draw.conditions["ground_truth"] = values[pick(rng, p)]
        return [chosen, drawn - draw.n]


class VariableMapping(Wrapper):
    """The right answer of each picture changes now and then, and the pictures with the session.

    Fits tasks with the conditions mapping and pictures, such as NAltConditionalVisuomotor.

    After at least `min_mapp_dur` trials the mapping is shuffled with probability `mapp_ch_prob` a
    trial; after at least `min_sess_dur` trials the session ends with `sess_end_prob`: there are new
    pictures and a new mapping. Mean durations are the minimum and 1 / probability.
    """

    mapp_ch_prob = Probability(0.003, doc="chance, each trial, of another mapping")
    min_mapp_dur = param.Integer(30, bounds=(0, None), doc="least trials of a mapping")
    sess_end_prob = Probability(0.0025, doc="chance, each trial, of other pictures")
    min_sess_dur = param.Integer(120, bounds=(0, None), doc="least trials of a session")

    def check(self, task):
        conditions = task.plan.conditions
        if not isinstance(conditions.get("mapping"), Permutation) or not isinstance(
            conditions.get("pictures"), Patterns
        ):
            self.refuse(task, "it has no conditions mapping and pictures")

    def change(self, task, plan):
        doc = "how often the pictures were replaced"
        add_condition(self, task, plan, "session", Count(doc))

    def draw(self, task, draw, last):
        rng, conditions = draw.rng, task.plan.conditions

        def new(name: str) -> str:
            return str(conditions[name].draw(rng, 1, None)[0])

        if last is None:
            last = [new("mapping"), new("pictures"), 0, 0, 0]
        mapping, pictures, mapped, met, session = last
        told: list[tuple[str, str, int]] = []
        for luck, end in rng.random((draw.n, 2)).tolist():
            if met >= self.min_sess_dur and end < self.sess_end_prob:
                mapping, pictures = new("mapping"), new("pictures")
                mapped, met, session = 0, 0, session + 1
            elif mapped >= self.min_mapp_dur and luck < self.mapp_ch_prob:
                mapping, mapped = self._another(new, mapping), 0
            mapped, met = mapped + 1, met + 1
            told.append((mapping, pictures, session))
        for name, values in zip(
            ("mapping", "pictures", "session"), zip(*told, strict=True), strict=True
        ):
            draw.conditions[name] = np.array(values)
        return [mapping, pictures, mapped, met, session]

    def _another(self, new: Any, mapping: str) -> str:
        while (other := new("mapping")) == mapping:
            pass
        return other
