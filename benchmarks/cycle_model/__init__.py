"""The cycle model against figures that others published: CoreMark and Dhrystone per MHz."""
