"""Looking at the files of this machine without touching them, with a limit of time."""
