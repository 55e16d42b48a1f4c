"""Fine-tune a model for one camera on its own pairs, without ground truth (torch)."""
