"""Whatever stands in an address, every page draws, and says in a sentence what it cannot use."""

import pytest

from srcsel.ui.app import state
from srcsel.ui.app.navigation import PAGES

ABSURD = {
    "digits": "9" * 4400,
    "exponent": "1e400",
    "zero": "\0a\0",
    "address": "file://[",
    "dots": "../../../../etc/passwd",
    "name": "a" * 4400,
    "markup": "<script>alert(1)</script>](javascript:x) $\\frac{1}{0}$",
    "unseen": "\u202e\u200b\ufeff",
    "separators": ",,;;,=/=/:",
    "windows": "C:\\x",
    "demo": "demo:../../x",
    "public": "public:../../x",
    "hub": "timm/../../x,checkpoints/../../x.pth=,pixels/",
    "emoji": "👩‍👩‍👧‍👦" * 500,
}
OTHERS = [name for name in state.NAMES if name not in ("run", "images", "models")]


@pytest.fixture
def fine(visit, stored, result, work):
    def draw(page: str, **address: str) -> None:
        tab = visit(page, **address)
        assert not tab.exception, (page, tab.exception[0].value)
        shown = " ".join(str(e.value) for e in (*tab.error, *tab.info, *tab.markdown))
        assert "mistake in the program" not in shown
        assert "Traceback" not in shown

    return draw


@pytest.mark.parametrize("value", ABSURD.values(), ids=ABSURD)
@pytest.mark.parametrize("page", [entry.key for entry in PAGES])
def test_every_page_draws_with_a_value_in_every_place(fine, result, page, value):
    fine(page, run=result.run.id, images=result.dataset.ref, **dict.fromkeys(OTHERS, value))


@pytest.mark.parametrize("value", ABSURD.values(), ids=ABSURD)
def test_a_run_pictures_and_models_that_are_none_are_said(fine, result, value):
    fine("results", run=value)
    fine("images", images=value)
    fine("models", images=value)
    fine("models", images=result.dataset.ref, models=value)


@pytest.mark.parametrize("name", OTHERS)
def test_each_place_alone_takes_a_number_of_any_length(fine, result, name):
    for page in ("results", "explore"):
        fine(page, run=result.run.id, **{name: "9" * 4400})
