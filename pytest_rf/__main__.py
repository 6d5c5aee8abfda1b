"""``python -m pytest_rf`` is the command ``pytest-rf``."""

from pytest_rf.cli import main

if __name__ == "__main__":
    main()
