"""The pages of an administrator: units, people, calendar, rules, options."""
