"""What people and programs see of an image: plain records, from which text, JSON and screens are made.

A record is a dictionary with stable keys; its values are integers, booleans, None, texts that crimg made,
lists and records, and `bytes` for every string that comes from the image: who shows one escapes it
(crimg.escape). Addresses and other 64-bit patterns are texts of hexadecimal digits with "0x", since JSON
readers round integers beyond 2**53; lengths, offsets and counts are integers, in bytes where not said.
"""
