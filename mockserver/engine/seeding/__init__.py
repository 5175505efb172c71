"""The first records of a run: from fixtures, generated ones, and those inferred from a document."""
