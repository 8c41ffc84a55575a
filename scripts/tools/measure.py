"""
What the real tools count: one network a line in, their totals a line out, both JSON.

In:  {"model": an expression over torchvision.models, such as "ResNet(resnet.BasicBlock, [2, 2, 2, 2], num_classes=10)", or
      over torch.nn, such as "nn.GELU()", "input": its shape, batch first}
Out: {"params": …, "fvcore": …, "torchinfo": …, "ptflops": …, "thop": …, "torch": …, "onnx": …}; where a tool fails on a
     network, {"error": its own words} in the place of its number.
The first line out names the versions. Only the standard output is read: what the tools say goes to the other.
"""

import contextlib
import importlib.metadata
import inspect
import json
import math
import os
import pathlib
import sys
import tempfile
import warnings

# torch's Linux build names the libraries of CUDA; functions of theirs that nobody calls need not be there (setup.sh).
if hasattr(sys, "setdlopenflags"):
    sys.setdlopenflags(os.RTLD_LAZY)
warnings.simplefilter("ignore")

import fvcore.nn  # noqa: E402
import onnx  # noqa: E402
import ptflops  # noqa: E402
import thop  # noqa: E402
import torch  # noqa: E402
import torch.utils.flop_counter  # noqa: E402
import torchinfo  # noqa: E402
from packaging.version import Version  # noqa: E402
from torchvision import models  # noqa: E402


def by_fvcore(model, x):
    analysis = fvcore.nn.FlopCountAnalysis(model, x)
    analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    return analysis.total()


def by_torchinfo(model, x):
    return torchinfo.summary(model, input_data=x, verbose=0).total_mult_adds


def by_ptflops(model, x):
    name = next(iter(inspect.signature(model.forward).parameters))
    # By name, so that it takes the batch as one: given as a tensor it divides what its hooks count by the images, and not
    # what its patched functions count. Where it fails it prints the reason and gives None.
    flops, _ = ptflops.get_model_complexity_info(
        model, tuple(x.shape[1:]), input_constructor=lambda _: {name: x}, as_strings=False, print_per_layer_stat=False, backend="pytorch"
    )
    if flops is None:
        raise RuntimeError("ptflops gave no figure; its reason stands above")
    return flops


def by_thop(model, x):
    return thop.profile(model, inputs=(x,), verbose=False)[0]


def by_torch(model, x):
    with torch.utils.flop_counter.FlopCounterMode(display=False) as counter:
        model(x)
    return counter.get_total_flops()


def by_onnx(model, x):
    """Multiply-adds of the exported file's Conv, Gemm and MatMul nodes, by the shapes that the file states."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.onnx"
        torch.onnx.export(model, (x,), path, dynamo=True, verbose=False, external_data=True)
        graph = onnx.load(path, load_external_data=False).graph
    shapes = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    for value in [*graph.input, *graph.value_info, *graph.output]:
        # A dimension that is not a number has no dim_value, and 0 would hide it.
        shapes[value.name] = [d.dim_value if d.HasField("dim_value") else math.nan for d in value.type.tensor_type.shape.dim]
    macs = 0
    for node in graph.node:
        if node.op_type not in ("Conv", "Gemm", "MatMul"):
            continue
        first, second, out = shapes[node.input[0]], shapes[node.input[1]], shapes[node.output[0]]
        transposed = any(a.name == "transA" and a.i for a in node.attribute)
        depth = math.prod(second[1:]) if node.op_type == "Conv" else first[0 if transposed else -1]
        macs += math.prod(out) * depth
    return macs


# thop comes last: it leaves buffers of its own in the model.
tools = {"fvcore": by_fvcore, "torchinfo": by_torchinfo, "ptflops": by_ptflops, "torch": by_torch, "onnx": by_onnx, "thop": by_thop}


def exact(value):
    """An integer, whatever type the tool gave it. A fraction is no count."""
    if value != int(value):
        raise ValueError(f"{value} is no integer")
    return int(value)


class Call(torch.nn.Module):
    """A function without a module: what tools that hook modules do not see."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def measure(variant):
    model = eval(variant["model"], {**vars(models), "torch": torch, "nn": torch.nn, "Call": Call}).eval()
    x = torch.rand(variant["input"])
    totals = {"params": sum(parameter.numel() for parameter in model.parameters())}
    for name, count in tools.items():
        try:
            totals[name] = exact(count(model, x))
        except Exception as error:
            totals[name] = {"error": str(error).strip().split("\n")[0] or type(error).__name__}
    return totals


def main():
    def say(value):
        print(json.dumps(value), file=out, flush=True)

    out = sys.stdout
    with contextlib.redirect_stdout(sys.stderr), torch.no_grad():
        packages = ["torch", "torchvision", "fvcore", "torchinfo", "ptflops", "thop", "onnx", "onnxscript"]
        # As PyPI lists them: torch says 2.9.1+cu128 of itself, thop 0.1.1-2209072238.
        versions = {name: Version(importlib.metadata.version(name)).public for name in packages}
        say({"python": sys.version.split()[0], **versions})
        for line in sys.stdin:
            say(measure(json.loads(line)))


main()
