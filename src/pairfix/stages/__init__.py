"""The stages of a restoration, one module each."""
