"""The report: static pages for the class and for each student, without a script and without a network."""
