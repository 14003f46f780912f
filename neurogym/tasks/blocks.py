"""Tasks whose trials follow one another in blocks, or after a rule."""

import numpy as np
import param

from neurogym.spec.conditions import Choice, Uniform
from neurogym.spec.layout import Actions, Channels, Evidence
from neurogym.spec.paper import Paper
from neurogym.spec.parameters import Levels, Preset, Probability, Rewards, Timing
from neurogym.spec.rules import FirstResponse
from neurogym.spec.scene import GO, Cross, Disc, Keys, Scene, Text
from neurogym.tasks.alternatives import DARK, YELLOW, NAltPerceptualDecisionMaking, Nth
from neurogym.tasks.contrast import CONTRASTS, IBL, PAPER, RIG, SIDES, contrasts
from neurogym.tasks.perceptual import PerceptualDecisionMaking
from neurogym.trials.task import Task
from neurogym.wrappers import (
    PassAction,
    PassReward,
    Shaping,
    SideBias,
    TrialHistory,
    TrialHistoryEvolution,
    VariableNch,
)

HISTORY = Paper(
    "Response outcomes gate the impact of expectations on perceptual decisions",
    "https://doi.org/10.1038/s41467-020-14824-w",
    "Hermoso-Mendizabal, Hyafil, Rueda-Orozco, Jaramillo, Robbe & de la Rocha",
    2020,
)


class _Biased(Task):
    """Blocks in which one of two sides is likelier, after a start in which neither is."""

    p_block = param.Number(0.8, bounds=(0.5, 1), doc="chance of the side that a block favours")
    first_block = param.Integer(
        90, bounds=(0, 10_000), doc="trials at the start in which both sides are as likely"
    )
    block_least = param.Integer(20, bounds=(1, 10_000), doc="least trials in a block")
    block_most = param.Integer(100, bounds=(1, 10_000), doc="trials that no block exceeds")
    block_mean = param.Number(
        60, bounds=(1, 10_000), doc="trials above the least, exponential, on average if uncut"
    )
    neutral_blocks = param.Boolean(
        False, doc="whether blocks in which both sides are as likely are among the others"
    )

    def check(self):
        super().check()
        if self.block_least > self.block_most:
            raise ValueError(
                f"block_least = {self.block_least}: expected at most block_most, which is"
                f" {self.block_most}"
            )

    def built_in(self):
        p, length = self.p_block, (self.block_mean, self.block_least, self.block_most)
        probs = [[p, 1 - p], [1 - p, p], *([[0.5, 0.5]] if self.neutral_blocks else [])]
        return (
            SideBias(
                probs=probs, block_dur=("truncated_exponential", length), unbiased=self.first_block
            ),
        )


BIASED = {
    "p_block": RIG,
    "first_block": RIG,
    "block_least": RIG,
    "block_most": RIG,
    "block_mean": f"{RIG}: it is added to the least, so that the mean is about 51",
    "neutral_blocks": RIG,
}


class IBL20(_Biased, PerceptualDecisionMaking):
    """Watch noisy motion, then report its direction; for many trials one side is likelier."""

    id = "perceptualdecisionmaking.ibl20-v0"
    called = "IBL Task, 2020"
    paper = PAPER
    differs = (
        *PerceptualDecisionMaking.differs,
        "Which block comes first is drawn; it was always the one of the first side.",
        "ground_truth and coh can be forced; the former was drawn again, the latter dropped.",
        "Coherences are the rig's contrasts, and blocks the rig's: an unbiased start, then lengths"
        " that differ. NeuroGym's, 90 trials each without such a start, are the preset neurogym.",
    )
    sources = {
        **BIASED, "cohs": RIG, "zero_half": RIG, "timing": "NeuroGym",
        "sigma": "NeuroGym; dots in place of gratings, too",
    }  # fmt: skip
    presets = {
        "neurogym": Preset(
            cohs=[0, 6.4, 12.8, 25.6, 51.2], zero_half=False, first_block=0, block_least=90,
            block_most=90,
        )
    }  # fmt: skip

    cohs = Levels(list(CONTRASTS), bounds=(0, 100), doc="motion coherences in %")
    zero_half = param.Boolean(
        True, doc="whether 0 is half as likely as another coherence: its sides look the same"
    )
    dim_ring = param.Integer(2, bounds=(2, 2), doc="number of directions")

    def conditions(self):
        return {**super().conditions(), "coh": contrasts(self.cohs, self.zero_half)}


class IBL_Block(_Biased, IBL):
    """Two lights flicker: choose the brighter one; for many trials one side is likelier."""

    called = "IBL Task in Blocks"
    also = (*IBL.also, "biased blocks", "prior", "Posner cueing", "expectation")
    differs = (
        *IBL.differs,
        "Blocks are the rig's: an unbiased start, then either side in turn, for lengths that"
        " differ. NeuroGym's, of 200 trials (half of them, as every second trial was lost) and with"
        " neutral ones among them, are the preset neurogym; the next block is always another.",
    )
    sources = {**IBL.sources, **BIASED}
    presets = {
        "neurogym": Preset(
            IBL.presets["neurogym"], first_block=0, block_least=200, block_most=200,
            neutral_blocks=True,
        )
    }  # fmt: skip


class RDM_hist(PerceptualDecisionMaking):
    """Watch noisy motion, then report its direction; it tends to repeat, or to alternate."""

    called = "Random Dots with a History"
    paper = HISTORY
    differs = (
        "It was removed from NeuroGym in 2019, and is made of PerceptualDecisionMaking and the"
        " wrapper TrialHistory.",
        "A response during fixation is too early from its start; the first 100 ms were free.",
    )

    sigma = param.Number(2**0.5, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    rep_prob = Levels(
        [0.2, 0.8], bounds=(0, 1), doc="by block, the chance that the direction repeats"
    )
    block_dur = param.Integer(200, bounds=(1, 10_000), doc="trials in a block")
    dim_ring = param.Integer(2, bounds=(2, 2), doc="number of directions")
    rewards = Rewards(abort=-1.0, correct=1.0, fail=0.0)
    timing = Timing(fixation=750, stimulus=1000, delay=0, decision=500)

    def built_in(self):
        return (TrialHistory(probs=list(self.rep_prob), block_dur=self.block_dur),)


class Priors(Task):
    """Two lights flicker: choose the one that was brighter; its side tends to repeat, or not to."""

    also = ("history bias", "serial dependence", "repeating and alternating")
    paper = HISTORY
    tags = ("perceptual", "two-alternative", "supervised")
    differs = (
        "It was removed from NeuroGym in 2019; the paper is our choice, it named none.",
        "The noise is sigma / sqrt(dt) a step, of the streams alone; it had SD 1 a step.",
        "The cue to choose is the end of fixation, which is 1; it was a channel of -1, then 0.",
    )

    stim_ev = param.Number(0.5, bounds=(0.01, 1), doc="greatest difference of the streams' means")
    sigma = param.Number(10.0, bounds=(0, 100), doc="noise SD; a step gets sigma / sqrt(dt)")
    rep_prob = Levels([0.2, 0.8], bounds=(0, 1), doc="by block, the chance that the side repeats")
    block_dur = param.Integer(200, bounds=(1, 10_000), doc="trials in a block")
    rewards = Rewards(abort=-0.1, correct=1.0, fail=-1.0)
    timing = Timing(stimulus=900, decision=100)
    human = Preset(dt=20, abort=True, sigma=3.0, timing=dict(stimulus=1500, decision=2500))

    rule = FirstResponse("decision", hold="stimulus")
    keys = Keys({"choice": ["left", "right"]}, choice=("ArrowLeft", "ArrowRight"))
    scene = Scene(
        *(Disc(x=x, radius=0.15, outline=0.012, color=DARK) for x in SIDES),
        *(
            Disc(x=x, radius=0.15, color=YELLOW, alpha=Nth("stimulus", 0.3, 0.25, k),
                 during="stimulus")
            for k, x in enumerate(SIDES)
        ),
        Cross(during="stimulus"),
        Text(text="?", size=0.1, color=GO, during="decision"),
    )  # fmt: skip

    def channels(self):
        return Channels(fixation=1, stimulus=Evidence(2))

    def actions(self):
        return Actions(fixation=1, choice=2)

    def conditions(self):
        return dict(
            ground_truth=Choice((0, 1), doc="the stream of higher mean: 0 left, 1 right"),
            difference=Uniform(0, self.stim_ev, doc="how much higher its mean is"),
        )

    def built_in(self):
        return (TrialHistory(probs=list(self.rep_prob), block_dur=self.block_dur),)

    def paint(self, canvas, trials):
        canvas.show("fixation", 1, during="stimulus")
        lower = np.arange(2) != trials.ground_truth[:, None]
        canvas.show("stimulus", 1 - lower * trials.difference[:, None], during="stimulus")
        canvas.noise("stimulus", self.sigma, during="stimulus")
        canvas.answer("choice", trials.ground_truth, during="decision")


class PriorsV0(NAltPerceptualDecisionMaking):
    """Watch lamps flicker, then report the brightest; the number in play and their order change."""

    id = "priors.priors_v0-v0"
    called = "Priors, First Version"
    paper = Paper(
        "Recurrent networks endowed with structural priors explain suboptimal animal behavior",
        "https://doi.org/10.1016/j.cub.2022.12.044",
        "Molano-Mazón, Shao, Duque, Yang, Ostojic & de la Rocha",
        2023,
    )
    differs = (
        *NAltPerceptualDecisionMaking.differs,
        "The parameters of the trial history and of the number of choices are those of the task,"
        " with their names; they were the dicts tr_hist_kwargs and var_nch_kwargs. It could not be"
        " made, as what it is made of was gone.",
    )

    probs = param.Number(0.9, bounds=(0, 1), doc="probability of the answer that follows mostly")
    ctx_dur = param.Integer(200, bounds=(1, 10_000), doc="trials in a context of what follows what")
    num_contexts = param.Integer(3, bounds=(1, 100), doc="contexts in the pool")
    death_prob = Probability(1e-4, doc="chance, each trial, that the pool is replaced")
    block_nch = param.Integer(100, bounds=(1, 10_000), doc="trials with the same number in play")
    prob_12 = Probability(0.0, doc="chance that just the first two are in play")

    def built_in(self):
        return (
            VariableNch(block_nch=self.block_nch, prob_12=self.prob_12),
            TrialHistoryEvolution(
                probs=self.probs,
                ctx_dur=self.ctx_dur,
                num_contexts=self.num_contexts,
                death_prob=self.death_prob,
            ),
            PassAction(),
            PassReward(),
        )


class CVLearning(PerceptualDecisionMaking):
    """Watch noisy motion, then report its direction; it gets harder, step by step, as you learn."""

    called = "Learning Random Dots"
    also = ("shaping", "curriculum")
    paper = Paper(
        "Discrete attractor dynamics underlies persistent activity in the frontal cortex",
        "https://doi.org/10.1038/s41586-019-0919-7",
        "Inagaki, Fontolan, Romani & Svoboda",
        2019,
    )
    tags = ("perceptual", "delayed response", "two-alternative", "supervised")
    differs = (
        "The curriculum is the wrapper Shaping, built in: which phase a trial has is a condition,"
        " follows the seed, and stands in the trial. Datasets go through it as a subject does who"
        " is always right; they stayed in the first phase.",
        "A phase ends when th_stage of the last trials_day trials were right; days were counted,"
        " and delays grew and shrank with the performance.",
        "Channels that speak for no answer, all but the first two of n_ch, are gone.",
        "The key sigma of a trial is gone: noise follows from the condition phase.",
    )

    short_dur = param.Integer(2, bounds=(1, 100), doc="steps of the periods in the first phases")
    init_ph = param.Integer(0, bounds=(0, 5), doc="the first phase")
    th_stage = Probability(0.7, doc="share of right answers that ends a phase")
    trials_day = param.Integer(300, bounds=(1, 100_000), doc="trials over which that is counted")
    max_num_reps = param.Integer(3, bounds=(1, 100), doc="the same answers in a row that still pay")
    dim_ring = param.Integer(2, bounds=(2, 2), doc="number of directions")
    rewards = Rewards(abort=-0.1, correct=1.0, fail=-1.0)
    timing = Timing(fixation=200, stimulus=1150, delay=("uniform", (1000, 3000)), decision=1500)
    human = Preset(
        dt=20, trials_day=10, short_dur=25,
        timing=dict(fixation=700, delay=("uniform", (500, 1500)), decision=3000),
    )  # fmt: skip

    def built_in(self):
        return (
            Shaping(
                init_ph=self.init_ph,
                th=self.th_stage,
                perf_w=self.trials_day,
                max_num_reps=self.max_num_reps,
                short_dur=self.short_dur,
            ),
        )
