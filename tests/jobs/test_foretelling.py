"""A run's speeds are kept under what they depend on, and found by the next run that is alike."""

import pytest

from srcsel.base.records import SourceModel
from srcsel.base.settings import load_settings
from srcsel.jobs import foretelling
from srcsel.jobs.pace import Pace
from srcsel.models import catalog
from srcsel.models.hubs import hub_of, work_of

MODEL = catalog.find_models(["demo/flowers"])[0]


def finished(looks=2.0):
    """A run of one model that took so many seconds for 1000 pictures after its first 100."""
    pace = Pace({MODEL.id: MODEL.gmacs})
    for done in range(0, 1001, 100):
        pace.heard(MODEL.id, "running", done, 1000, max(0, done - 100) * looks / 900)
    pace.heard(MODEL.id, "scoring", 0, 0, looks)
    pace.heard(MODEL.id, "done", 0, 0, looks + 1)
    return pace


def test_the_next_run_alike_begins_with_what_this_one_took(work_folder):
    settings = load_settings()
    exact = foretelling.setting_of("local", "cpu", "float32", settings)
    before = foretelling.pace_of([MODEL], exact, settings).foretold(1000)
    foretelling.remember([MODEL], exact, finished(looks=90.0), settings)
    slow = foretelling.pace_of([MODEL], exact, settings).foretold(1000)
    assert before < 20
    assert slow == pytest.approx(0.1 * 1000 + 1, rel=0.05)
    fast = foretelling.setting_of("local", "cpu", "bfloat16", settings)
    assert foretelling.pace_of([MODEL], fast, settings).foretold(1000) < slow / 2


def test_auto_is_the_device_that_is_set(monkeypatch):
    monkeypatch.setenv("SRCSEL_DEVICE", "cpu")
    settings = load_settings()
    auto, cpu = (foretelling.setting_of("local", d, "float32", settings) for d in ("auto", "cpu"))
    assert auto == cpu
    same = foretelling.setting_of("local", "cpu", "exact", settings)
    assert same == cpu


def test_a_run_that_measured_nothing_leaves_nothing(work_folder):
    settings = load_settings()
    foretelling.remember([MODEL], "s ", Pace({MODEL.id: 1.0}), settings)
    assert not settings.jobs.exists() or not list(settings.jobs.glob("speeds*"))


def test_the_work_of_a_file_is_that_of_its_architecture_at_its_size(monkeypatch):
    """resnet10t: 0.7 at 176 pixels by the table; at 64 x 64 pixels 0.7 * 64**2 / 176**2."""

    class Shown:
        size = (64, 64)

    class Read:
        library, architecture, preprocessing = "timm", "resnet10t", Shown()

    class Hub:
        def recipe(self, _):
            return Read()

    own = SourceModel("checkpoints/x", "x", "r", None, None, 64, 512, "", "unknown")
    assert work_of(Hub(), own) == pytest.approx(0.7 * 64**2 / 176**2)
    assert work_of(hub_of(MODEL), MODEL) == MODEL.gmacs
    Read.architecture = "mobilenetv3_small_100"  # moves more than it multiplies: counts three times
    assert work_of(Hub(), own) == pytest.approx(3 * 0.06 * 64**2 / 224**2, rel=0.1)
    phone = catalog.find_models(["timm/mobilenetv3_large_100"])[0]
    assert work_of(hub_of(phone), phone) == pytest.approx(3 * (phone.gmacs or 0))
    v2 = catalog.find_models(["timm/tf_efficientnetv2_b0"])[0]
    assert work_of(hub_of(v2), v2) == v2.gmacs
    Read.architecture = "of no table"
    assert work_of(Hub(), own) is None


def test_networks_that_may_be_converted_are_thought_faster_where_that_pays(monkeypatch):
    """resnet50 on a usual computer of two cores: 1.8 times faster from 8 s of all pictures on."""
    from srcsel.jobs import rates

    monkeypatch.setattr(rates, "START", 0.0)
    monkeypatch.setattr(rates, "SCORING", 1e-9)
    large = catalog.find_models(["timm/resnet50"])[0]
    settings = load_settings()

    def each(setting, pictures):
        pace = foretelling.pace_of([large], setting, settings)
        pace._of.cores = 2
        return pace.foretold(pictures) / pictures

    plain = (0.0015 + (large.gmacs or 0) / 35) / 2
    assert each("local cpu float32 ", 100) == pytest.approx(plain, rel=0.03)
    assert each("local cpu float32 ", 10_000) == pytest.approx(plain / 1.8, rel=0.03)
    assert each("local cuda float32 ", 10_000) == pytest.approx(plain, rel=0.03)


def test_a_run_keeps_what_it_measured_when_its_answer_stands(tmp_path, monkeypatch):
    from srcsel.base.watch import Watch
    from srcsel.jobs import kinds
    from srcsel.runs import run as running
    from srcsel.runs.question import new_run
    from srcsel.store.serialize import to_plain

    class Told:
        crowded = False
        watch = Watch()

        def plan(self, weights, titles, pace=None):
            self.pace = pace

    def answer(run, *, watch, ready):
        told.pace.__dict__.update(finished().__dict__)  # this is what it heard
        ready(None)
        raise RuntimeError("stopped while maps are drawn")

    monkeypatch.setattr(running, "answer", answer)
    told, settings = Told(), load_settings()
    question = new_run("demo:digits", MODEL.id, device="cpu")
    with pytest.raises(RuntimeError):
        kinds.rank({"run": to_plain(question)}, told)
    setting = foretelling.setting_of(question.engine, "cpu", "float32", settings)
    found = foretelling.pace_of([MODEL], setting, settings)
    found.heard("pictures", "done", 1000, 1000, 0.0)
    assert found.left(0.0) is not None  # it knows before anything is measured
