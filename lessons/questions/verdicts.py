"""The ledger's verdicts by the words that a workbook offers."""

VERDICTS = {"holds": "holds", "holds-with-caveat": "caveat", "wrong": "wrong", "unsupported": "no-source"}
