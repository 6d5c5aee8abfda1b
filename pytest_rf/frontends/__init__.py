"""From models to graphs: ``onnx`` reads files and protobufs, ``torch`` records calls of modules."""
