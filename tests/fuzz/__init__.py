"""Files that are nearly right: mutated by their structure, read in processes with limits.

`python -m tests.fuzz --minutes 20` runs as many as fit; `test_fuzz.py` runs a fixed number.
"""
