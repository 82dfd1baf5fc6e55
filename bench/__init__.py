"""What `make bench` runs: each figure beside its reference in the same run, for machines are shared and noisy."""
