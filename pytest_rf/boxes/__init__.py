"""A model's graph as people look at it: boxes in boxes, and where they stand.

Each module stands on those above it but the second, which stands alone.

``links``      which operator reads what of which
``kinds``      the kinds of dependence that each operator brings in
``hierarchy``  operators gathered in boxes by their modules, each level without a circle
``layering``   where the boxes of a level stand
"""
