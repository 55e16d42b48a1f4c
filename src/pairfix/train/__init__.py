"""Training networks from synthetic pairs; `run.train` is the whole of it (torch)."""
