"""PyTorch's latencies with input and output on the device, on torchvision's networks: `torch_peer.py JOB`, JOB as JSON.

One JSON line a variant: batch 1 eager and as a CUDA graph (also in channels-last), the large batch in float32 and float16,
in channels-last too. A call ends with a wait for the device. TF32 is on, as it is by default in ONNX Runtime, and cuDNN
chooses its algorithms by trying them.
"""
import json
import statistics
import sys
import time

import torch
import torchvision

job = json.loads(sys.argv[1])
device = torch.device(job["device"])
on_cuda = device.type == "cuda"
torch.set_num_threads(job["threads"])
torch.backends.cuda.matmul.allow_tf32 = True
torch.backends.cudnn.allow_tf32 = True
torch.backends.cudnn.benchmark = True


def wait():
    if on_cuda:
        torch.cuda.synchronize()


def loop(call):
    samples = []
    until = time.perf_counter() + job["seconds"]
    while len(samples) < 20 or (len(samples) < job["calls"] and time.perf_counter() < until):
        before = time.perf_counter()
        call()
        wait()
        samples.append((time.perf_counter() - before) * 1000)
    return samples


def captured(model, x):
    """The network as a CUDA graph over this input, as PyTorch's documentation captures one."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(5):
            model(x)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        model(x)
    return graph.replay


def variants():
    yield 1, "eager", torch.float32, torch.contiguous_format, False
    if on_cuda:
        yield 1, "graph", torch.float32, torch.contiguous_format, True
        yield 1, "graph channels_last", torch.float32, torch.channels_last, True
    yield job["large"], "float32", torch.float32, torch.contiguous_format, False
    yield job["large"], "float32 channels_last", torch.float32, torch.channels_last, False
    if on_cuda:
        yield job["large"], "float16", torch.float16, torch.contiguous_format, False
        yield job["large"], "float16 channels_last", torch.float16, torch.channels_last, False
        yield job["large"], "float16 channels_last graph", torch.float16, torch.channels_last, True


with torch.inference_mode():
    seen = {"cudnn": torch.backends.cudnn.version(), "deviceName": torch.cuda.get_device_name()} if on_cuda else {}
    print(json.dumps({"tool": "pytorch", "version": torch.__version__} | seen))
    for network in job["networks"]:
        base = torchvision.models.get_model(network, weights=None).eval()
        for batch, variant, dtype, layout, as_graph in variants():
            line = {"tool": "pytorch", "network": network, "batch": batch, "variant": variant}
            try:
                model = base.to(device=device, dtype=dtype, memory_format=layout)
                x = (torch.rand(batch, 3, 224, 224) - 0.5).to(device=device, dtype=dtype, memory_format=layout)
                call = captured(model, x) if as_graph else lambda: model(x)
                for _ in range(10):
                    call()
                wait()
                samples = loop(call)
                ordered = sorted(samples)
                line |= {
                    "medianMs": round(statistics.median(samples), 4),
                    "p10Ms": round(ordered[len(ordered) // 10], 4),
                    "p90Ms": round(ordered[len(ordered) * 9 // 10], 4),
                    "calls": len(samples),
                }
            except Exception as error:  # noqa: BLE001
                line["failed"] = str(error)[:300]
            print(json.dumps(line), flush=True)
