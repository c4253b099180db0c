"""A made-up shop: what it holds, made from numbers, and what its merchant does to it."""
