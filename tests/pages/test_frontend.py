import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient

from srcsel.ui.server import frontend, server

FILES = sorted(
    path.relative_to(frontend.FOLDER).as_posix()
    for path in (frontend.FOLDER / "static").rglob("*.*")
)


@pytest.fixture
def browser():
    """Our middleware around a page that stands for Streamlit and answers to everything."""
    below = PlainTextResponse("Streamlit")
    return TestClient(
        Starlette(routes=[Mount("/", below)], middleware=server.MIDDLEWARE),
        base_url="http://localhost",
        client=("127.0.0.1", 50000),
    )


def test_every_file_is_the_one_starlette_would_send(browser):
    plain = TestClient(StaticFiles(directory=frontend.FOLDER))
    assert len(FILES) > 100
    for name in FILES[::5]:
        answer, expected = browser.get(f"/{name}"), plain.get(f"/{name}")
        assert answer.content == expected.content
        assert answer.headers["content-type"] == expected.headers["content-type"]
        assert answer.headers["cache-control"] == "public, immutable, max-age=31536000"
        assert "content-security-policy" in answer.headers


def test_foreign_names_get_no_file(browser):
    assert browser.get(f"/{FILES[0]}", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    "path", ["", "index.html", "static", "static/", "static/js", "static/js/none.js", "%2e%2e/x"]
)
def test_everything_else_is_left_to_streamlit(browser, path):
    assert browser.get(f"/{path}").text == "Streamlit"


def test_what_is_no_get_is_left_to_streamlit(browser):
    assert browser.post(f"/{FILES[0]}").text == "Streamlit"
    assert "cache-control" not in browser.head(f"/{FILES[0]}").headers


def test_no_way_out_of_the_folder(browser):
    for path in (
        "/static/../index.html",
        "/static/js/../../../__init__.py",
        "/static/%2e%2e/index.html",
    ):
        answer = browser.get(path)
        assert answer.text == "Streamlit"
