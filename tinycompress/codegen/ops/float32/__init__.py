"""Operators on float32: islands in models of integers, and whole models of floats.

They compute in the order of LiteRT's reference kernels, one IEEE 754 operation after the other, so
that only functions such as e^x may differ from it, by the last places.
"""
