"""What everybody may use: records, errors, settings, phrases. Imports nothing above."""
