"""The plan file: a SQLite database that accounts for every object and is the journal of the run."""
