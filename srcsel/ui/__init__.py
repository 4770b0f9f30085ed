"""The dashboard: the only package that imports streamlit.

`main` is the script, `pages/` its pages.
"""
