"""Many conversations on one GPU: transformers' continuous batching behind the port of generators."""
