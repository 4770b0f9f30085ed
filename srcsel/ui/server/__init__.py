"""The server of the dashboard and the script it runs."""
