"""Whether a requirement holds cannot be decided.

## What it does
Reports requirements about tensors that an operator without a rule computes, or whose indices depend on data in
such a way that the truth lies between what is certain and the upper bound, or for which there is no such figure.

## Why is this bad
What is not known must not pass. An undecidable requirement fails like one that is violated, and names the
operator that stands in the way.

## Example
    output rf >= 64        # behind com.acme::Warp, an operator that pytest-rf has no rule for

## Use instead
A requirement about a tensor before that operator, or a rule for the operator. To have "independent" decided give a
batch of 2 or more, `inputs = { x = [2, 3, 8] }`; where nodes of the file fix a batch of 1, export it with an open one.

## References
- The documentation's page on exactness and what is never guessed.
"""
