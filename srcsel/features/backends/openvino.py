"""A network converted for the processor by OpenVINO: about twice as fast as torch in float32, equal
within 1e-4.

Its graph is taken through OpenVINO's own reader of torch networks and not through its conversion
tool, which reports its use over the internet.
"""

from __future__ import annotations

import contextlib
import tempfile
import warnings
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from srcsel.features.backends._base import Output, Pictures, cores

STREAMS = 4
"""Batches computed at the same time at most; each has memory of its own."""
BATCH = 8
"""Pictures in a batch at most: 32 take 5 to 10 % longer each, because they fall out of the
processor's cache.
"""
HINTS = {"float32": "f32", "bfloat16": "bf16"}
"""Our precisions in OpenVINO's words. A processor without bfloat16 computes in float32."""


@dataclass(frozen=True)
class Graph:
    """A converted network: what OpenVINO writes as two files."""

    xml: np.ndarray  # uint8
    weights: np.ndarray  # uint8


def convert(module: Any, size: tuple[int, int]) -> Graph:
    """Convert a torch module from uint8 pictures (b, 3, height, width) to features, and logits
    where it has them.

    Raises whatever torch or OpenVINO raise for what they cannot convert.
    """
    import openvino
    import torch
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    # Not `catch_warnings`, which is not safe in threads: another model is scored meanwhile. What a
    # trace cannot see
    # (branches that depend on the picture) shows as a difference of the features.
    warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)  # pyright: ignore
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"torch\.jit")
    example = torch.zeros((2, 3, *size), dtype=torch.uint8)
    with torch.inference_mode():
        traced = torch.jit.trace(module.eval(), (example,), check_trace=False)
    reader = FrontEndManager().load_by_framework("pytorch")
    # named: the model below looks into it
    decoder = TorchScriptPythonDecoder(traced, example_input=(example,))
    model = reader.convert(reader.load(decoder))
    model.reshape({0: openvino.PartialShape([-1, 3, *size])})
    with tempfile.TemporaryDirectory() as folder:
        paths = Path(folder) / "graph.xml", Path(folder) / "graph.bin"
        openvino.serialize(model, *paths)
        return Graph(*(np.fromfile(path, np.uint8) for path in paths))


def processor() -> str:
    """Name of the processor as OpenVINO knows it."""
    import openvino

    return str(openvino.Core().get_property("CPU", "FULL_DEVICE_NAME"))


class Converted:
    """A converted network, compiled for this processor: one batch a core at the same time, one
    thread each.
    """

    def __init__(self, graph: Graph, precision: str) -> None:
        import openvino

        core = openvino.Core()
        self._weights = openvino.Tensor(graph.weights)
        self.streams = min(cores(), STREAMS)
        options = {
            "INFERENCE_PRECISION_HINT": HINTS[precision],
            "NUM_STREAMS": self.streams,
            "INFERENCE_NUM_THREADS": cores(),
            "ENABLE_CPU_PINNING": False,  # other workers of ours would be pinned to the same cores
        }
        compiled = core.compile_model(
            core.read_model(graph.xml.tobytes(), self._weights), "CPU", options
        )
        # one waits its turn
        self._requests = [compiled.create_infer_request() for _ in range(self.streams + 1)]

    def run(self, pixels: Pictures, size: int) -> Iterator[Output]:
        """Yield the outputs of uint8 pictures (n, 3, h, w) in their order, at most `size` pictures
        at a time.
        """
        size = min(size, BATCH)
        waiting: deque[Any] = deque()
        free = list(self._requests)
        try:
            for start in range(0, len(pixels), size):
                if not free:
                    yield _finished(waiting[0])
                    free.append(waiting.popleft())
                request = free.pop()
                request.start_async({0: np.ascontiguousarray(pixels[start : start + size])})
                waiting.append(request)
            while waiting:
                yield _finished(waiting[0])
                waiting.popleft()
        finally:
            for request in waiting:
                with contextlib.suppress(RuntimeError):  # the first error is the one to tell
                    request.wait()


def _finished(request: Any) -> Output:
    """Wait for a request and copy what it found, before its memory is used again."""
    request.wait()
    values = [np.array(output.data, dtype=np.float32) for output in request.output_tensors]
    return values[0], values[1] if len(values) > 1 else None
