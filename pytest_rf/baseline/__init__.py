"""The baseline: what is known to fail, so that a run fails on what is new or worse.

``entries``  what failed where, with its value, and whether a finding is worse than that
``sorting``  the findings of a model, sorted into known ones and others
``renewing`` a baseline taken anew, or tightened
``file``     the baseline as a file
"""
