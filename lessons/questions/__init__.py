"""The questions of the workbooks, one file a section; every answer is computed."""
