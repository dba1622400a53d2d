"""Data: synthetic people, and the conversion of Leeds Sports Pose Extended."""
