"""The answer policy: curated, generated and checked, quoted, or unknown (DESIGN.md, decision 2)."""
