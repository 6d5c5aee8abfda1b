"""Nets for tests that call models under a marker, and how such tests are run."""

from __future__ import annotations

import pytest

HEAD = """
import asyncio, functools, gc, threading, unittest, weakref
import pytest, torch
from torch import nn

X = torch.rand(1, 1, 32, 32)

def rf(size, **more):
    return pytest.mark.rf(f"final rf == {size}", **more)

class Blur(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("kernel", torch.ones(1, 1, 5, 5) / 25)

    def forward(self, x):
        return nn.functional.conv2d(x, self.kernel, padding=2)

class Net(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, size, padding=size // 2)

    def forward(self, x, times=1):
        for _ in range(int(times)):
            x = self.conv(x)
        return x

class Teacher(Net): pass
class Student(Net): pass

def call(model):
    return model(X)
"""


def run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tests: str, *args: str, apart: bool = False
) -> pytest.RunResult:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(test_it=HEAD + tests)
    start = pytester.runpytest_subprocess if apart else pytester.runpytest
    return start("--strict-markers", "-p", "pytest_rf.plugin", "-W", "ignore::DeprecationWarning", *args)
