"""A run as something to hand on: one self-contained HTML file, every number as CSV.

html.to_html     records -> the text of the file; page/ holds template, style and script
make.write       a stored run -> the file, its map and small pictures included
numbers.to_csv   every number
"""
