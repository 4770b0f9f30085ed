"""The frame of every page: navigation, address and session, the tour."""
