"""The commands of ``pytest-rf``, one file each. What they need is imported when they run."""
