"""Queries, papers and engines for benchmarks/matcher.py and benchmarks/query.py."""
