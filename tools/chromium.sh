#!/usr/bin/env bash
# Have a Chromium for the browser tests: the one in $CHROMIUM or on the path, else Debian's when we may install it.
set -euo pipefail
for candidate in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
  if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing Debian's chromium for the browser tests (once)."
  if apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; then exit 0; fi
fi
echo "No Chromium here, so the browser tests will be skipped; to run them: apt-get install chromium (as root), or set CHROMIUM=/path/to/it"
