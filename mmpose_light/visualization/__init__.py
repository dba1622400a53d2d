"""What is drawn: curves of training runs, heatmaps over images."""
