"""Reading checkpoints, and converting the published ones of EEffPose."""
