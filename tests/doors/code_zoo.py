"""Models that the code of a project makes, and what its configuration says of them."""

from __future__ import annotations

CODE = '''
"""Models of the project."""

import torch
from torch import nn


@torch.library.custom_op("rf_doors::blur", mutates_args=())
def blur(x: torch.Tensor) -> torch.Tensor:
    return x.clone()


@blur.register_fake
def _(x):
    return torch.empty_like(x)


@torch.library.custom_op("rf_doors::warp", mutates_args=())
def warp(x: torch.Tensor) -> torch.Tensor:
    return x.clone()


@warp.register_fake
def _(x):
    return torch.empty_like(x)


class Net(nn.Module):
    def __init__(self, width, depth=1):
        super().__init__()
        self.first = nn.Conv2d(3, width, 3, padding=1)
        self.layers = nn.Sequential(*(nn.Conv2d(width, width, 3, stride=2, padding=1) for _ in range(depth)))

    def forward(self, image):
        return self.layers(self.first(image))


class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(9, 4)
        self.conv = nn.Conv1d(4, 2, 3)

    def forward(self, ids, scale=1):
        return self.conv(self.table(ids).transpose(1, 2)) * scale


class Fused(nn.Module):
    def __init__(self):
        super().__init__()
        self.wide = nn.Conv2d(3, 4, 5, padding=2)
        self.narrow = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, batch):
        return {"mask": self.wide(batch["image"]) + self.narrow(batch["guide"])}


class Blurred(nn.Module):
    def __init__(self, operator="blur"):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.operator = operator

    def forward(self, image):
        return self.conv(getattr(torch.ops.rf_doors, self.operator)(image))


def build(width):
    print("building")
    return Net(width, depth=2)


def fails(width=8):
    raise ValueError("no such width")


trained = Net(4)
'''

CONFIG = """
[[operator]]
name = "rf_doors::blur"
kernel = 5
padding = 2

[[model]]
name = "built"
source = "rf_doors_nets:build"
args = { width = 8 }
inputs = { image = [1, 3, 64, 64] }
select = ["RF2"]
require = ["final rf >= 99", "final stride <= 4"]

[[model]]
name = "by-place"
source = "rf_doors_nets:Net"
args = [8, 3]
inputs = { image = [1, 3, 64, 64] }
spacing = { h = "0.5 mm", w = "0.5 mm" }
require = ["final rf >= 80 mm"]

[[model.waiver]]
rule = "RF001"
at = "layers.*"
reason = "until it is deeper"

[[model]]
name = "tokens"
source = "rf_doors_nets:Tokens"
inputs = { ids = { shape = [1, 16], dtype = "int64" } }
kwargs = { scale = 2 }
axes = { ids = { batch = 0, t = 1 } }
extend = ["pytest-rf:streaming"]
require = ["final rf == 3"]

[[model]]
name = "fused"
source = "rf_doors_nets:Fused"
inputs = { batch = { image = [1, 3, 32, 32], guide = [1, 3, 32, 32] } }
require = ["final halo <= 1"]

[[model]]
name = "blurred"
source = "rf_doors_nets:Blurred"
inputs = { image = [1, 3, 32, 32] }
require = ["final rf == 7", "final rf == 3"]

[[model]]
name = "warped"
source = "rf_doors_nets:Blurred"
args = { operator = "warp" }
inputs = { image = [1, 3, 32, 32] }
require = ["final rf == 7"]

[[model]]
name = "trained"
source = "rf_doors_nets:trained"
inputs = { image = [1, 3, 32, 32] }
require = ["final rf >= 9"]

[[model]]
name = "failing"
source = "rf_doors_nets:fails"
inputs = { image = [1, 3, 32, 32] }
require = ["final rf >= 9"]

[[model]]
name = "absent"
source = "rf_doors_nets:absent"
inputs = { image = [1, 3, 32, 32] }
require = ["final rf >= 9"]
"""
