"""An error as the page shows it: name, message, and where in the cell or the course it happened."""

import traceback

# Frames of the machinery say nothing about the figure.
HIDDEN = ("/livekernel/", "/ipywidgets/", "/traitlets/", "/comm/", "/_pyodide/")


class Reported(dict):
    """The fields of a Jupyter ``error`` output."""

    @classmethod
    def of(cls, error):
        """Describe an exception, leaving out the frames of the machinery."""
        frames = [
            frame for frame in traceback.extract_tb(error.__traceback__)
            if not any(part in frame.filename for part in HIDDEN)
        ]
        lines = ["Traceback (most recent call last):\n", *traceback.format_list(frames)]
        lines += traceback.format_exception_only(error)
        return cls(
            output_type="error",
            ename=type(error).__name__,
            evalue=str(error),
            traceback=["".join(lines)],
        )
