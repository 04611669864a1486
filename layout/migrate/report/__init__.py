"""What a migration tells: progress, reasons, the verdict, and results for people and machines."""
