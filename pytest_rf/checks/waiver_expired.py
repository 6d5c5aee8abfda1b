"""A waiver is past its date.

## What it does
Reports every [[model.waiver]] whose "until" lies in the past. From then on it covers nothing: what it waived is
reported again, too.

## Why is this bad
A waiver with a date is a promise to look again. Silence would make it last for ever.

## Example
    [[model.waiver]]
    rule = "RF001"
    at = "decoder.up4"
    reason = "until the v3 decoder"
    until = 2024-03-01

## Use instead
Put the model right and delete the waiver, or give it a new date and a reason that is still true.

## References
- The documentation's page on the configuration.
"""
