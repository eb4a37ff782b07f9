"""The terminal application (Textual): it will open images through the calls that the command line uses.

textual is imported in this package only.
"""
