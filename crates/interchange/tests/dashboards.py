"""Asks a running TensorBoard for all that event files hold, and looks at its page of graphs.

    pip install tensorboard
    python crates/interchange/tests/dashboards.py LOGDIR [PICTURES]

Ends with 0 where TensorBoard's data server gives every tag that its event accumulator finds below LOGDIR, with the
same points of curves, and where Chromium draws each graph with the names of its nodes and scopes. PICTURES is a
folder for screenshots of the pages. Without Chromium, the page is skipped, which is said.
"""

import sys

# Folders beside this file have the names of libraries.
sys.path.pop(0)

import base64
import contextlib
import fcntl
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

from tensorboard.backend.event_processing import plugin_event_multiplexer

PATIENCE_S = 60
FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --window-size=1400,1000 --remote-debugging-pipe""".split()
# All texts of a page, those inside its elements' own trees, too.
TEXTS = """(() => {
    const texts = [];
    const walk = node => {
        if (node.nodeType === Node.TEXT_NODE) texts.push(node.data.trim());
        if (node.shadowRoot) walk(node.shadowRoot);
        if (!['SCRIPT', 'STYLE'].includes(node.nodeName)) node.childNodes.forEach(walk);
    };
    walk(document.documentElement);
    return texts;
})()"""


def await_equal(what, expected, ask):
    """Asks until the answer is what is expected."""
    start = time.monotonic()
    while (found := ask()) != expected:
        if time.monotonic() - start > PATIENCE_S:
            raise SystemExit(f"{what}: found {found!r}, expected {expected!r}")
        time.sleep(0.5)


@contextlib.contextmanager
def tensorboard(logdir):
    """A TensorBoard that reads with the data server, and its address."""
    arguments = ["--logdir", str(logdir), "--port", "0", "--load_fast", "true", "--samples_per_plugin", "scalars=1000000"]
    command = [sys.executable, "-m", "tensorboard.main", *arguments]
    with tempfile.TemporaryFile("w+") as said:
        server = subprocess.Popen(command, stdout=said, stderr=said)
        try:
            start = time.monotonic()
            while not (address := re.search(r"http://localhost:\d+/", os.pread(said.fileno(), 1 << 20, 0).decode())):
                if server.poll() is not None or time.monotonic() - start > PATIENCE_S:
                    said.seek(0)
                    raise SystemExit(f"TensorBoard does not start: {said.read()}")
                time.sleep(0.2)
            yield address[0]
        finally:
            server.terminate()
            server.wait()


def check_tags(logdir, address):
    """Each tag of each run, and the points of each curve."""

    def get(route, **query):
        with urllib.request.urlopen(f"{address}data/{route}?{urllib.parse.urlencode(query)}") as reply:
            return json.load(reply)

    files = plugin_event_multiplexer.EventMultiplexer(tensor_size_guidance={"scalars": 0})
    files.AddRunsFromDirectory(logdir).Reload()
    runs, counted = sorted(files.Runs()), 0
    for plugin in ["scalars", "histograms", "images", "text"]:
        expected = {run: sorted(files.PluginRunToTagToContent(plugin).get(run, {})) for run in runs}
        expected = {run: tags for run, tags in expected.items() if tags}
        await_equal(plugin, expected, lambda: {run: sorted(tags) for run, tags in get(f"plugin/{plugin}/tags").items()})
        counted += sum(map(len, expected.values()))
    for run, tags in files.PluginRunToTagToContent("scalars").items():
        for tag in tags:
            points = [[event.wall_time, event.step, event.tensor_proto.float_val[0]] for event in files.Tensors(run, tag)]
            await_equal(f"{run} {tag}", points, lambda: get("plugin/scalars/scalars", run=run, tag=tag))
    graphs = {run: files.Graph(run) for run in runs if files.Runs()[run]["graph"]}
    await_equal("graphs", sorted(graphs), lambda: sorted(get("plugin/graphs/info")))
    print(counted, "tags in", len(runs), "runs are what TensorBoard's data server reads")
    return graphs


class Browser:
    """Chromium, spoken to by its debugging protocol: messages of JSON that end in a zero byte."""

    def __init__(self, program, folder):
        # Numbers above those that the browser reads from and writes to.
        (its_in, self.write), (self.read, its_out) = (map(high, os.pipe()), map(high, os.pipe()))
        shell = ["bash", "-c", f'exec "$@" 3<&{its_in} 4>&{its_out}', "bash"]
        command = [*shell, program, *FLAGS, f"--user-data-dir={folder}"]
        null = subprocess.DEVNULL
        self.process = subprocess.Popen(command, pass_fds=[its_in, its_out], stdout=null, stderr=null)
        os.close(its_in)
        os.close(its_out)
        self.number, self.received = 0, b""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    session = None

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self.received:
                more = os.read(self.read, 1 << 20)
                if not more:
                    raise SystemExit("Chromium has ended")
                self.received += more
            reply, _, self.received = self.received.partition(b"\0")
            reply = json.loads(reply)
            if reply.get("id") == self.number:
                if "error" in reply:
                    raise SystemExit(f"{method}: {reply['error']}")
                return reply["result"]

    def go(self, address):
        # What differs behind the `#` alone is no other page.
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=address)

    def texts(self):
        # Between two pages there is nothing to walk through.
        return self.call("Runtime.evaluate", expression=TEXTS, returnByValue=True)["result"].get("value", [])

    def close(self):
        self.process.terminate()
        self.process.wait()


def high(descriptor):
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD, 10)


def check_pages(logdir, graphs, pictures):
    program = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
    if program is None:
        print("skipped: the page of graphs, for want of Chromium")
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(program, folder)
        try:
            for run, graph in graphs.items():
                # Which of several runs the page shows first, an address cannot say.
                with tensorboard(pathlib.Path(logdir, run)) as address:
                    browser.go(f"{address}#graphs")
                    names = {node.name.partition("/")[0] for node in graph.node}
                    await_equal(f"names that the page of {run} lacks", set(), lambda: names - set(browser.texts()))
                    print(len(names), f"names are on the page of the graph of {run}")
                    picture(browser, pictures, f"graph-{run}")
            if pictures:
                with tensorboard(logdir) as address:
                    for page in ["timeseries", "scalars", "images", "histograms", "distributions", "text"]:
                        browser.go(f"{address}#{page}")
                        picture(browser, pictures, page)
        finally:
            browser.close()


def picture(browser, pictures, name):
    if pictures:
        # Pages move until they have loaded.
        time.sleep(10)
        png = base64.b64decode(browser.call("Page.captureScreenshot")["data"])
        pathlib.Path(pictures, f"{name}.png").write_bytes(png)


def main(logdir, pictures=None):
    with tensorboard(logdir) as address:
        graphs = check_tags(logdir, address)
    check_pages(logdir, graphs, pictures)


main(*sys.argv[1:])
