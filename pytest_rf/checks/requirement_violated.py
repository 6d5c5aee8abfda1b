"""A requirement of the configuration or the command line does not hold.

## What it does
Holds every requirement against every tensor that it selects, every input and every spatial axis unless one is
named. A lower bound must hold for the smallest field over all units, an upper bound for the largest.

## Why is this bad
Whoever wrote the requirement relies on it: on the context that a decision needs, on the latency of a stream, on
the halo that a tiled inference was built with.

## Example
    [[model]]
    source = "unet.onnx"
    require = ["final rf >= 188"]       # measured: 140

## Use instead
A deeper or a dilated network, or the requirement that the model can meet. Each finding lists the layers along
which the field grew and says what one more layer would add. A finding that is accepted for a time is waived
with a reason and a date in [[model.waiver]].

## References
- Araujo, Norris, Sim: Computing Receptive Fields of Convolutional Neural Networks. Distill, 2019.
"""
