"""Changing what the office runs on: units, people, calendar, rules, options; each change with its event."""
