from __future__ import annotations

from collections import Counter
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from fuzz.bases import batches
from fuzz.trial import attempt_in_process

SIZE = 8
CAME: Counter[str] = Counter()


@settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
@given(files=batches(SIZE))
def test_a_broken_model_is_a_result_or_one_clear_error(
    files: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "broken"
    folder.mkdir(exist_ok=True)
    path = folder / f"{uuid4().hex}.onnx"
    try:
        for data in files:
            path.write_bytes(data)
            came = attempt_in_process(Path(path))
            CAME[came.kind] += 1
            assert came.kind != "crash", came.detail
    finally:
        path.unlink(missing_ok=True)
