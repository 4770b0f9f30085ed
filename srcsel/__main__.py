"""`python -m srcsel`, the same as the command `srcsel`."""

from srcsel.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
