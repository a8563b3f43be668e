"""Parts of a graph: operators that work element by element, and some operators as a file."""
