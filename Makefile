# Each target is the command that a person would type. Everything runs from .venv, which the first target makes.
SHELL := /bin/bash
PY := .venv/bin/python
STAMP := .venv/.installed
PORT ?= 8000
# Readers of the book wait more than they compute: several at once, at most four. Unit tests stay together by file.
ABREAST := -n logical --maxprocesses 4 --dist
.DEFAULT_GOAL := help

.PHONY: help serve book site epub pdf valid licences audit update test unit browser lint bench calibrate clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): requirements.txt pyproject.toml tools/environment.sh
	@bash tools/environment.sh

serve: book  ## build the book if needed and serve it on 127.0.0.1:8000 with a live kernel
	@PYTHONPATH=book/_ext $(PY) -m livebook_server --port $(PORT)

book: $(STAMP)  ## build _build/html when it is missing or stale, warnings as errors
	@$(PY) tools/build_book.py

site: book  ## copy the book, with its EPUB and PDF, to _build/site for any static host; SELF_HOSTED=1 brings Python along
	@bash tools/chromium.sh
	@$(PY) tools/make_epub.py
	@$(PY) tools/make_pdf.py --if-possible
	@SELF_HOSTED=$(SELF_HOSTED) $(PY) tools/make_site.py

epub: book  ## the whole book as one EPUB, in _build
	@$(PY) tools/make_epub.py

pdf: book  ## the whole book as one PDF, printed by Chromium, in _build
	@bash tools/chromium.sh
	@$(PY) tools/make_pdf.py

test: book  ## pass all tests: unit, doctest, workbooks, published measurements, hostile files, the book in Chromium
	@bash tools/chromium.sh
	@$(PY) -m pytest -q $(ABREAST) loadfile --ignore=tests/browser
	@$(PY) -m pytest -q $(ABREAST) loadgroup tests/browser
	@$(PY) -m pytest -q $(ABREAST) loadfile --nbval-lax lessons/workbooks
	@$(PY) -m ruff check .

unit: $(STAMP)  ## the tests without a browser
	@$(PY) -m pytest -q $(ABREAST) loadfile --ignore=tests/browser

browser: book  ## only the tests that drive the built book in Chromium
	@bash tools/chromium.sh
	@$(PY) -m pytest -q $(ABREAST) loadgroup tests/browser

valid: book  ## check every page, and three as Python draws them, with the W3C's Nu Html Checker (needs Java and npm)
	@bash tools/chromium.sh
	@bash tools/valid.sh --live

lint: $(STAMP)  ## style
	@$(PY) -m ruff check .

bench: $(STAMP)  ## measure speed beside other tools, in an environment apart, and how cost grows with work
	@bash tools/bench_environment.sh
	@.bench/bin/python tools/bench.py
	@.bench/bin/python tools/bench_graders.py
	@.bench/pybkt/bin/python tools/bench_mastery.py
	@$(PY) tools/bench_growth.py
	@$(PY) tools/readme.py

licences: $(STAMP)  ## the licence of everything that is installed or shipped; fails on one that does not fit
	@$(PY) tools/licences.py

audit: $(STAMP)  ## known advisories against the installed packages, or a sentence on why that could not be told
	@$(PY) tools/audit.py

update: $(STAMP)  ## which pins have a newer release, and how one is moved
	@$(PY) tools/update.py

calibrate: $(STAMP)  ## fit the constants to the published measurements again (minutes)
	@$(PY) -m hwlib calibrate

clean:  ## remove what was built; keeps the environment
	rm -rf _build .pytest_cache
