"""Source lines that exporters record: the user's, not a library's."""

from __future__ import annotations

from pathlib import Path

import pytest
from models import conv

import pytest_rf

TORCH = (
    'File "/env/lib/python3.11/site-packages/torch/nn/modules/conv.py", line 565, in forward\n    return x'
)


def source(trace: str) -> str:
    model = conv(3)
    model.graph.node[0].metadata_props.add(key="pkg.torch.onnx.stack_trace", value=trace)
    return pytest_rf.analyze(model).outputs[0].source


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        (['File "nets/unet.py", line 7, in forward\n    x', TORCH], "nets/unet.py:7"),
        (['File "a.py", line 1, in f', 'File "b.py", line 2, in g', TORCH], "b.py:2"),
        (
            ['File "/elsewhere/b.py", line 2, in g', 'File "<eval_with_key>.1", line 3, in f'],
            "/elsewhere/b.py:2",
        ),
        (
            [r'File "C:\nets\unet.py", line 7', r'File "C:\py\Lib\site-packages\timm\x.py", line 3'],
            "C:/nets/unet.py:7",
        ),
        (['File "/usr/lib/python3.11/contextlib.py", line 3', TORCH], ""),
        ([TORCH], ""),
        ([], ""),
    ],
)
def test_the_innermost_line_that_is_the_users(frames: list[str], expected: str) -> None:
    assert source("\n  ".join(frames)) == expected


def test_files_below_the_root_are_named_from_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert source(f'File "{tmp_path / "nets" / "a.py"}", line 3, in forward') == "nets/a.py:3"
