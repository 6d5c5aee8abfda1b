"""The use case of ``init``: a first configuration, with what holds of the models today.

``search``   the model files below a folder
``today``    what holds of a model, as requirements
``begin``    a configuration from models: each analysed, its requirements held
"""
