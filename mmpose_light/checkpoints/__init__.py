"""Reading, publishing and converting checkpoints."""
