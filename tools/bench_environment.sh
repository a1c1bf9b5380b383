#!/usr/bin/env bash
# Make .bench, an environment apart for the tools that `make bench` compares with. A tool that cannot be
# installed is left out with one sentence; bench.py then says so instead of printing a figure.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -x .venv/bin/python ] || { echo "The project's own environment is missing: make test or make book makes it." >&2; exit 1; }
[ -x .bench/bin/python ] || .venv/bin/python -m venv .bench
.bench/bin/python -m pip install --quiet --disable-pip-version-check "numpy>=2.0,<2.5" "ml_dtypes>=0.4,<1" "scipy>=1.11,<2"
.bench/bin/python -m pip install --quiet --disable-pip-version-check "jinja2>=3.1,<4"  # our own reports, beside the graders
for peer in mlsysim llm-analysis nbgrader otter-grader; do
  if ! .bench/bin/python -m pip install --quiet --disable-pip-version-check "$peer" >".bench/$peer.log" 2>&1; then
    echo "$peer could not be installed from the Python registry: $(tail -n 1 ".bench/$peer.log")" >&2
  fi
done
# pyBKT reads arrays in a way that newer numpy and scikit-learn refuse: an environment of its own, in which we run beside it.
[ -x .bench/pybkt/bin/python ] || .venv/bin/python -m venv .bench/pybkt
.bench/pybkt/bin/python -m pip install --quiet --disable-pip-version-check "numpy>=2.0,<2.3"
if ! .bench/pybkt/bin/python -m pip install --quiet --disable-pip-version-check "numpy>=2.0,<2.3" "pandas>=2.2,<3" "scikit-learn>=1.5,<1.8" pyBKT >.bench/pyBKT.log 2>&1; then
  echo "pyBKT could not be installed from the Python registry: $(tail -n 1 .bench/pyBKT.log)" >&2
fi
touch .bench/.installed
