"""The command line: ``python -m hwlib predict | validate | calibrate | search | measure``."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from importlib import import_module

from hwlib.errors import BadInput

PREDICT = """\
Predict the cases of a CSV file whose columns are those of a file of hwlib/measured (case_id, family, and the inputs
of that family). Measured columns are never read; unknown ones are ignored. One line comes out for each case and each
metric of its family: case_id,metric,predicted,low,high,refused. low and high bound an 80% interval. What cannot be
predicted says why under refused, and never stops the others. Notes go to standard error.
"""
VALIDATE = """\
Hold the models against the published cases of hwlib/measured, each predicted while it was left out of the fit: once
with its case left out (a fifth of every group at a time), once with its whole group left out. Beside them the
datasheet's roofline without calibration. The figures are those that the last calibration stored; --fresh computes
them again, which takes minutes.
"""
CALIBRATE = """\
Fit the constants to the published cases again: hwlib/predict/fitted.toml and heldout.csv, and hwlib/calibration.toml
(what python -m hwlib.calibrate does). Takes minutes.
"""
SEARCH = """\
Estimate every layout of a training cluster that divides (TP x PP x DP x interleave x micro-batch x ZeRO x recomputation)
and print those that nothing beats in days, dollars and memory of a chip. DESIGN.toml has a [design] table with fields of
a training design and may have [assumptions] with facts of its load; the lists widen the search.
"""
MEASURE = """\
Measure this machine: matrix products, memory bandwidth and the floor of a call, then a small transformer's prefill and
decode, with the prediction made from those measurements beside what was measured.
"""


def parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    root = argparse.ArgumentParser(prog="python -m hwlib", description="Predict AI hardware, and say how far to trust the prediction.")
    commands = root.add_subparsers(dest="command", metavar="predict | validate | calibrate | search | measure")
    one = commands.add_parser("predict", help="predict the cases of a CSV file, with 80%% intervals", description=PREDICT, formatter_class=raw)
    one.add_argument("cases", metavar="CASES.csv", help="the cases; - for standard input")
    one.add_argument("--out", metavar="PREDICTIONS.csv", default="-", help="where the predictions go, whole or not at all; - for standard output (default)")
    one.add_argument("--quiet", action="store_true", help="no notes")
    one.add_argument("--explain", metavar="CASE_ID", help="instead of the file: what the time of one case goes to, and which constants decide")
    two = commands.add_parser("validate", help="the models against published cases: errors by family and group", description=VALIDATE, formatter_class=raw)
    two.add_argument("--json", action="store_true", help="the table as JSON")
    two.add_argument("--csv", metavar="FILE", help="the table as CSV; - for standard output")
    two.add_argument("--families", action="store_true", help="one line a metric, without the groups")
    two.add_argument("--fresh", action="store_true", help="fit and predict again instead of reading what was stored")
    three = commands.add_parser("calibrate", help="fit the constants to the published cases again", description=CALIBRATE, formatter_class=raw)
    three.add_argument("family", nargs="*", help="only these families of predictions (gemm, collectives, …), and not hwlib/calibration.toml")
    four = commands.add_parser("search", help="every layout of a training cluster, and those that nothing beats", description=SEARCH, formatter_class=raw)
    five = commands.add_parser("measure", help="measure this machine, and hold a prediction against it", description=MEASURE, formatter_class=raw)
    for each, name in ((four, "search"), (five, "measure")):
        import_module(f"hwlib.{name}.command").add_arguments(each)
    return root


def predict(options: argparse.Namespace) -> int:
    from hwlib.predict import predict_rows
    from hwlib.predict.cases import read, write, written

    found = predict_rows(read(options.cases))
    if options.explain:
        from hwlib.predict.explain import explain

        write(explain(found, options.explain) + "\n", options.out)
        return 0
    write(written(found), options.out)
    if not options.quiet:
        refused = sum(bool(p.refused) for p in found)
        print(f"{len(found)} predictions, {refused} of them refused", file=sys.stderr)
        for note, count in sorted(Counter(p.note for p in found if p.note).items()):
            print(f"note ({count}): {note}", file=sys.stderr)
    return 0


def validate(options: argparse.Namespace) -> int:
    from hwlib.predict import validation
    from hwlib.predict.cases import write

    results = validation.fresh_results() if options.fresh else validation.stored_results()
    table = validation.lines(results, groups=not options.families)
    if options.csv:
        write(validation.as_csv(table), options.csv)
    if options.json:
        print(validation.as_json(table))
    elif options.csv != "-":
        print(validation.as_text(table), end="")
    return 0


def calibrate(options: argparse.Namespace) -> int:
    from hwlib.predict.calibrate import calibrate as fit_all

    fit_all(options.family)
    if not options.family:
        from hwlib.calibrate import main as fit_constants

        return fit_constants()
    return 0


def search(options: argparse.Namespace) -> int:
    from hwlib.search.command import run

    return run(options)


def measure(options: argparse.Namespace) -> int:
    from hwlib.measure.command import run

    return run(options)


RUN = {"predict": predict, "validate": validate, "calibrate": calibrate, "search": search, "measure": measure}


def main(arguments: Sequence[str] | None = None) -> int:
    root = parser()
    options = root.parse_args(arguments)
    if options.command is None:
        root.print_help()
        return 0
    try:
        return RUN[options.command](options)
    except BadInput as error:
        print(f"python -m hwlib {options.command}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 1


if __name__ == "__main__":
    sys.exit(main())
