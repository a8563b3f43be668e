"""Factorisations of kernels: chains of thinner layers in the place of one, one file each."""
