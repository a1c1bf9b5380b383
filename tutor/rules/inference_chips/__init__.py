"""Rules of section 3: answering to a percentile."""
