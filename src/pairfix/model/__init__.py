"""Trained models: folders that are found, verified and read, without torch."""
