"""A process that supplies the memory of restarted processes from an image, page by page, as it is touched."""
