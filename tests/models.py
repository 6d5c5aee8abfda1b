"""Small ONNX models written as text, with weights of which only the shape is given."""

from __future__ import annotations

import re

import onnx
import onnx.parser

#: The name of a node before it, ``[head] a = Relu(x)``, and its first output: not every parser knows such names.
_NAMED = re.compile(r"(?<=[{\n])(\s*)\[([\w.]+)\] *(\w+)(?= =)")


def model(
    text: str,
    opset: int = 17,
    ir: int = 8,
    *,
    domains: str = "",
    functions: str = "",
    weights: bool = True,
) -> onnx.ModelProto:
    """Return the model of ``text`` in ONNX's own syntax, without the header.

    Args:
        text: the graph.
        opset: version of the default operator set.
        ir: version of the format.
        domains: further operator sets, as in ``', "own" : 1'``.
        functions: the model's own functions, in the same syntax.
        weights: whether declared tensors that nothing computes become weights, without elements: the analysis
            needs none.
    """
    header = f'<ir_version: {ir}, opset_import: ["" : {opset}{domains}]>'
    names = {output: name for _, name, output in _NAMED.findall(text)}
    unnamed = _NAMED.sub(r"\1\3", text)
    parsed = onnx.parser.parse_model(f"{header}\n{unnamed}\n{functions}")
    for node in parsed.graph.node if names else ():
        node.name = names.get(node.output[0], node.name)
    if weights:
        _fill(parsed.graph)
    return parsed


def _fill(graph: onnx.GraphProto) -> None:
    """Give every declared tensor that nothing computes the shape of a weight."""
    computed = {name for node in graph.node for name in node.output}
    computed |= {tensor.name for tensor in graph.initializer}
    for info in graph.value_info:
        if info.name not in computed:
            dims = [dim.dim_value for dim in info.type.tensor_type.shape.dim]
            graph.initializer.append(
                onnx.TensorProto(name=info.name, data_type=onnx.TensorProto.FLOAT, dims=dims)
            )


def conv(kernel: int, extent: int = 224, **attributes: object) -> onnx.ModelProto:
    """Return a model of one 2-D convolution."""
    settings = "".join(f", {name}={value}" for name, value in attributes.items())
    return model(f"""
        net (float[1,3,{extent},{extent}] image) => (float[1,4,?,?] y)
        <float[4,3,{kernel},{kernel}] w>
        {{ y = Conv<kernel_shape=[{kernel},{kernel}]{settings}>(image, w) }}
    """)
