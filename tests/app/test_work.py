"""Work beside the page: it tells how far it is, can be given up, and fails aloud."""

import threading

import pytest

from app.work import POOL, Job


class Page:
    """A document whose turns a test takes."""

    def __init__(self):
        self.calls, self.threads = [], []

    def add_next_tick_callback(self, call):
        self.calls.append(call)

    def turn(self):
        calls, self.calls = self.calls, []
        for call in calls:
            call()


@pytest.fixture
def page(monkeypatch):
    import panel as pn

    page = Page()
    monkeypatch.setattr(type(pn.state), "curdoc", property(lambda state: page))
    return page


class Told:
    """What a job called back."""

    def __init__(self):
        self.done, self.failed, self.progress = [], [], []

    def job(self, work):
        return Job(
            work, self.done.append, self.failed.append,
            lambda done, total: self.progress.append((done, total)),
        )  # fmt: skip


@pytest.fixture
def told():
    return Told()


def test_a_result_comes_in_the_pages_own_turn(page, told):
    job = told.job(lambda job: threading.current_thread().name)
    job.future.result(10)
    assert told.done == []
    page.turn()
    assert told.done[0].startswith("neurogym-work")
    assert told.failed == []


def test_progress_is_told_once_a_percent(page, told):
    def work(job):
        return [job.step(i, 1000) for i in range(1, 1001)]

    job = told.job(work)
    job.future.result(10)
    page.turn()
    assert told.done == [[False] * 1000]
    assert len(told.progress) == 101
    assert told.progress[-1] == (1000, 1000)
    assert told.progress == sorted(told.progress)


def test_nothing_to_do_is_no_failure(page, told):
    told.job(lambda job: job.step(0, 0)).future.result(10)
    page.turn()
    assert told.done == [False]
    assert told.failed == []


def test_a_failure_is_told(page, told):
    def work(job):
        raise ValueError("no such agent")

    told.job(work).future.result(10)
    page.turn()
    assert [str(error) for error in told.failed] == ["no such agent"]
    assert told.done == []


@pytest.mark.parametrize("fails", [False, True])
def test_work_that_was_given_up_stops_and_tells_nothing(page, told, fails):
    begun, go = threading.Event(), threading.Event()

    def work(job):
        job.step(1, 4)
        begun.set()
        go.wait(10)
        if fails:
            raise ValueError("too late")
        return job.step(2, 4)

    job = told.job(work)
    assert begun.wait(10)
    job.cancel()
    go.set()
    assert job.future.result(10) is None
    page.turn()
    assert (told.done, told.failed, told.progress) == ([], [], [])


def test_work_is_given_up_after_it_was_done_but_before_the_page_heard(page, told):
    job = told.job(lambda job: 5)
    job.future.result(10)
    job.cancel()
    page.turn()
    assert told.done == []


def test_step_says_when_to_stop(page, told):
    seen, go = [], threading.Event()

    def work(job):
        seen.append(job.step(1, 2))
        go.wait(10)
        seen.append(job.step(2, 2))

    job = told.job(work)
    job.cancel()
    go.set()
    job.future.result(10)
    assert seen[-1] is True


def test_without_a_page_callbacks_come_at_once(monkeypatch, told):
    import panel as pn

    monkeypatch.setattr(type(pn.state), "curdoc", property(lambda state: None))
    told.job(lambda job: 5).future.result(10)
    assert told.done == [5]


def test_several_jobs_run_beside_each_other(page, told):
    both = threading.Barrier(2)
    jobs = [told.job(lambda job: both.wait(10)) for _ in range(2)]
    for job in jobs:
        job.future.result(10)
    page.turn()
    assert sorted(told.done) == [0, 1]
    assert POOL._max_workers >= 2
