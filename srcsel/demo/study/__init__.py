"""How far the verdict's confidence can be believed: a study of many small cases made from what
ships.

    pictures.py    twelve targets, of the project's own drawing and of scikit-learn's
    candidates.py  demo and packaged networks, near-twins among them, and their features
    truth.py       accuracy really reached on pictures held back, trained and by a linear probe
    cases.py       who foretold it, in one case after another: the raw numbers
    summary.py     what they come to; pure
    page.py        the findings in words, and what the verdict says of them
"""
