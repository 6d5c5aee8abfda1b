"""The abstract domains: what a receptive field is, and how access relations transform it.

``hull``     intervals of input positions for the elements of a tensor, and their union
``bounded``  relations along an axis with borders (the actual input)
``periodic`` relations along an axis without end (the theoretical field)
``layout``   tensor axes as products of factors, so that a reshape only regroups them
``field``    the field of a tensor towards every input axis: reads, unions and reshapes of it
"""
