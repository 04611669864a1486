"""What each S3 operation does, and the table of R2's rules that it is checked against."""
