"""The demo targets, drawn on this computer."""
