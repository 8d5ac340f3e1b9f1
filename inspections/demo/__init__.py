"""The demonstration year: its workbooks, the people and pictures added to it, and how it is laid out."""
