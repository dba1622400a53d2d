"""What the command lines do, for use from Python."""
