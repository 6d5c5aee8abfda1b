"""What operators read, in families that both front-ends share.

A family function takes a :class:`~pytest_rf.graph.Builder` and values, writes the steps and returns
the value that they make. The tables ``onnx`` and ``aten`` below turn a node's attributes into calls
of these functions: an operator is a few lines there.

``pointwise``   elementwise operators with broadcasting
``reads``       the notation in which families say what an index reads
``views``       transposes, slices, pads, concats, triangles: elements move, nothing is computed
``gathers``     picking elements at given places; ``scatters``: writing elements, rows and slices there;
                ``placing``: where they go, axis by axis
``ordering``    what values decide: sorts, choices, branches, draws
``segments``    statistics over segments and bags; ``generators``: tensors that a few numbers describe
``windows``     convolutions and pools, transposed too
``resampling``  resizing in every mode, adaptive pools; ``rounding``: where floating point puts their places
``sampling``    reading at places that tensors give: grids, regions, deformable windows
``reductions``  reductions, normalisation, softmax
``contractions`` MatMul, Linear, Einsum; ``linalg``: functions of whole matrices
``attention``   queries over keys, by mask; ``linear_attention``: over a state that every step adds to
``losses``      a class for each position, an alignment along time; ``quantised``: scales and zero points
``recurrent``   LSTM, GRU and plain cells along time
``sparsity``    what exact zeros and masks cut off (weight-aware mode); ``masking``: through elementwise operators
"""
