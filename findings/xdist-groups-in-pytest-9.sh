#!/usr/bin/env bash
# pytest-xdist 3.8.0 with pytest 9.2.0: tests marked as one group are spread over workers, without a word.
#
# With `--dist loadgroup`, tests that have `@pytest.mark.xdist_group("name")` in common are promised to one worker. xdist tells
# the scheduler of a group by writing `@name` into each item's private `_nodeid`. With pytest 8.4.2 `item.nodeid` reads that;
# pytest 9.2.0 keeps the id elsewhere, so that the suffix is never seen. Nothing warns: suites whose group shares a browser or a
# server start one for each worker.
#
# Seen: with 8.4.2 twelve tests of one group ran on 1 worker, with 9.2.0 on 2.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/test_group.py" <<'PY'
import os
import time

import pytest


@pytest.mark.xdist_group("together")
@pytest.mark.parametrize("i", range(12))
def test_which_worker(i):
    time.sleep(0.05)
    with open(os.environ["WORKERS"], "a") as file:
        file.write(os.environ["PYTEST_XDIST_WORKER"] + "\n")
PY
python3 -m venv "$folder/venv"
workers() { # pytest's version
  "$folder/venv/bin/pip" install --quiet --disable-pip-version-check "pytest==$1" pytest-xdist==3.8.0 2> "$folder/pip.txt" || {
    cat "$folder/pip.txt"
    exit 1
  }
  rm -f "$folder/workers.txt"
  (cd "$folder" && WORKERS="$folder/workers.txt" venv/bin/python -m pytest -q -n 2 --dist loadgroup test_group.py > run.txt) || {
    cat "$folder/run.txt"
    exit 1
  }
  sort -u "$folder/workers.txt" | wc -l
}
before=$(workers 8.4.2)
after=$(workers 9.2.0)
echo "pytest 8.4.2 with pytest-xdist 3.8.0: the group ran on $before worker(s)"
echo "pytest 9.2.0 with pytest-xdist 3.8.0: the group ran on $after worker(s)"
test "$before" -eq 1
test "$after" -eq 2
