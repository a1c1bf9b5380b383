"""Free text read by rules: `Discussion(brief, entry).say(text)`."""
