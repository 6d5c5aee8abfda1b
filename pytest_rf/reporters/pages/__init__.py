"""The page that people look at: one self-contained HTML file about one model or several.

Each module stands on those above it; what a section shows is plain data, made once, where the analysis is.

``subject``   what sections are made of: an analysis, and what became of its requirements
``sections``  the table of sections, and what all of them share: the list of a model's tensors
``drawing``   makes the data of a model's page, in whatever process its analysis is
``document``  the one place where text is made fit to be shown, and everything is put into one file
"""
