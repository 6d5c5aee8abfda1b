"""The numerical oracle: what a model reads, found by running it, not by reasoning about it.

``engines`` runs a model with every tensor visible, ``perturb`` changes parts of the inputs and watches what
moves, ``twin`` rebuilds a model so that nothing can hide an influence, ``compare`` holds an analysis
against what was seen, ``graphs`` builds random models for hypothesis and ``light`` brings the real
architectures of the onnx wheel.
"""
