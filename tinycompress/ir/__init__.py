"""The model as every stage sees it: immutable graph, its reader, and the integer arithmetic."""
