#!/usr/bin/env bash
# Checks every page of the book with the Nu Html Checker, which speaks for the W3C; with --live also three pages as they
# stand in Chromium when Python has drawn. Its jar comes from npm into .valid/, which git ignores. Exit code 1: errors.
set -euo pipefail
cd "$(dirname "$0")/.."
CHECKER=26.9.27
JAR=.valid/node_modules/vnu-jar/build/dist/vnu.jar

command -v java >/dev/null || { echo "java is missing: the Nu Html Checker needs Java 11 or newer (apt-get install default-jre-headless)." >&2; exit 2; }
[ -f _build/html/index.html ] || { echo "There is no built book in _build/html: run make book first." >&2; exit 2; }
if [ ! -f "$JAR" ]; then
  command -v npm >/dev/null || { echo "npm is missing: it fetches the Nu Html Checker (apt-get install npm)." >&2; exit 2; }
  npm install --silent --no-audit --no-fund --no-save --prefix .valid "vnu-jar@$CHECKER" || { echo "npm could not fetch vnu-jar@$CHECKER: the lines above say why." >&2; exit 2; }
fi

mapfile -d '' pages < <(find _build/html -name '*.html' -not -path '*/_static/*' -not -path '*/_sources/*' -not -path '*/.*' -print0 | sort -z)
if [ "${1:-}" = "--live" ]; then
  rm -rf _build/live-dom
  "${PYTHON:-.venv/bin/python}" tools/live_dom.py _build/live-dom
  mapfile -d '' -O "${#pages[@]}" pages < <(find _build/live-dom -name '*.html' -print0 | sort -z)
fi
java -Xss8m -jar "$JAR" --errors-only --skip-non-html "${pages[@]}"
echo "${#pages[@]} pages: no error."
