"""A bioimage.io description says of a model what is not so.

## What it does
Holds a description ("pytest-rf check bioimageio.yaml", formats 0.4 and 0.5) against the ONNX file that it names: the
extents that min and step allow, the extents of outputs that scale, offset or a size reference give, and the halo, per
output axis in that output's own positions. A halo is right if tiles that overlap by it on either side make the whole
exactly.

## Why is this bad
Programs cut images into tiles by these numbers. With too small a halo the result has seams; with a step that does not
fit the strides, tiles lie off the grid or the model fails.

## Example
    outputs:
      - id: mask
        axes:
          - { type: space, id: y, size: { tensor_id: image, axis_id: y }, halo: 16 }       # 20 are needed

## Use instead
The numbers that the finding names; "pytest-rf tile MODEL --format bioimageio" writes them all. The format has one halo
for both sides: where a model needs more on one, that side counts.

## References
- The documentation's page on running a model in tiles.
"""
