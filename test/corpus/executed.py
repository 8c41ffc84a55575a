"""
What a file costs, found by running it: each node's shapes are those that ONNX Runtime gives its tensors, unoptimized, at the
batch asked for. Nothing here is shared with the engine that is held against it.
"""

import math

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

# Which inputs are the two operands of a product; multiply-adds by the shapes of all inputs and of the output.
# Sources: the definition of each operator in onnx/docs/Operators.md and onnxruntime/docs/ContribOperators.md.
OPERANDS = {
    **dict.fromkeys(("Conv", "ConvInteger", "FusedConv", "NhwcConv", "ConvTranspose"), (0, 1)),
    **dict.fromkeys(("Gemm", "FusedGemm", "MatMul", "FusedMatMul", "MatMulInteger", "MatMulIntegerToFloat", "Einsum"), (0, 1)),
    **dict.fromkeys(("QLinearConv", "QLinearMatMul", "QGemm"), (0, 3)),
}

# Operators that multiply no two tensors into a sum: they select, scale, add up or compute element by element.
WITHOUT = set(
    """Abs Add And ArgMax ArgMin AveragePool BatchNormalization Cast CastLike Ceil Clip Concat Constant ConstantOfShape Cos CumSum
    DepthToSpace DequantizeLinear Div Dropout DynamicQuantizeLinear Elu Equal Erf Exp Expand Flatten Floor Gather GatherElements
    GatherND Gelu GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual GroupNormalization HardSigmoid HardSwish Identity
    InstanceNormalization IsInf IsNaN LRN LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax Max MaxPool Mean Min Mish Mod
    Mul Neg NonZero Not OneHot Or PRelu Pad Pow QLinearAdd QLinearAveragePool QLinearConcat QLinearGlobalAveragePool
    QLinearLeakyRelu QLinearMul QLinearSigmoid QLinearSoftmax QuantizeLinear QuickGelu Range Reciprocal ReduceL1 ReduceL2 ReduceLogSumExp ReduceMax
    ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize RMSNormalization Round ScatterElements ScatterND
    Selu Shape Sigmoid Sign SimplifiedLayerNormalization Sin Size Slice Softmax Softplus SpaceToDepth Split Sqrt Squeeze Sub Sum
    Swish Tanh Tile TopK Transpose Trilu Unsqueeze Upsample Where Xor BiasGelu FastGelu SkipLayerNormalization""".split()
)


def attributes_of(node):
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def einsum_macs(equation, shapes):
    terms = equation.replace(" ", "").split("->")[0].split(",")
    sizes = {}
    for term, shape in zip(terms, shapes):
        if "..." in term:
            raise ValueError("Einsum with an ellipsis")
        sizes.update(zip(term, shape))
    return math.prod(sizes.values())


def macs_of(node, shapes, out):
    """Multiply-adds of a node whose operands and output have these shapes; bias is none."""
    attributes = attributes_of(node)
    first, second = shapes
    if node.op_type == "Einsum":
        return einsum_macs(attributes["equation"].decode(), shapes)
    if node.op_type == "ConvTranspose":
        return math.prod(first) * math.prod(second[1:])
    if "Conv" in node.op_type:
        return math.prod(out) * math.prod(second[1:])
    turned = attributes.get("transA", 0)
    depth = first[0] if "Gemm" in node.op_type and turned else first[-2] if turned and len(first) > 1 else first[-1]
    return math.prod(out) * depth


def depends_on_input(graph):
    """Names of tensors whose numbers follow from the input's numbers, not from its shape alone."""
    known = {value.name for value in graph.input} - {tensor.name for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type not in ("Shape", "Size") and any(name in known for name in node.input):
            known.update(node.output)
    return known


def optimized(model, level):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


class Executed:
    """A file with the shapes of what its products read and give as further outputs."""

    def __init__(self, model):
        if model.functions:
            model = onnx.inliner.inline_local_functions(model)
        graph = model.graph
        self.dependent = depends_on_input(graph)
        self.products = [node for node in graph.node if node.op_type in OPERANDS and node.domain in ("", "com.microsoft")]
        self.unknown = sorted({node.op_type for node in graph.node if node.op_type not in OPERANDS and node.op_type not in WITHOUT})
        self.inputs = [value for value in graph.input if value.name not in {tensor.name for tensor in graph.initializer}]
        self.outputs = [value.name for value in graph.output]
        asked = {}
        for node in self.products:
            for name in (*(node.input[i] for i in OPERANDS[node.op_type]), node.output[0]):
                asked.setdefault(name, f"{name}/corpus-shape")
        instrumented = onnx.ModelProto()
        instrumented.CopyFrom(model)
        for name, shape in asked.items():
            instrumented.graph.node.append(helper.make_node("Shape", [name], [shape]))
            instrumented.graph.output.append(helper.make_tensor_value_info(shape, TensorProto.INT64, None))
        self.asked = asked
        self.session = optimized(instrumented.SerializeToString(), onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL)

    def run(self, feeds):
        names = list(self.asked)
        results = self.session.run([*self.outputs, *(self.asked[name] for name in names)], feeds)
        outputs, rest = results[: len(self.outputs)], results[len(self.outputs) :]
        shapes = {name: [int(size) for size in shape] for name, shape in zip(names, rest)}
        macs = of_constants = 0
        for node in self.products:
            own = macs_of(node, [shapes[node.input[i]] for i in OPERANDS[node.op_type]], shapes[node.output[0]])
            macs += own
            # The same whatever the batch.
            of_constants += 0 if node.output[0] in self.dependent else own
        facts = {
            "macs": macs,
            "ofConstants": of_constants,
            "outputs": [{"name": name, "shape": list(value.shape)} for name, value in zip(self.outputs, outputs)],
        }
        return outputs, facts


# Which inputs of an operator are learned whatever the tensor's name: weight, bias, scale.
LEARNED = {
    **dict.fromkeys(("Conv", "FusedConv", "ConvTranspose", "Gemm", "FusedGemm", "BatchNormalization", "LayerNormalization"), (1, 2)),
    **dict.fromkeys(("InstanceNormalization", "GroupNormalization"), (1, 2)),
    **dict.fromkeys(("MatMul", "FusedMatMul"), (0, 1)),
    "PRelu": (1,),
    "QLinearConv": (3, 8),
    "QLinearMatMul": (0, 3),
    "QGemm": (3, 6),
}
FOLLOWED = ("Transpose", "Reshape", "Cast", "Identity", "Unsqueeze", "Squeeze", "DequantizeLinear")
FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.BFLOAT16)
WHOLE = (TensorProto.INT8, TensorProto.UINT8, TensorProto.INT32)


def same(values):
    """A key that tensors of the same numbers share, in whatever order: a weight that was turned is the same."""
    bits = values.astype(numpy.float32).ravel().view(numpy.uint32).astype(numpy.uint64)
    mixed = (bits ^ (bits >> 15)) * numpy.uint64(0x9E3779B97F4A7C15)
    return values.size, int(mixed.sum(dtype=numpy.uint64)), int((mixed ^ (mixed >> 29)).sum(dtype=numpy.uint64))


def learned(model, parameters, buffers):
    """
    Elements of the tensors in the file that are learned: those with the numbers of one of PyTorch's parameters, or some of
    them, and those that are an operator's weight, bias or scale, as where a batch normalization was folded into a convolution.
    PyTorch's buffers are none, nor is what was filled with one number that no parameter has.
    @return what is learned, what of it are single numbers, what all float tensors hold, by which rule how many were found, and
            initializers of several numbers that are read and not learned.
    """
    graph = model.graph
    uses = {}
    for node in graph.node:
        for i, name in enumerate(node.input):
            uses.setdefault(name, []).append((node, i))

    def is_weight(name):
        return any(
            i in LEARNED.get(node.op_type, ()) or (node.op_type in FOLLOWED and i == 0 and is_weight(node.output[0]))
            for node, i in uses.get(name, [])
        )

    named = {key: {same(values): name for name, values in of.items()} for key, of in (("parameters", parameters), ("buffers", buffers))}
    every = None

    def picked(values):
        nonlocal every
        if every is None:
            # Not of a parameter of whole numbers, as ultralytics' distribution focal loss has: they stand for much else.
            drawn = [values.astype(numpy.float32).ravel() for values in parameters.values() if (values != numpy.round(values)).any()]
            every = numpy.unique(numpy.concatenate(drawn))
        flat = values.astype(numpy.float32).ravel()
        at = numpy.minimum(numpy.searchsorted(every, flat), every.size - 1)
        return bool((every[at] == flat).all()) and numpy.unique(flat).size > 1

    found = {"parameter": 0, "picked": 0, "weight": 0}
    floats, scalars, seen, tables = 0, 0, set(), []
    constants = [
        (node.output[0], attribute.t) for node in graph.node if node.op_type == "Constant" for attribute in node.attribute if attribute.name == "value"
    ]
    for name, tensor in [*((tensor.name, tensor) for tensor in graph.initializer), *constants]:
        if tensor.data_type in FLOATS:
            values = numpy_helper.to_array(tensor)
            floats += values.size
            if name not in uses or values.size == 0:
                continue
            key = same(values)
            if key in named["buffers"]:
                if values.size > 1:
                    tables.append([name, values.size])
                continue
            # The same parameter twice in the file counts once.
            if key in named["parameters"]:
                rule = "parameter"
                if key in seen:
                    continue
                seen.add(key)
            else:
                filled = values.size > 1 and (values == values.flat[0]).all()
                rule = None if filled else "weight" if is_weight(name) else "picked" if picked(values) else None
            if rule:
                found[rule] += values.size
                scalars += values.size == 1
            elif values.size > 1:
                tables.append([name, values.size])
        elif tensor.data_type in WHOLE and is_weight(name):
            found["weight"] += math.prod(tensor.dims)
    return sum(found.values()), scalars, floats, found, tables
