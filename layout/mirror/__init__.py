"""The files of a bucket as they lie on this machine, under user_data/."""
