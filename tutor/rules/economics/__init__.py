"""Rules of section 4: three years for a board."""
