"""Finding something wrong and getting it put right."""
