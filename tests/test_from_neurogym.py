"""All code in the guide for those who come from NeuroGym runs, line by line."""

import re
import warnings

from tests.test_guides import ROOT, blocks

PAGE = "docs/from-neurogym.md"


def table():
    """(NeuroGym's way, ours, why) of each line."""
    lines = (ROOT / PAGE).read_text(encoding="utf-8").splitlines()
    rows = [re.split(r" \| ", line.strip("| ")) for line in lines if line.startswith("| ")]
    assert rows[0] == ["NeuroGym 2", "here", "why"]
    return rows[1:]


def test_all_code_on_the_right_runs():
    scope = {"__name__": "guide"}
    exec(blocks(PAGE)[0], scope)
    assert len(table()) > 25
    for line in table():
        assert len(line) == 3, line
        spans = re.findall(r"`([^`]+)`", line[1])
        assert spans, line
        for code in spans:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                try:
                    exec(code, scope)
                except Exception as error:
                    raise AssertionError(f"{code}: {error!r}") from error


def test_each_line_says_why():
    assert all(len(why) > 7 for *_, why in table())
