"""The abstract domains: what a receptive field is, and how access relations transform it.

What is the same for all of them:
``layout``        tensor axes as products of factors, so that a reshape only regroups them
``layout_builder`` a layout under construction
``structure``     what a field is without positions: reads, unions and reshapes of it
``facts``         what a program tells about the axes of its inputs
``readings``      what has been read so far: most blocks of a network repeat others
``seams``, ``ties``  how pieces belong together; what ties a tensor to the whole extent of an axis
``instructions``  what a step does to whatever a domain knows of its operands
``domain``        what a domain is: a rule per instruction

The domains:
``intervals``     hulls, by the policy of a run; the shortest path
    ``hull``      intervals of input positions for the elements of a tensor, and their union
    ``bounded``   relations along an axis with borders (the actual input)
    ``periodic``  relations along an axis without end (the theoretical field)
    ``ends``      tensors one behind the other
``rims``          what a tile's own border spoils
``positions``, ``energy``  sets of positions, and where a gradient comes from
    ``maps``      what such domains know of every element, and how it is put together
    ``elementwise``  what instructions do to that
"""
