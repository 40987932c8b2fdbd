"""The tests, in folders as the packages have them; `house` holds the house rules, `bench` the benchmarks."""
