"""Choose a folder: the dialog walks what may be opened, counts pictures, and takes one."""

import pytest


@pytest.fixture
def dialog(visit, picture_folder, monkeypatch):
    """Open the dialog where the folder of the pictures is the only one to begin with."""
    monkeypatch.setenv("SRCSEL_ROOTS", str(picture_folder.parent))

    def opened(**address):
        tab = visit("images", **address)
        tab.get_by_key("images-way").set_value("folder").run()
        tab.button(key="browse").click().run()
        assert not tab.exception
        return tab

    return opened


def labels(tab) -> list[str]:
    return [b.label for b in tab.button if (b.key or "").startswith("browse-in-")]


def test_it_begins_at_the_root_and_counts(dialog, picture_folder):
    (picture_folder.parent / "empty").mkdir()
    tab = dialog()
    assert labels(tab) == ["empty", "leaves"]
    captions = [caption.value for caption in tab.caption]
    assert captions[captions.index("no pictures") + 1] == "30 pictures"
    assert "30 pictures" in tab.button(key="browse-use").label


def test_it_begins_beside_the_folder_that_is_chosen(dialog, picture_folder):
    assert "leaves" in labels(dialog(images=str(picture_folder)))


def test_a_shared_dashboard_without_roots_offers_nothing_to_walk(visit, monkeypatch):
    monkeypatch.setenv("SRCSEL_ROOTS", "nowhere")
    tab = visit("images")
    tab.get_by_key("images-way").set_value("folder").run()
    assert not [b for b in tab.button if b.key == "browse"]
