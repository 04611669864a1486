"""THE table of keys: its rows, what a row is made of, and the rules that keep the table consistent."""
