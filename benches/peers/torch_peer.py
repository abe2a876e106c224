"""PyTorch, eager, with its own SGD and Adagrad."""

from time import perf_counter

import torch

from shared import NETWORKS, arguments, classifier, report

job, inputs, _ = arguments()
peer = "torch"


def forward(weights, x, y):
    w1, b1, w2, b2 = weights
    p = torch.softmax(torch.relu(x @ w1 + b1) @ w2 + b2, 1)
    clipped = p.clamp(inputs.low, inputs.high)
    return p, -(y * clipped.log() + (1 - y) * (1 - clipped).log()).sum(1)


def adagrad(function, start, rate, steps, each):
    """Seconds of all steps, and the loss after them; the loss is fetched every `each` steps."""
    x = start.requires_grad_(True)
    optimizer = torch.optim.Adagrad([x], lr=rate, initial_accumulator_value=0.1, eps=0)
    begin = perf_counter()
    for step in range(steps):
        loss = function(x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % each == 0:
            loss.item()
    return perf_counter() - begin, float(function(x))


if job in ("epoch_s", "fifty_epochs_s"):
    weights = [torch.tensor(value, requires_grad=True) for value in inputs.initial]
    optimizer = torch.optim.SGD(weights, lr=inputs.rate)

    x, y = torch.from_numpy(inputs.x), torch.from_numpy(inputs.y)

    def epoch(order):
        total = 0.0
        for rows in torch.tensor(order, dtype=torch.int64):
            loss = forward(weights, x[rows], y[rows])[1].mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        return total / len(order)

    @torch.no_grad()
    def evaluate(images, labels):
        p, terms = forward(weights, torch.from_numpy(images), torch.from_numpy(labels))
        return float(terms.mean()), float((p.argmax(1) == torch.from_numpy(labels).argmax(1)).float().mean())

    classifier(peer, job, inputs, epoch, evaluate)
elif job == "inverse_step_us":
    a, identity = torch.tensor(inputs.matrix), torch.eye(10)
    function = lambda x: (x @ a - identity).abs().sum()
    seconds, last = adagrad(function, torch.zeros(10, 10), inputs.inverse_rate, inputs.inverse_steps, 1)
    report(peer, job, seconds * 1e6 / inputs.inverse_steps, last)
elif job == "ideal_images_s":
    trained, y = [torch.tensor(value) for value in inputs.trained], torch.eye(10)
    function = lambda x: forward(trained, x, y)[1].sum() + inputs.l2 * (x * x).sum()
    seconds, last = adagrad(function, torch.zeros(10, 784), inputs.ideal_rate, inputs.ideal_steps, 100)
    report(peer, job, seconds, last)
elif job in NETWORKS:
    import torch_networks

    torch_networks.measure(peer, job, inputs)
