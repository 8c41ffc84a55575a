"""PyTorch on torchvision's network, end to end as the other loops are: input from the host, output on the host."""
import json
import statistics
import sys
import time

import torch
import torchvision

job = json.loads(sys.argv[1])
device = torch.device(job["device"])
torch.set_num_threads(job["threads"])
aux = {"init_weights": False, "aux_logits": False} if job["preset"] == "googlenet" else {}
eager = torchvision.models.get_model(job["preset"], weights=None, **aux).eval().to(device)
x = torch.rand(job["shape"]) - 0.5


def loop(model, ms, calls):
    samples = []
    start = time.perf_counter()
    while (time.perf_counter() - start) * 1000 < ms or len(samples) < calls:
        before = time.perf_counter()
        model(x.to(device)).cpu()
        samples.append((time.perf_counter() - before) * 1000)
    return samples


def median(model):
    # The first call compiles, or chooses kernels.
    loop(model, 0, 1)
    loop(model, job["warmupMs"], job["warmupCalls"])
    return statistics.median(loop(model, job["timedMs"], job["timedCalls"]))


with torch.inference_mode():
    print(json.dumps({"eager": median(eager), "compiled": median(torch.compile(eager))}))
