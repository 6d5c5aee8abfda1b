"""Tests of front-ends outside of a model."""
