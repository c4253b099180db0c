"""A shop's month for people: tables, files, a picture.

pandas and matplotlib are loaded when they are needed: they take longer than all the rest.
"""
