"""Folder, table, zip, public set or demo -> Dataset."""
