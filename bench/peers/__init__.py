"""The peers of the benchmarks, each run as a program of its own: none of them is a part of the product."""
