"""The figures of a model are not those of the lock.

## What it does
Holds every figure of every tensor against the lock that the configuration names (lock = "rf.lock"), and reports what
moved: how many tensors, what became of the final one, and the first layer where it began. A model that the lock does
not have is reported, too.

## Why is this bad
Requirements say what you rely on today. A lock says that nothing moves without a word: an exporter that pads
differently, a refactoring that was to change nothing, a dilation that was lost in a merge.

## Example
    lock = "rf.lock"

    [[model]]
    source = "unet.onnx"            # exported anew, with another padding

## Use instead
Put the model right; or, if the change is meant, renew the lock with "pytest-rf snapshot --update" (under pytest with
--rf-update) and let the diff be reviewed with the model.

## References
- The documentation's page on baseline, lock and diff.
"""
