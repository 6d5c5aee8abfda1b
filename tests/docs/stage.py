"""What a reader has beside the blocks of a page: models of the names that it mentions, a configuration, a picture."""

from __future__ import annotations

import shutil
from pathlib import Path

import onnx
from blocks import ROOT
from models import model

#: Two causal convolutions, which look back by 30 and 32 positions, each with what it remembers of the chunk before.
_STEP = """
    net (float[1,1,32] audio, float[1,1,30] cache0, float[1,1,32] cache1)
        => (float[1,1,32] mask, float[1,1,30] new_cache0, float[1,1,32] new_cache1)
        <float[1,1,3] w, int64[1] s0 = {32}, int64[1] s1 = {32}, int64[1] end = {1000}, int64[1] ax = {2}>
    {
        a = Concat<axis=2>(cache0, audio)
        new_cache0 = Slice(a, s0, end, ax)
        b = Conv<dilations=[15]>(a, w)
        c = Concat<axis=2>(cache1, b)
        new_cache1 = Slice(c, s1, end, ax)
        mask = Conv<dilations=[16]>(c, w)
    }
"""

#: An encoder and a decoder with a field of 250 and more.
_LARGE = """
    net (float[1,1,256,256] image) => (float[1,1,256,256] mask)
        <float[1,1,3,3] w, float[1,1,5,5] wide, float[1,1,2,2] u, float[1,2,3,3] v>
    {
        a = Conv<pads=[1,1,1,1]>(image, w)
        b = MaxPool<kernel_shape=[2,2], strides=[2,2]>(a)
        c = Conv<dilations=[30,30], pads=[60,60,60,60]>(b, wide)
        d = ConvTranspose<strides=[2,2]>(c, u)
        e = Concat<axis=1>(a, d)
        mask = Conv<pads=[1,1,1,1]>(e, v)
    }
"""


def write(folder: Path) -> None:
    """Write all of it into a folder, and the examples as they are."""
    shutil.copytree(ROOT / "examples", folder / "examples")
    models = folder / "models"
    models.mkdir()
    for name in ("unet", "tcn"):
        shutil.copy(ROOT / "examples" / f"{name}.onnx", models)
        shutil.copy(ROOT / "examples" / f"{name}.onnx", folder)
    shutil.copy(ROOT / "examples/latency/enhancer.onnx", folder)
    shutil.copy(ROOT / "examples/unet.onnx", folder / "old.onnx")
    shutil.copy(ROOT / "examples/changed/unet.onnx", folder / "new.onnx")
    onnx.save(model(_STEP), models / "tcn_step.onnx")


def enlarge(folder: Path) -> None:
    """Write a U-Net with a large field in the place of the small one."""
    onnx.save(model(_LARGE), folder / "models" / "unet.onnx")
