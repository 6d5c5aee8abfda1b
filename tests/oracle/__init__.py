"""The numerical oracle: what a model reads, found by running it, not by reasoning about it.

``engines``    run a model, of ONNX or of torch, with its tensors visible
``perturb``    changes parts of the inputs and watches what moves, whatever the engine
``twin``       rebuilds an ONNX model so that nothing can hide an influence
``influence``  what was seen
``compare``    holds an analysis against it
``verdicts``   what came of it, in one vocabulary

What is held against the analysis: ``graphs`` builds random models for hypothesis and ``shown`` says what they read,
``suite`` takes the node tests of the standard, ``light`` the real architectures of the onnx wheel, ``modules`` a module
along all axes of its inputs, ``calls`` a call of a module element by element. The latter two need torch, and so do
the engines of theirs; nothing else does.
"""
