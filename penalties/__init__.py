"""Deciding a penalty and carrying it out."""
