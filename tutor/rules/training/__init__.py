"""Rules of section 2: a cluster that learns."""
