"""The converted network gives what torch gives, in order, for any number of pictures."""

import numpy as np
import pytest

from srcsel.features.backends import openvino
from tests.features.backends.conftest import SIDE, joined, make_encoder

pytest.importorskip("openvino")


@pytest.fixture(scope="module")
def graph():
    return openvino.convert(make_encoder().graph(), (SIDE, SIDE))


@pytest.mark.parametrize("size", [1, 7, 16, 64])
def test_equals_torch(graph, encoder, pixels, size):
    values, logits, sizes = joined(openvino.Converted(graph, "float32"), pixels, size)
    expected, expected_logits = encoder(pixels)
    np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(logits, expected_logits, rtol=1e-4, atol=1e-6)
    assert values.dtype == logits.dtype == np.float32
    assert sizes[:-1] == [min(size, openvino.BATCH)] * (len(sizes) - 1)


def test_the_same_twice(graph, pixels):
    runner = openvino.Converted(graph, "float32")
    first, again = (joined(runner, pixels, 8)[0] for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_without_a_source_head_there_are_no_logits(pixels):
    encoder = make_encoder(head=False)
    values, logits, _ = joined(
        openvino.Converted(openvino.convert(encoder.graph(), (SIDE, SIDE)), "float32"), pixels, 8
    )
    assert logits is None
    np.testing.assert_allclose(values, encoder(pixels)[0], rtol=1e-4, atol=1e-6)


def test_fast_is_close(graph, encoder, pixels):
    values, _, _ = joined(openvino.Converted(graph, "bfloat16"), pixels, 8)
    expected, _ = encoder(pixels)
    assert (
        np.linalg.norm(values - expected, axis=1) / np.linalg.norm(expected, axis=1)
    ).max() < 0.05


def test_leaving_early_leaves_it_usable(graph, encoder, pixels):
    runner = openvino.Converted(graph, "float32")
    outputs = runner.run(pixels, 4)
    next(outputs)
    outputs.close()
    np.testing.assert_allclose(
        joined(runner, pixels, 8)[0], encoder(pixels)[0], rtol=1e-4, atol=1e-6
    )


def test_pictures_of_another_size_are_an_error(graph):
    with pytest.raises(Exception, match="shape"):
        list(
            openvino.Converted(graph, "float32").run(np.zeros((3, 3, SIDE + 1, SIDE), np.uint8), 2)
        )


def test_read_only_memory_maps_are_fine(graph, encoder, pixels, tmp_path):
    pixels.tofile(tmp_path / "pixels")
    mapped = np.memmap(tmp_path / "pixels", np.uint8, "r", shape=pixels.shape)
    values, _, _ = joined(openvino.Converted(graph, "float32"), mapped, 8)
    np.testing.assert_allclose(values, encoder(pixels)[0], rtol=1e-4, atol=1e-6)


def test_a_conversion_reports_to_nobody(monkeypatch):
    """OpenVINO's own conversion tool tells its makers of every use; what is called here must
    not.
    """
    main = pytest.importorskip("openvino_telemetry.main")
    told = []
    for name in ("init", "start_session", "send_event"):
        monkeypatch.setattr(main.Telemetry, name, lambda *args, **options: told.append(args))
    openvino.Converted(openvino.convert(make_encoder().graph(), (SIDE, SIDE)), "float32")
    assert told == []
