"""The lists of inspections as tables to export, and ledgers in the form that the importer reads."""
