"""
Exports networks, in each way they are asked for, and writes what each file costs when it is executed: `make.py FOLDER`. A
network a line comes in, and its line goes out when its files are there.

In: {"library": "timm", "model": "convnext_tiny", "options": {}, "input": [3, 64, 64],
     "files": [{"name": "…", "exporter": "dynamo" | "torchscript", "batch": "open" | "one", "external": true, "opset": 20,
                "treatment": "qdq" | "qoperator" | "extended" | "all"}]}
For each file NAME.onnx (and NAME.onnx.data), NAME.json with the facts, and NAME.images.bin, NAME.outputs.bin: three images, and
what the file gives for each alone, float32 one after another. Weights are random; nothing is downloaded.
"""

import contextlib
import importlib.metadata
import inspect
import json
import os
import pathlib
import sys
import traceback
import warnings

warnings.simplefilter("ignore")
if hasattr(sys, "setdlopenflags"):
    sys.setdlopenflags(os.RTLD_LAZY)

import numpy  # noqa: E402
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
import torch  # noqa: E402

from executed import Executed, learned, optimized  # noqa: E402

IMAGES = 3
LEVELS = {
    "extended": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "all": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
}


class Outputs(torch.nn.Module):
    """The tensors that a network gives, whatever it keeps them in."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return flat(self.network(x))


def flat(value):
    if isinstance(value, torch.Tensor):
        return (value,)
    values = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return tuple(tensor for each in values for tensor in flat(each))


def build(spec):
    library, name, options = spec["library"], spec["model"], spec.get("options", {})
    if library == "timm":
        import timm

        return timm.create_model(name, pretrained=False, **options)
    if library == "torchvision":
        import torchvision

        # Networks for segmentation would load a backbone's weights.
        if "weights_backbone" in inspect.signature(torchvision.models.get_model_builder(name)).parameters:
            options = {"weights_backbone": None, **options}
        return torchvision.models.get_model(name, weights=None, **options)
    from ultralytics import YOLO

    return YOLO(f"{name}.yaml").model.float()


def for_export(model):
    """As ultralytics' own exporter sets a network up."""
    model = model.fuse(verbose=False) if hasattr(model, "fuse") else model
    for module in model.modules():
        if hasattr(module, "export") and hasattr(module, "dynamic"):
            module.dynamic, module.export, module.format = False, True, "onnx"
    return model


def spread(model):
    """Gives each parameter numbers of its own: zeros, ones and 10⁻⁶ say little, and tell no tensor from another."""
    torch.manual_seed(20)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim < 2 or parameter.min() == parameter.max():
                parameter.add_(torch.rand_like(parameter) * 0.1)
        for name, buffer in model.named_buffers():
            if name.endswith(("running_mean", "running_var")):
                buffer.add_(torch.rand_like(buffer) * 0.1)


def export(model, x, path, how):
    open_batch = how["batch"] == "open"
    options = {"opset_version": how["opset"]} if "opset" in how else {}
    if how["exporter"] == "torchscript":
        axes = {"dynamic_axes": {"x": {0: "batch"}}} if open_batch else {}
        torch.onnx.export(model, (x,), path, dynamo=False, input_names=["x"], **axes, **options)
        return
    # PyTorch takes a size of 1 as fixed, so an open batch is traced with two images.
    shapes = {"dynamic_shapes": ({0: torch.export.Dim("batch")},)} if open_batch else {}
    x = torch.cat([x, x]) if open_batch else x
    torch.onnx.export(model, (x,), path, dynamo=True, verbose=False, input_names=["x"], external_data=how["external"], **shapes, **options)


def quantize(source, path, how, images):
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):
        left = [{"x": image} for image in images]

        def get_next(self):
            return self.left.pop() if self.left else None

    ready = path.with_suffix(".ready.onnx")
    quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
    form = QuantFormat.QDQ if how["treatment"] == "qdq" else QuantFormat.QOperator
    quantize_static(str(ready), str(path), Reader(), quant_format=form, per_channel=True)
    ready.unlink()


def optimize(source, path, how):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = LEVELS[how["treatment"]]
    options.optimized_model_filepath = str(path)
    onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])


def make(model, x, images, folder, how):
    path = folder / f"{how['name']}.onnx"
    written = folder / f"{how['name']}.float.onnx" if "treatment" in how else path
    export(model, x, written, how)
    if how.get("treatment") in LEVELS:
        optimize(written, path, how)
    elif "treatment" in how:
        quantize(written, path, how, images)
    return path, written


def apart(one, other):
    """Largest difference over the largest number."""
    return float(numpy.abs(one - other).max() / (numpy.abs(other).max() or 1))


def facts_of(model, path, source, how, images):
    """Counts are those of `source`, the file before a runtime rewrote its operators: nchwc's have padded channels."""
    file = onnx.load(path)
    counted = onnx.load(source) if how.get("treatment") in LEVELS else file
    executed = Executed(counted)
    alone, batches = [], {}
    for image in images:
        outputs, facts = executed.run({executed.inputs[0].name: image})
        alone.append([numpy.asarray(output, dtype=numpy.float32) for output in outputs])
    batches[1] = facts
    together = None
    if how["batch"] == "open":
        for batch in (2, 3):
            outputs, batches[batch] = executed.run({executed.inputs[0].name: numpy.concatenate(images[:batch])})
        together = max(
            apart(outputs[o][i], alone[i][o][0])
            for o in range(len(outputs))
            for i in range(IMAGES)
            if outputs[o].shape[0] == IMAGES
        )
    if how.get("treatment") in LEVELS:
        session = optimized(str(path), onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL)
        alone = [[numpy.asarray(output, dtype=numpy.float32) for output in session.run(None, {"x": image})] for image in images]
    parameters = {name: parameter.detach().numpy() for name, parameter in model.named_parameters()}
    buffers = {name: buffer.numpy() for name, buffer in model.named_buffers() if buffer.is_floating_point()}
    params, scalars, floats, rules, tables = learned(counted, parameters, buffers)
    path.with_suffix(".images.bin").write_bytes(numpy.concatenate(images).astype("<f4").tobytes())
    path.with_suffix(".outputs.bin").write_bytes(b"".join(output.astype("<f4").tobytes() for outputs in alone for output in outputs))
    return {
        "opset": {each.domain: each.version for each in file.opset_import},
        "nodes": len(file.graph.node),
        "params": params,
        "scalars": scalars,
        "floats": floats,
        "rules": rules,
        "tables": tables,
        "torchParams": sum(values.size for values in parameters.values()),
        "batches": batches,
        "together": together,
        "notCounted": executed.unknown,
        "outputElements": [int(output.size) for output in alone[0]],
    }


def said(error):
    traceback.print_exc()
    return {"error": f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0][:300]}"}


def exported(spec, folder, versions):
    network = build(spec).eval()
    spread(network)
    network = for_export(network) if spec["library"] == "ultralytics" else network
    network.requires_grad_(False)
    torch.manual_seed(7)
    images = [torch.rand(1, *spec["input"]).numpy() for _ in range(IMAGES)]
    for how in spec["files"]:
        facts_file = folder / f"{how['name']}.json"
        if facts_file.exists():
            continue
        try:
            path, source = make(Outputs(network).eval(), torch.from_numpy(images[0]), images, folder, how)
            facts = facts_of(network, path, source, how, images)
            if source != path:
                for each in folder.glob(f"{source.name}*"):
                    each.unlink()
        except Exception as error:
            facts = said(error)
        facts_file.write_text(json.dumps({**facts, "versions": versions}))


def main():
    folder, out = pathlib.Path(sys.argv[1]), sys.stdout
    packages = ["torch", "torchvision", "timm", "ultralytics", "onnx", "onnxruntime", "onnxscript"]
    versions = {"python": sys.version.split()[0], **{name: importlib.metadata.version(name) for name in packages}}
    with contextlib.redirect_stdout(sys.stderr):
        for line in sys.stdin:
            spec = json.loads(line)
            try:
                exported(spec, folder, versions)
            except Exception as error:
                for how in spec["files"]:
                    (folder / f"{how['name']}.json").write_text(json.dumps({**said(error), "versions": versions}))
            print(line.strip(), file=out, flush=True)


main()
