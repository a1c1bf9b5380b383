"""Fit every family again and write what was found: `fitted.toml` and `heldout.csv`."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from hwlib.errors import listed, unknown
from hwlib.predict import all_families, constants, store, validation
from hwlib.predict.cases import write
from hwlib.predict.fit import fit


def calibrate(only: Sequence[str] = ()) -> None:
    """All families, or those named; the others keep what they have."""
    known = {f.key: f for f in all_families()}
    for name in only:
        if name not in known:
            raise unknown("family", name, known)
    entries = dict(constants.stored())
    kept = validation.stored_results() if only and validation.PATH.exists() else ()
    results = {f.key: [r for r in kept if r.family in f.names] for f in known.values()}
    for key, family in known.items():
        if only and key not in only:
            continue
        begun = time.perf_counter()
        seen, fold, group, found = validation.results_of(family)
        entries[key] = store.entry_of(family, seen, fit(family, seen), fold, group)
        results[key] = found
        print(f"{family.title}: {entries[key]['cases']} cases, median error left out {entries[key]['median_error']:.1%}, {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    write(store.text_of({key: entries[key] for key in known if key in entries}), constants.PATH)
    write(validation.text_of(r for key in known for r in results[key]), validation.PATH)
    print(f"written: hwlib/predict/fitted.toml and heldout.csv ({listed(only) if only else 'all families'})", file=sys.stderr)
