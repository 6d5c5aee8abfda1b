"""A tiling of the configuration does not make the whole exactly.

## What it does
Judges every [[model.tiling]]: whether each unit that is kept of a tile is computed from the very positions that it is
computed from in the whole image, by the same operations, for every image whose extents fit. If not, the finding names
a unit, its tile and the position that it misses, or the first operator that no tiling survives. An overlap is what
neighbours share in total; a context stands on either side.

## Why is this bad
Inference in tiles with too small an overlap gives seams that nobody asked for, and results that depend on where the
tiles lie. They are faint, so the number that causes them is found years later.

## Example
    [[model]]
    source = "unet.onnx"

    [[model.tiling]]
    tile = { h = 512, w = 512 }
    overlap = { h = 32, w = 32 }        # 40 are needed

## Use instead
The overlap that the finding names; tiles that begin on the grid of the strides; a norm with fixed statistics or a
resize by a fixed factor where no overlap is enough. "pytest-rf tile MODEL" tells what a model allows. A tiling that
cannot be judged is RF002.

## References
- The documentation's page on running a model in tiles.
"""
