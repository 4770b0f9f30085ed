import dataclasses

from srcsel.base.settings import load_settings
from srcsel.base.watch import Watch
from srcsel.jobs import shell


def test_without_an_example_the_own_pictures_come_first(visit, words_of):
    tab = visit()
    assert tab.title[0].value == "Which image model should you start from?"
    assert [button.label for button in tab.button] == ["Use my own pictures"]
    assert "Recent runs" not in words_of(tab)
    tab.button[0].click().run()
    assert tab.title[0].value == "Images"
    assert tab.text_input(key="images-folder").label == "Folder on this computer"


def test_one_press_opens_the_finished_example(visit, example, words_of):
    tab = visit()
    assert [button.label for button in tab.button] == [
        "See a finished example",
        "Use my own pictures",
        "Take the tour (2 minutes)",
    ]
    assert "**Start from Strokes**" in words_of(tab)
    assert any("/app/static/previews/butterflies.jpg" in html.value for html in tab.html)
    tab.button[0].click().run()
    assert not tab.exception
    assert "Use my own pictures" not in [button.label for button in tab.button]
    assert tab.query_params["run"] == example


def test_recent_runs_name_their_answer_and_lead_to_it(visit, stored, save, result, words_of):
    verdict = dataclasses.replace(result.verdict, kind="tie")
    save(
        result,
        run=dataclasses.replace(
            result.run, id="20260302-000000-000000-0001", title="![x](http://evil/y)"
        ),
        verdict=verdict,
        complete=False,
    )
    save(
        result,
        run=dataclasses.replace(result.run, id="20260303-000000-000000-0002", title="second"),
        verdict=verdict,
    )
    tab = visit()
    text = words_of(tab)
    assert r"Clear choice\: Strokes" in text
    assert r"Too close to call\: Strokes" in text
    assert r"Ahead so far\: Strokes" in text
    assert "![x](" not in text
    assert r"\!\[x\]\(" in text
    assert text.index("second") < text.index("leaves")  # newest first


def test_presenter_mode_hides_the_steps(visit, stored, words_of):
    tab = visit()
    assert "Read the answer" in words_of(tab)
    tab.toggle(key="presenter").set_value(True).run()
    assert "Read the answer" not in words_of(tab)
    assert "Recent runs" not in words_of(tab)


def test_a_run_of_the_shell_is_shown_while_it_goes_on(visit, stored, result, save, words_of):
    folder = load_settings().jobs
    run = dataclasses.replace(result.run, id="20260303-000000-000000-0002", title="*mine*")
    with shell.told(run, folder, Watch()) as told:
        told.plan(dict.fromkeys(run.models, 1.0), {})
        told.watch.update(run.models[0], "done")
        tab = visit()
        assert "Under way" in words_of(tab)
        assert r"**\*mine\***" in words_of(tab)
        bar = tab.get("progress")[0].proto
        assert bar.text.startswith("1 of 6 models done")
        assert bar.value == 100 // 6
        save(result, run=run, complete=False)  # it has some scores: still told once
        again = words_of(visit())
        assert again.count(r"\*mine\*") == 1
    assert "Under way" not in words_of(visit())
