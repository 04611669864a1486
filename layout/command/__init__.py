"""The command line `r2-layout`: a file a command."""
