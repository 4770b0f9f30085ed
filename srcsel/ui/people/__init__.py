"""Who can reach the dashboard, and who they are."""
