"""The Stack Exchange data dump as a format of imports; docs/importing.md tells people what is taken over."""
