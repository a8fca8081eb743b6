"""What the channels share about Markdown: how it is parsed, where a long text is cut, what is shown while it grows."""
