"""The command line: one thin file per command; each calls the library and renders its answer."""
