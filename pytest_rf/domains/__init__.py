"""The abstract domains: what a receptive field is, and how access relations transform it.

``hull``     intervals of input positions for the elements of a tensor, and their union
``bounded``  relations along an axis with borders (the actual input)
``periodic`` relations along an axis without end (the theoretical field)
``layout``   tensor axes as products of factors, so that a reshape only regroups them
``structure`` what a field is without positions: reads, unions and reshapes of it, the same for all runs
``changes``  what these do to hulls, by the policy of a run
``field``    the field of a tensor: structure and hulls
"""
