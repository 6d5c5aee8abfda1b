"""A waiver covers nothing.

## What it does
Reports every [[model.waiver]] that no finding of its model falls under.

## Why is this bad
The finding is gone, or the waiver never named it. Left in place it may one day hide a new finding that nobody
has looked at.

## Example
    [[model.waiver]]
    rule = "RF001"
    at = "decoder.up5"              # the tensor is called decoder.up4
    reason = "until the v3 decoder"

## Use instead
Delete the waiver, or correct the name.

## References
- The documentation's page on the configuration.
"""
