"""What benchmarks/matcher.py and benchmarks/query.py measure: queries, papers, and the engines beside ours."""
