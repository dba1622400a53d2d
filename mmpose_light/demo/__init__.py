"""What ``make demo`` does: an EL-HRNet learns synthetic people."""
