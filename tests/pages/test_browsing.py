"""Choose a folder: the dialog walks what may be opened, counts pictures, and takes one."""

from unittest.mock import patch

import pytest

from srcsel.pictures.places import Count
from srcsel.ui.images import browsing


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


def test_it_stays_where_the_page_is_drawn_anew_until_a_folder_is_taken(dialog, picture_folder):
    tab = dialog()
    tab.run()  # as when a check that went on behind it is done
    tab.run()
    assert labels(tab) == ["leaves"]
    tab.button(key="browse-use").click().run()
    tab.run()
    assert labels(tab) == []


def test_a_folder_without_pictures_is_not_the_thing_to_do(dialog, tmp_path, monkeypatch):
    tab = dialog()
    assert tab.button(key="browse-use").proto.type == "primary"
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("SRCSEL_ROOTS", str(tmp_path / "empty"))
    tab.button(key="browse").click().run()
    assert tab.button(key="browse-use").label == "Use empty as it is"
    assert tab.button(key="browse-use").proto.type == "tertiary"
    assert "No pictures in **empty**: go back up" in "".join(m.value for m in tab.markdown)


def test_what_no_time_was_left_to_count_is_at_least_what_its_folders_hold(picture_folder):
    known = {str(picture_folder): Count(30, whole=True)}
    with patch.dict(browsing.st.session_state, {browsing._COUNTED: known}):
        found = browsing._at_least([picture_folder, picture_folder.parent / "unknown"])
        assert found == Count(30, whole=False)
        assert browsing._at_least([picture_folder.parent / "unknown"]) is None


def test_none_among_many_files_is_no_number():
    assert browsing._said(Count(0, whole=False)) == "none in 20,000 files"
    assert browsing._said(Count(0, whole=True)) == "no pictures"
    assert browsing._said(Count(7, whole=False)) == "over 7 pictures"


def test_it_begins_beside_the_folder_that_is_chosen(dialog, picture_folder):
    assert "leaves" in labels(dialog(images=str(picture_folder)))


def test_a_shared_dashboard_without_roots_offers_nothing_to_walk(visit, monkeypatch):
    monkeypatch.setenv("SRCSEL_ROOTS", "nowhere")
    tab = visit("images")
    tab.get_by_key("images-way").set_value("folder").run()
    assert not [b for b in tab.button if b.key == "browse"]
