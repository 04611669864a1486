"""Applications on the layout, small enough to be read and real enough to be run."""
