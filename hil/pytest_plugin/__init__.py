"""The pytest plugin: options, markers, cells, hooks."""
