// Train it here: the classifier on the built-in digits, in a worker, compared with the report after each epoch.
const TrainHere = (function () {
  "use strict";

  const PARAMETERS = (238510).toLocaleString("en-US");

  class Trainer {
    constructor(root, data, modules, variant) {
      Object.assign(this, { root, modules, variant, published: data.training });
      this.of = (name) => root.querySelector(`.${name}`);
      this.chart = new Pictures.Chart(this.of("chart"), {
        log: true,
        xLabel: "epoch",
        yLabel: "cross-entropy of a batch, and of the test images",
        last: 1,
      });
      this.of("start").addEventListener("click", () => this.start());
      this.of("pause").addEventListener("click", () => this.pause());
      this.of("stop").addEventListener("click", () => this.stop("Stopped."));
    }

    start() {
      this.end();
      this.batches = [];
      this.tests = [];
      this.right = 0;
      this.of("digests").replaceChildren();
      for (const name of ["digest", "verdict"]) this.of(name).textContent = "";
      this.of("verdict").className = "verdict";
      const sources = [document.getElementById("engine").textContent, document.getElementById("trainer").textContent];
      this.url = URL.createObjectURL(new Blob(sources, { type: "text/javascript" }));
      try {
        this.worker = new Worker(this.url);
      } catch (error) {
        this.stop(`This browser starts no worker here (${error.message}).`);
        return;
      }
      this.worker.addEventListener("message", ({ data }) => this.told(data));
      this.worker.addEventListener("error", (event) => this.stop(`The worker failed: ${event.message || "no reason is given"}.`));
      const { modules, variant, published } = this;
      this.worker.postMessage({ kind: "start", modules, variant, seed: published.seed, epochs: published.epochs });
      this.paused = false;
      this.buttons(true);
      this.state("Loading the engine …");
    }

    told(message) {
      const { epochs } = this.published;
      if (message.kind === "drawn") {
        this.progress(message.there / message.all);
        this.state(`Drawing the digits: ${message.there.toLocaleString("en-US")} of ${message.all.toLocaleString("en-US")}.`);
      } else if (message.kind === "steps") {
        this.batches.push([message.epoch - 1 + message.step / 550, message.loss]);
        this.progress(message.step / 550);
        this.state(`Epoch ${message.epoch} of ${epochs}, step ${message.step} of 550.`);
        this.draw(message.epoch);
      } else if (message.kind === "epoch") {
        this.epoch(message);
      } else if (message.kind === "done") {
        this.stop(`All ${epochs} epochs are done.`);
      } else if (message.kind === "failed") {
        this.stop(message.message);
      }
    }

    draw(epoch) {
      const now = performance.now();
      if (now - (this.drawn || 0) < 60) return;
      this.drawn = now;
      this.chart.last = epoch;
      this.chart.show([
        { name: "theirs", points: Pictures.thinned(this.batches, 400) },
        { name: "ours", points: this.tests, dots: true },
      ]);
    }

    epoch({ epoch, seconds, digest, test }) {
      this.tests.push([epoch, test.crossEntropy]);
      this.drawn = 0;
      this.draw(epoch);
      const expected = this.published.digests[epoch - 1];
      const same = expected === digest;
      this.of("digest").textContent = digest;
      const row = this.of("digests").insertRow();
      const mark = expected ? (same ? "✓" : "✗") : "–";
      const read = `${(100 * test.accuracy).toFixed(2)} %`;
      for (const text of [epoch, read, `${seconds.toFixed(1)} s`, `${digest.slice(0, 8)}…`, mark]) {
        row.insertCell().textContent = text;
      }
      row.lastChild.className = same ? "good" : "";
      const count = epoch === 1 ? "After 1 epoch" : `After ${epoch} epochs`;
      if (!expected) {
        Bits.say(this.of("verdict"), `${count} there is no published digest to compare with.`);
      } else if (same) {
        Bits.say(this.of("verdict"), `✓ ${count} your browser computed the same ${PARAMETERS} numbers.`, "good");
      } else {
        Bits.say(this.of("verdict"), `✗ ${count} your browser's numbers are others: the digest should be ${expected}.`, "bad");
      }
    }

    pause() {
      this.paused = !this.paused;
      this.worker.postMessage({ kind: this.paused ? "pause" : "resume" });
      this.of("pause").textContent = this.paused ? "Go on" : "Pause";
    }

    stop(words) {
      this.end();
      this.buttons(false);
      this.state(words);
    }

    end() {
      if (this.worker) this.worker.terminate();
      if (this.url) URL.revokeObjectURL(this.url);
      this.worker = null;
    }

    buttons(running) {
      this.of("start").textContent = running ? "Start again" : "Start";
      this.of("pause").textContent = "Pause";
      for (const name of ["pause", "stop"]) this.of(name).disabled = !running;
    }

    state(words) {
      this.of("epoch").textContent = words;
    }

    progress(share) {
      this.of("progress").value = share;
    }
  }

  return { Trainer };
})();
