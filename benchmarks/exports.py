"""Files as torch exports them, weights inline: their analysis beside ``onnx.load`` and shape inference, in one run.

    python benchmarks/exports.py FOLDER

Writes ResNet-50 from both exporters of torch and Swin-T from the newer one into FOLDER, what lies there already not
again. The analysis is that of ``speed.py``, from the file to the finite and the theoretical field of the final
tensor; goal: at most 0.1 times. ``revisions.py --file`` compares two revisions on these files, read before the clock
starts.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import onnx
import torch
from speed import analyse, compare, in_process, load
from swin_t import SwinT
from torch_nets import ResNet

RUNS = 5


def write(folder: Path) -> dict[str, Path]:
    """Write what is not there yet, and return all files by name."""
    nets = {
        "ResNet-50, traced": (lambda: ResNet((3, 4, 6, 3)), False),
        "ResNet-50": (lambda: ResNet((3, 4, 6, 3)), True),
        "Swin-T": (SwinT, True),
    }
    files = {name: folder / f"{name.lower().replace(', ', '_')}.onnx" for name in nets}
    folder.mkdir(parents=True, exist_ok=True)
    for name, (make, dynamo) in nets.items():
        if not files[name].exists():
            image = torch.rand(1, 3, 224, 224)
            torch.onnx.export(make().eval(), (image,), files[name], dynamo=dynamo, external_data=False)
    return files


def main() -> None:
    """Write the files and print a line for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    files = write(parser.parse_args().folder)
    print(f"{'':<42} {'pytest-rf':>11} {'other':>11}")
    for name, path in files.items():
        nodes = len(onnx.load(path, load_external_data=False).graph.node)
        compare(
            f"analysis | load + inference, {name}, {nodes}",
            lambda path=path: in_process(lambda: analyse(path)),
            lambda path=path: in_process(lambda: load(path)),
            RUNS,
            0.1,
        )


if __name__ == "__main__":
    main()
