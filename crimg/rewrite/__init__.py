"""Rewriting images: rules that say which paths become which."""
