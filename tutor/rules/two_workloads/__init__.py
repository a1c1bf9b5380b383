"""Rules of section 1: what serving asks that training does not."""
