"""Made by format/generator/generate.js from format/*.ksy; not to be edited.

SHA256SUMS holds the digests of what they were made from.
"""
