"""Nothing is lost: reload, stop and continue, a killed worker, a server that starts again."""

from __future__ import annotations

import os
import signal
import time

import pytest
from playwright.sync_api import expect
from serving import worker_pids
from test_pages import violations
from walk import LONG, choose_folder, start_run, wait_for_verdict


@pytest.fixture(scope="module")
def own_server(new_server):
    """A server of its own, because these tests end workers and the server itself."""
    return new_server()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    from srcsel.pictures.bundled.targets import write_target

    target = tmp_path_factory.mktemp("pictures") / "digits"
    write_target("digits", target)
    return target


def test_stop_continue_kill_reload_and_restart(visitor, own_server, folder):
    window = visitor(own_server)
    window.open("/")
    choose_folder(window, folder)
    start_run(window)
    page = window.page
    expect(page.get_by_text("models to go", exact=False).first).to_be_visible(timeout=LONG)
    expect(page.locator(".st-key-live li")).to_have_count(10)  # the demo models
    assert violations(window) == []
    window.shot("results-under-way")

    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped. What was finished is kept.").first).to_be_visible(
        timeout=LONG
    )
    page.reload()
    window.settle()
    expect(page.get_by_text("Stopped. What was finished is kept.").first).to_be_visible()
    window.shot("results-stopped")

    page.get_by_role("button", name="Continue").click()
    wait_until_running(page)
    page.reload()
    window.settle()
    for pid in wait_for_workers(own_server):
        os.kill(pid, signal.SIGKILL)
    expect(page.get_by_text("The worker stopped unexpectedly", exact=False).first).to_be_visible(
        timeout=LONG
    )
    window.shot("results-killed")

    page.get_by_role("button", name="Continue").click()
    wait_until_running(page)
    address = page.url.removeprefix(own_server.url)
    page.close()  # before its server goes away, which it would report
    own_server.stop()
    own_server.start()
    again = visitor(own_server)
    again.open(address)
    wait_for_verdict(again)
    again.shot("results-after-restart")


def wait_until_running(page) -> None:
    """Wait until a worker has taken the job: a queued one is taken by the next worker, whatever is
    killed.
    """
    expect(page.get_by_text("models done", exact=False).first).to_be_visible(timeout=LONG)


def wait_for_workers(server) -> list[int]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        pids = worker_pids(server.home)
        if pids:
            return pids
        time.sleep(0.2)
    raise AssertionError("No worker started.")
