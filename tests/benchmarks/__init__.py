"""The benchmarks measure what they say they do: the report, and the cases on a tiny scale."""
