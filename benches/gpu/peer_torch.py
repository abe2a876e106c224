"""PyTorch, step by step or, with --graphs, each step a captured CUDA
graph. 32-bit products, no TF32. usage: peer_torch.py INPUTS [--graphs] [--tiny]"""

import torch

from peer_jobs import arguments, measure, on_gpu

inputs, flags = arguments()
graphs = "--graphs" in flags
device = torch.device("cuda" if on_gpu(torch.cuda.is_available(), flags) else "cpu")
torch.backends.cuda.matmul.allow_tf32 = False


def wait():
    if device.type == "cuda":
        torch.cuda.synchronize()


def put(value):
    return torch.as_tensor(value, device=device)


def losses(weights, x, y):
    w1, b1, w2, b2 = weights
    p = torch.softmax(torch.relu(x @ w1 + b1) @ w2 + b2, 1).clamp(inputs.low, inputs.high)
    return -(y * p.log() + (1 - y) * (1 - p).log()).sum(1)


def ready(step, state):
    """The step, as a graph if graphs were asked for. Capturing runs it a few times first, which changes nothing of the
    state in the end."""
    if not graphs or device.type != "cuda":
        return step
    before = [value.detach().clone() for value in state]
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss = step()
    with torch.no_grad():
        for value, old in zip(state, before):
            value.copy_(old)

    def replay():
        graph.replay()
        return loss

    return replay


x_all, y_all, orders = put(inputs.x), put(inputs.y), put(inputs.orders.astype("int64"))


def training(read):
    weights = [put(value).clone().requires_grad_(True) for value in inputs.initial]
    rows = orders[0][0].clone()

    def step():
        loss = losses(weights, x_all[rows], y_all[rows]).mean()
        gradients = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            for weight, gradient in zip(weights, gradients):
                weight.sub_(gradient, alpha=inputs.rate)
        return loss.detach()

    run = ready(step, weights)

    def epoch(number):
        total = 0.0
        for batch in orders[number]:
            rows.copy_(batch)
            loss = run()
            if read:
                total += loss.item()
        wait()
        return total / inputs.steps

    return epoch


class Descent:
    """Adagrad on one variable."""

    def __init__(self, function, shape, rate):
        self.function = function
        self.x = torch.zeros(shape, device=device, requires_grad=True)
        sums = torch.full(shape, 0.1, device=device)

        def step():
            loss = function(self.x)
            (gradient,) = torch.autograd.grad(loss, self.x)
            with torch.no_grad():
                sums.addcmul_(gradient, gradient)
                self.x.addcdiv_(gradient, sums.sqrt(), value=-rate)
            return loss.detach()

        self.step = ready(step, [self.x, sums])

    def run(self, count, every):
        for done in range(1, count + 1):
            loss = self.step()
            if every and done % every == 0:
                loss.item()

    def loss(self):
        wait()
        return float(self.function(self.x).detach())


def inverse():
    matrix, identity = put(inputs.matrix), torch.eye(10, device=device)
    return Descent(lambda x: (x @ matrix - identity).abs().sum(), (10, 10), inputs.inverse_rate)


def ideal():
    trained, y = [put(value) for value in inputs.trained], torch.eye(10, device=device)
    function = lambda x: losses(trained, x, y).sum() + inputs.l2 * (x * x).sum()
    return Descent(function, (10, 784), inputs.ideal_rate)


measure("torch graphs" if graphs else "torch", inputs, training, {"inverse": inverse, "ideal": ideal})
