// Matrix inverse: the post's descent, for the reader's matrix.
const MatrixInverse = (function () {
  "use strict";

  const SIZE = 10;
  const STEPS = 100000;
  const AT_ONCE = 500;
  const EVERY = 100;

  function cells(table, make) {
    for (let row = 0; row < SIZE; row++) {
      const line = table.insertRow();
      for (let column = 0; column < SIZE; column++) line.insertCell().append(make(row, column));
    }
  }

  class Descent {
    constructor(root, data, engine) {
      Object.assign(this, { root, engine });
      this.published = data.inverse;
      this.of = (name) => root.querySelector(`.${name}`);
      this.inputs = [];
      cells(this.of("matrix"), (row, column) => {
        const input = document.createElement("input");
        Object.assign(input, { type: "number", step: "any", required: true });
        input.setAttribute("aria-label", `A, row ${row + 1}, column ${column + 1}`);
        this.inputs.push(input);
        return input;
      });
      this.outputs = [];
      cells(this.of("output"), () => {
        const output = document.createElement("span");
        this.outputs.push(output);
        return output;
      });
      this.of("seed").value = this.published.seed;
      this.of("rate").value = this.published.rate;
      this.chart = new Pictures.Chart(this.of("chart"), { log: true, xLabel: "step", yLabel: "loss", last: STEPS });
      this.of("random").addEventListener("click", () => this.fill());
      this.of("another").addEventListener("click", () => {
        this.of("seed").value = 1 + Math.floor(Math.random() * 1e6);
        this.fill();
      });
      this.of("run").addEventListener("click", () => (this.running ? this.stop() : this.start()));
      this.fill();
    }

    fill() {
      const seed = Math.max(0, Math.floor(Number(this.of("seed").value) || 0));
      this.of("seed").value = seed;
      const matrix = this.engine.randomMatrix(seed);
      this.inputs.forEach((input, i) => {
        input.value = matrix[i];
      });
    }

    stop() {
      this.running = false;
    }

    async start() {
      const wrong = this.inputs.find((input) => !input.reportValidity());
      if (wrong || !this.of("rate").reportValidity()) return;
      const matrix = Float32Array.from(this.inputs, (input) => Number(input.value));
      const settings = { optimizer: this.of("optimizer").value, rate: Number(this.of("rate").value) };
      this.running = true;
      this.of("run").textContent = "Stop";
      Bits.say(this.of("verdict"), "");
      let descent = null;
      try {
        descent = this.engine.matrixInverse(matrix, settings);
        await this.descend(descent, this.isPublished(matrix, settings));
      } catch (error) {
        Bits.say(this.of("verdict"), error.message, "bad");
      } finally {
        if (descent) descent.free();
        this.running = false;
        this.of("run").textContent = "Run";
      }
    }

    isPublished(matrix, { optimizer, rate }) {
      const { published } = this;
      const asPublished = optimizer === "Adagrad" && Math.fround(rate) === Math.fround(published.rate);
      return Boolean(published.loss && asPublished && Bits.same(matrix, Bits.floats(published.matrix)));
    }

    async descend(descent, published) {
      const losses = [];
      const expected = published ? Bits.floats(this.published.loss) : null;
      let done = 0;
      let drawn = 0;
      while (done < STEPS && this.running) {
        losses.push(...descent.steps(AT_ONCE, EVERY));
        done += AT_ONCE;
        if (!losses.every(Number.isFinite)) {
          Bits.say(this.of("verdict"), `The loss left the numbers after ${done} steps: a smaller rate keeps it among them.`, "bad");
          return;
        }
        if (performance.now() - drawn > 40 || done === STEPS || !this.running) {
          drawn = performance.now();
          this.show(descent.now(), losses, expected, done);
          await Bits.pause();
        }
      }
      const now = descent.now();
      this.show(now, losses, expected, done);
      this.judge(now, losses, expected, done);
    }

    show({ output, loss }, losses, expected, done) {
      const curve = (list) => Pictures.thinned(Array.from(list, (value, i) => [i * EVERY, value]), 400);
      const lines = [{ name: "ours", points: curve(losses) }];
      if (expected) lines.unshift({ name: "theirs", points: curve(expected) });
      this.chart.show(lines);
      this.outputs.forEach((span, i) => {
        span.textContent = (Number(output[i].toFixed(2)) || 0).toFixed(2).replace("-", "−");
        // Right entries are pale; the further from the identity, the redder.
        const apart = Math.abs(output[i] - (i % (SIZE + 1) === 0 ? 1 : 0));
        span.style.background = `rgba(213, 94, 0, ${Math.min(apart, 1) * 0.6})`;
      });
      this.of("loss").textContent = Number(loss.toPrecision(6));
      this.of("step").textContent = done.toLocaleString("en-US");
    }

    judge({ output, x }, losses, expected, done) {
      if (!expected) {
        const apart = output.reduce((most, v, i) => Math.max(most, Math.abs(v - (i % (SIZE + 1) === 0 ? 1 : 0))), 0);
        const words = apart <= 0.01 ? "x is the inverse" : "x is not the inverse yet";
        Bits.say(this.of("verdict"), `${words}: the largest error of an entry of x·A is ${Number(apart.toPrecision(3))}.`);
        return;
      }
      const there = Math.min(losses.length, expected.length);
      const same = Bits.same(losses.slice(0, there), expected.subarray(0, there));
      const whole = done === STEPS && there === expected.length;
      const inverse = !whole || Bits.same(x, Bits.floats(this.published.x));
      if (!same || !inverse) {
        Bits.say(this.of("verdict"), "✗ Not the report's curve, which this page should have computed.", "bad");
      } else {
        const count = there.toLocaleString("en-US");
        const all = whole ? `all ${count} losses and the inverse at their end are` : `all ${count} losses so far are`;
        Bits.say(this.of("verdict"), `✓ The published curve, bit for bit: ${all} the report's.`, "good");
      }
    }
  }

  return { Descent };
})();
