"""Training networks from synthetic pairs; `training.train` does all of it (torch)."""
