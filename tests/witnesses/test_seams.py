"""A tiling that is not seamless has a witness: a unit of the whole that a run shows to be another one in its tile."""

from __future__ import annotations

import contextlib
import io
import warnings
from typing import Any

import onnx
import pytest
from msgspec.structs import replace

import pytest_rf
from pytest_rf import tilings
from pytest_rf.config.declared import Tiling
from pytest_rf.findings import Finding, Piece
from pytest_rf.probing import witnessing
from pytest_rf.reporters import witness
from pytest_rf.requirements import Settings

torch = pytest.importorskip("torch")

from tiles.known_nets import Coordinates, Resized, Several, UNet, ValidUNet, Volume  # noqa: E402
from torch import nn  # noqa: E402


class Halves(nn.Module):
    """A tile's border spoils what units inside of it rest on, though they read no further than it goes."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(1, 1, 3, padding=1), nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, x):
        x = self.first(x[:, :, 2:-2])
        return self.last(x)


class Rows(Coordinates):
    def __init__(self) -> None:
        super().__init__(rows=True)


NETS: dict[str, tuple[Any, int, dict[str, int], int]] = {
    # what makes it, channels, the tile, the overlap along its first axis
    "too little": (lambda: UNet(2, "bilinear"), 2, {"h": 64, "w": 64}, 16),
    "statistics": (lambda: UNet(1, norm=True), 2, {"h": 32, "w": 32}, 16),
    "corners": (lambda: Resized(corners=True), 1, {"h": 32}, 16),
    "bins": (lambda: Resized(bins=3), 1, {"h": 36}, 12),
    "circular": (lambda: nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular"), 1, {"w": 16}, 8),
    "a table": (Rows, 1, {"h": 32}, 16),
    "transposed": (
        lambda: nn.Sequential(nn.ConvTranspose2d(1, 1, 4, 2, padding=1), nn.Conv2d(1, 1, 3, padding=1)),
        1,
        {"h": 16, "w": 16},
        1,
    ),
    "valid": (lambda: ValidUNet(1), 1, {"h": 44}, 8),
    "cropped": (Halves, 1, {"h": 32}, 6),
    "three axes": (Volume, 1, {"d": 12}, 2),
}


def found(analysis: pytest_rf.Analysis, tile: dict[str, int], overlap: int) -> Finding:
    """Return what is found of a tiling."""
    stated = Tiling(tile=tile, overlap={next(iter(tile)): overlap})
    outcome, findings = tilings.hold(analysis, stated, Settings(), 0)
    assert outcome.status == "violated"
    return findings[0]


def image(name: str) -> tuple[Any, Any]:
    """Return a net and an image of one tile."""
    make, channels, tile, _ = NETS[name]
    torch.manual_seed(0)
    axes = "dhw" if "d" in tile else "hw"
    return make().eval(), torch.randn(
        1, channels, *[tile.get(axis, next(iter(tile.values()))) for axis in axes]
    )


def exported(module: Any, example: Any) -> onnx.ModelProto:
    file = io.BytesIO()
    axes = dict(enumerate("nchwd"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module, (example,), file, dynamo=False, input_names=["x"], output_names=["y"],
            dynamic_axes={"x": {n: axes[n] for n in range(2, example.ndim)}},
        )  # fmt: skip
    return onnx.load_from_string(file.getvalue())


@pytest.mark.parametrize("name", [*NETS])
def test_a_run_of_the_module_agrees(name: str) -> None:
    module, example = image(name)
    analysis = pytest_rf.analyze(module, example)
    one = found(analysis, *NETS[name][2:])
    (told,) = witnessing.judged(analysis, [one], witnessing.of_module(analysis, (example,), None, None, None))
    assert told.witness is not None
    assert (told.witness.verified, told.witness.why) == (witnessing.AGREES, "")


# Files fix what these take the extent from.
@pytest.mark.parametrize(
    "name", [name for name in NETS if name not in ("corners", "bins", "valid", "a table")]
)
def test_a_run_of_the_file_agrees_and_so_do_the_lines_of_python(name: str, tmp_path) -> None:
    module, example = image(name)
    path = str(tmp_path / "net.onnx")
    model = exported(module, example)
    onnx.save(model, path)
    analysis = pytest_rf.analyze(path, inputs={"x": tuple(example.shape)})
    one = found(analysis, *NETS[name][2:])
    (told,) = witnessing.judged(analysis, [one], witnessing.of_file(model, "net", analysis, {}))
    assert told.witness is not None
    assert (told.witness.verified, told.witness.why) == (witnessing.AGREES, "")
    assert ("which x[" in witness.claim(told.witness)) is told.witness.reads
    if name in ("too little", "circular", "transposed"):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec("\n".join(witness.script(told, path)), {})
        whole, part = map(float, printed.getvalue().split())
        assert whole != pytest.approx(part, rel=1e-3)


@pytest.mark.parametrize("front_end", ["torch", "onnx"])
def test_what_is_the_same_is_not_shown_to_differ(front_end: str) -> None:
    """Rounding is not taken for a difference, where the claim is made of a tiling that is seamless."""
    module, example = image("too little")
    analysis = pytest_rf.analyze(module, example) if front_end == "torch" else None
    model = exported(module, example)
    analysis = analysis or pytest_rf.analyze(model, inputs={"x": tuple(example.shape)})
    one = found(analysis, {"h": 64, "w": 64}, 16)
    assert one.witness is not None
    unit = (0, 0, 34, 20)  # 26 on either side lie within
    wrong = replace(one.witness, unit=unit, reads=False, tile=Piece(start=0, stop=64, unit=unit))
    ways = (
        witnessing.of_module(analysis, (example,), None, None, None)
        if front_end == "torch"
        else witnessing.of_file(model, "net", analysis, {})
    )
    (told,) = witnessing.judged(analysis, [replace(one, witness=wrong)], ways)
    assert told.witness is not None
    assert told.witness.verified == witnessing.NOT_SHOWN


def test_there_is_none_where_several_inputs_are_tiled_or_no_larger_image_runs() -> None:
    several = pytest_rf.analyze(Several(), inputs={"left": (1, 1, 64, 64), "right": (1, 1, 64, 64)})
    assert found(several, {"h": 32}, 0).witness is None
    fixed = torch.export.export(nn.Conv2d(1, 1, 3, padding=1), (torch.randn(1, 1, 32, 32),))
    assert found(pytest_rf.analyze(fixed), {"h": 32}, 0).witness is None
