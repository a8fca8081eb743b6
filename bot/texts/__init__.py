"""Every sentence of Parley's own that a visitor can see, in Fluent files, one a language."""
