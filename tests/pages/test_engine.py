"""The setting of what computes: this computer, a Ray, and a Ray's address."""

import pytest

STAY = "Your pictures stay on this computer."


@pytest.fixture
def models(visit, picture_folder):
    return lambda: visit("models", images=str(picture_folder), models="demo")


def asked(tab, board):
    next(button for button in tab.button if button.label.startswith("Score")).click().run()
    return next(job for job in board.active() if job.kind == "rank").payload["run"]


def control(tab):
    return tab.button_group(key="engine")


def test_this_computer_unless_a_ray_is_chosen(models, board):
    tab = models()
    assert "--engine" not in tab.code[-1].value
    control(tab).set_value("ray").run()
    tab.text_input(key="engine-address").set_value("10.0.0.5:6379").run()
    assert tab.code[-1].value.endswith("--engine ray:10.0.0.5:6379")
    assert any("read the pictures too" in one.value for one in tab.caption)
    score = next(button for button in tab.button if button.label.startswith("Score"))
    assert "with a cluster it may take less" in score.help
    assert asked(tab, board)["engine"] == "ray:10.0.0.5:6379"


def test_no_page_of_a_run_on_a_cluster_promises_that_pictures_stay_here(
    models, board, visit, words_of, monkeypatch
):
    tab = models()
    assert STAY in words_of(tab)
    control(tab).set_value("ray").run()
    assert STAY in words_of(tab)  # a Ray of this computer's own
    tab.text_input(key="engine-address").set_value("10.0.0.5:6379").run()
    assert STAY not in words_of(tab)
    assert "The computers of the Ray cluster read your pictures too." in words_of(tab)
    run = asked(tab, board)
    results = words_of(visit("results", run=run["id"]))
    assert STAY not in results
    assert STAY in words_of(visit("home"))
    monkeypatch.setenv("SRCSEL_RAY", "10.0.0.5:6379")
    for page in ("home", "history"):
        assert STAY not in words_of(visit(page))


def test_what_can_be_no_address_is_said(models):
    tab = models()
    control(tab).set_value("ray").run()
    tab.text_input(key="engine-address").set_value("two words").run()
    assert not tab.exception
    assert "engine must be local, ray or ray" in tab.error[0].value


def test_a_shared_dashboard_asks_for_no_address(models, monkeypatch, tmp_path):
    monkeypatch.setenv("SRCSEL_RAY", "10.0.0.5:6379")
    monkeypatch.setenv("SRCSEL_ROOTS", str(tmp_path))
    tab = models()
    assert tab.code[-1].value.endswith("--engine ray")
    assert not [one for one in tab.text_input if one.key == "engine-address"]
