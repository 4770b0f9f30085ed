"""What programs write where there is no value, the same for tables, arrays and lists of labels."""

from __future__ import annotations

NO_VALUE = frozenset(
    {
        *("", "nan", "NaN", "NAN", "Nan", "None", "NA", "N/A", "n/a", "<NA>", "NULL", "null"),
        *("NaT", "#N/A", "#NA", "#N/A N/A", "-nan", "-NaN", "1.#QNAN", "-1.#IND"),
    }
)
"""As pandas reads it. "none" in small letters is a word."""
