import json
import subprocess
import sys
import textwrap

import pytest

from srcsel.ui.app import frame, navigation

SCRIPT = navigation.FOLDER.parent / "srcsel" / "ui" / "app" / "main.py"

HEAVY = {"torch", "torchvision", "timm", "umap", "sklearn", "numba"}


def test_every_entry_has_its_page_and_every_page_its_entry():
    files = {path.stem for path in navigation.FOLDER.glob("*.py")}
    assert {entry.key for entry in frame.PAGES} == files
    assert [entry.title for entry in frame.PAGES] == [
        "Home",
        "1 Images",
        "2 Models",
        "3 Results",
        "4 Explore",
        "5 Evidence",
        "History",
    ]


def test_styles_lie_in_stylesheets_and_each_is_loaded(visit):
    scripts = (navigation.FOLDER.parent / "srcsel" / "ui").rglob("*.py")
    styled = [path.name for path in scripts if "<style" in path.read_text()]
    assert styled == ["frame.py"]  # which joins the sheets
    sheets = {path.stem for path in navigation.STATIC.glob("*.css")}
    assert {*frame.SHEETS, "presenter"} == sheets
    drawn = "\n".join(html.proto.body for html in visit("home")._tree[2].get("html"))
    for sheet in frame.SHEETS:
        assert (navigation.STATIC / f"{sheet}.css").read_text() in drawn


@pytest.mark.parametrize("key", [entry.key for entry in frame.PAGES])
def test_every_page_opens_on_a_fresh_computer(visit, key):
    tab = visit(key)
    assert not tab.exception
    assert tab.title[0].value


def test_footer_promises_privacy_and_home_says_it_once(visit, words_of):
    assert words_of(visit("history")).count("Your pictures stay on this computer.") == 1
    assert words_of(visit("home")).count("Your pictures stay on this computer.") == 1


def test_a_link_opens_presenter_mode(visit, words_of):
    tab = visit("home", present="on")
    assert tab.toggle(key="presenter").value is True
    tab.toggle(key="presenter").set_value(False).run()
    assert "present" not in tab.query_params


def test_presenter_mode_lasts_and_leaves_only_the_story(visit, words_of):
    tab = visit("images")
    assert "They need labels" in words_of(tab)
    tab.toggle(key="presenter").set_value(True).run()
    assert "They need labels" not in words_of(tab)
    assert "Your pictures stay" not in words_of(tab)
    tab.switch_page("../../../pages/history.py").run()
    assert tab.toggle(key="presenter").value is True


def test_command_of_one_page_does_not_stay_on_the_next(visit, picture_folder):
    tab = visit("images", images=str(picture_folder))
    assert tab.code[-1].value == f"srcsel rank {picture_folder}"
    tab.query_params.clear()
    tab.switch_page("../../../pages/history.py").run()
    assert not tab.code


def test_pages_import_nothing_that_computes(work, picture_folder):
    """A fresh process opens one page after the other with pictures and models chosen, and loads a
    heavy library for none.
    """
    script = f"""
        import json, sys
        from srcsel.jobs.board import Board
        Board.wake = Board.warm = lambda self: None
        from streamlit import config
        config.set_option("server.address", "127.0.0.1")
        from streamlit.testing.v1 import AppTest
        heavy = {{}}
        for key in {[entry.key for entry in frame.PAGES]!r}:
            tab = AppTest.from_file({str(SCRIPT)!r}, default_timeout=60).run()
            if key != "home":
                tab.switch_page(f"../../../pages/{{key}}.py")
            tab.query_params["images"] = {str(picture_folder)!r}
            tab.run()
            assert not tab.exception, (key, tab.exception)
            heavy[key] = sorted(set(sys.modules) & {HEAVY!r})
        print(json.dumps(heavy))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        cwd=navigation.FOLDER.parent,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {entry.key: [] for entry in frame.PAGES}
