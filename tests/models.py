"""Small ONNX models written as text, with weights of which only the shape is given."""

from __future__ import annotations

import onnx
import onnx.parser


def model(text: str, opset: int = 17) -> onnx.ModelProto:
    """Return the model of ``text`` in ONNX's own syntax, without the header.

    Declared tensors that nothing computes become weights without elements: the analysis needs none.
    """
    header = f'<ir_version: 8, opset_import: ["" : {opset}]>\n'
    parsed = onnx.parser.parse_model(header + text)
    computed = {name for node in parsed.graph.node for name in node.output}
    computed |= {tensor.name for tensor in parsed.graph.initializer}
    for info in parsed.graph.value_info:
        if info.name not in computed:
            dims = [dim.dim_value for dim in info.type.tensor_type.shape.dim]
            weight = onnx.TensorProto(name=info.name, data_type=onnx.TensorProto.FLOAT, dims=dims)
            parsed.graph.initializer.append(weight)
    return parsed


def conv(kernel: int, extent: int = 224, **attributes: object) -> onnx.ModelProto:
    """Return a model of one 2-D convolution."""
    settings = "".join(f", {name}={value}" for name, value in attributes.items())
    return model(f"""
        net (float[1,3,{extent},{extent}] image) => (float[1,4,?,?] y)
        <float[4,3,{kernel},{kernel}] w>
        {{ y = Conv<kernel_shape=[{kernel},{kernel}]{settings}>(image, w) }}
    """)
