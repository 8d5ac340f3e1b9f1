"""Spreadsheets in and out: reading ledgers of other offices and writing our own."""
