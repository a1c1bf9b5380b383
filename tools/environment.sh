#!/usr/bin/env bash
# Make .venv and install the pinned set-up. Says in one sentence what is missing when it cannot.
set -euo pipefail
cd "$(dirname "$0")/.."
python=""
for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
  [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 || continue
  if "$candidate" -c 'import sys; raise SystemExit(not (3, 11) <= sys.version_info[:2])'; then python="$candidate"; break; fi
done
if [ -z "$python" ]; then
  echo "Python 3.11 or newer is needed and was not found; on Debian: apt-get install python3 python3-venv" >&2
  exit 1
fi
if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Debian's python3-venv, which this Python lacks."
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
  fi
  if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
    echo "This Python has no venv module; on Debian: apt-get install python3-venv" >&2
    exit 1
  fi
fi
[ -x .venv/bin/python ] || "$python" -m venv .venv
echo "Installing the pinned packages into .venv (once; a few minutes)."
if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt; then
  echo "The packages of requirements.txt could not be installed: the lines above say which; the Python package registry must be reachable." >&2
  exit 1
fi
touch .venv/.installed
