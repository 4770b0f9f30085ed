"""What one would write instead of Results: a Streamlit page with two Plotly bars and a Plotly map.

It shows less than half of what Results does, and is asked beside it in the same browser.
"""

from pathlib import Path

import numpy as np

from benchmarks._browser import SETTLED, answers, spawn, stop, wait_until

APP = """import pandas as pd
import plotly.express as px
import streamlit as st

def title():
    st.title("Pictures")

def results():
    st.title("Results")
    scores, dots = pd.read_parquet("scores.parquet"), pd.read_parquet("dots.parquet")
    left, right = st.columns([2, 3])
    for measure in ("MSC", "SCL"):
        left.plotly_chart(px.bar(scores, x=measure, y="model", orientation="h"), key=measure)
    right.plotly_chart(px.scatter(dots, x="x", y="y", color="class"), key="map")
    st.dataframe(scores)

st.navigation([st.Page(title, title="Pictures"), st.Page(results, title="Results")],
              position="top").run()
"""
CHANGE = """(name) => new Promise((done) => {
    const count = (selector) => document.querySelectorAll(selector).length;
    const there = name === "Pictures" ? () => document.querySelector("h1")?.textContent === name
        : () => count(".js-plotly-plot .barlayer .point") > 3
            && count(".st-key-map .js-plotly-plot .legend .traces") > 9;
    const start = performance.now();
    [...document.querySelectorAll("[data-testid=stTopNavLink]")]
        .find((one) => one.textContent.includes(name)).click();
    const look = () => requestAnimationFrame(there()
        ? () => done((performance.now() - start) / 1000) : look);
    look();
})"""


def changes(browser, folder: Path, placed: np.ndarray, labels: np.ndarray, repeats: int) -> list:
    """Seconds from the press on Results to bars and map, of the same 5,000 dots, placed (n, 2),
    labels (n,); the first visit, which pays for imports, is left out.
    """
    import pandas as pd

    folder.mkdir()
    (folder / "usual.py").write_text(APP)
    names = [f"class {label}" for label in labels]
    dots = pd.DataFrame({"x": placed[:, 0], "y": placed[:, 1], "class": names})
    dots.to_parquet(folder / "dots.parquet")
    scores = {"model": ["first", "second"], "MSC": [0.3, 0.2], "SCL": [0.3, 0.2]}
    pd.DataFrame(scores).to_parquet(folder / "scores.parquet")
    process, url = spawn(folder, folder / "usual.py")
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    try:
        wait_until(lambda: answers(url))
        page = context.new_page()
        page.goto(url)
        page.wait_for_selector(SETTLED)
        found = []
        for _ in range(repeats + 1):
            found.append(page.evaluate(CHANGE, "Results"))
            page.wait_for_timeout(1000)
            page.evaluate(CHANGE, "Pictures")
            page.wait_for_timeout(300)
        return found[1:]
    finally:
        context.close()
        stop(process)
