// Draw a digit: what the network reads, and how its hidden layer answers.
const DrawDigit = (function () {
  "use strict";

  const SIZE = 280;
  const PEN = 22;
  const STEP = 6;

  class Drawing {
    constructor(root, data, reader) {
      Object.assign(this, { root, reader });
      this.canvas = root.querySelector(".paper");
      this.context = this.canvas.getContext("2d", { willReadFrequently: true });
      this.prepared = root.querySelector(".prepared");
      this.means = data.means ? Bits.floats(data.means) : null;
      this.hidden = data.hidden;
      // Where each finger or the mouse draws, and where the keys do.
      this.pointers = new Map();
      this.pen = { x: SIZE / 2, y: SIZE / 2, down: false, shown: false };
      this.strokes = [];
      this.build();
      this.listen();
      this.clear();
    }

    build() {
      const bars = this.root.querySelector(".bars");
      this.bars = Array.from({ length: 10 }, (_, digit) => {
        const row = document.createElement("li");
        row.innerHTML =
          `<b aria-hidden="true">${digit}</b><div role="meter" aria-label="Probability of ${digit}" aria-valuemin="0"` +
          ` aria-valuemax="1" data-testid="draw-probability-${digit}"><i></i><span></span></div>`;
        bars.append(row);
        return row.querySelector("div");
      });
      const stripes = this.root.querySelector(".stripes");
      if (!this.means) {
        this.root.querySelector(".fingerprint").hidden = true;
        return;
      }
      const most = this.means.reduce((most, value) => Math.max(most, value), 0) || 1;
      this.stripes = ["drawn", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((name) => {
        const row = document.createElement("tr");
        row.innerHTML = `<th>${name}</th><td class="stripe"><canvas></canvas></td><td class="far"></td>`;
        stripes.append(row);
        if (name !== "drawn") {
          const mean = this.means.subarray(name * this.hidden, (name + 1) * this.hidden);
          Pictures.grey(row.querySelector("canvas"), mean, this.hidden, 0, most);
        }
        return row;
      });
      this.most = most;
    }

    listen() {
      const { canvas } = this;
      canvas.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        event.preventDefault();
        canvas.focus({ preventScroll: true });
        canvas.setPointerCapture(event.pointerId);
        const at = this.place(event);
        this.pointers.set(event.pointerId, at);
        this.stroke(at, at);
      });
      canvas.addEventListener("pointermove", (event) => {
        const from = this.pointers.get(event.pointerId);
        if (!from) return;
        // All places that the pointer went through since the last event.
        const events = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
        for (const one of events.length ? events : [event]) {
          const to = this.place(one);
          this.stroke(this.pointers.get(event.pointerId), to);
          this.pointers.set(event.pointerId, to);
        }
      });
      for (const kind of ["pointerup", "pointercancel"]) {
        canvas.addEventListener(kind, (event) => this.pointers.delete(event.pointerId));
      }
      canvas.addEventListener("keydown", (event) => this.key(event));
      canvas.addEventListener("blur", () => {
        Object.assign(this.pen, { down: false, shown: false });
        this.paint();
      });
      this.root.querySelector(".clear").addEventListener("click", () => this.clear());
    }

    place(event) {
      const { left, top, width, height } = this.canvas.getBoundingClientRect();
      return { x: ((event.clientX - left) / width) * SIZE, y: ((event.clientY - top) / height) * SIZE };
    }

    // Arrow keys move the pen, the space bar sets it down and lifts it.
    key(event) {
      const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const { pen } = this;
      if (moves[event.key]) {
        const from = { x: pen.x, y: pen.y };
        const kept = (at) => Math.min(Math.max(at, PEN / 2), SIZE - PEN / 2);
        pen.x = kept(pen.x + moves[event.key][0] * STEP);
        pen.y = kept(pen.y + moves[event.key][1] * STEP);
        pen.shown = true;
        if (pen.down) this.stroke(from, { x: pen.x, y: pen.y });
        else this.paint();
      } else if (event.key === " ") {
        pen.down = !pen.down;
        pen.shown = true;
        if (pen.down) this.stroke({ x: pen.x, y: pen.y }, { x: pen.x, y: pen.y });
        else this.paint();
      } else if (event.key === "Delete" || event.key === "Backspace") {
        this.clear();
      } else return;
      event.preventDefault();
    }

    stroke(from, to) {
      this.strokes.push([from, to]);
      this.paint();
      if (this.waiting) return;
      this.waiting = true;
      requestAnimationFrame(() => {
        this.waiting = false;
        this.read();
      });
    }

    paint() {
      const { context, pen } = this;
      context.fillStyle = "#ffffff";
      context.fillRect(0, 0, SIZE, SIZE);
      Object.assign(context, { lineWidth: PEN, lineCap: "round", lineJoin: "round", strokeStyle: "#000000" });
      context.beginPath();
      for (const [from, to] of this.strokes) {
        context.moveTo(from.x, from.y);
        context.lineTo(to.x, to.y + (from.x === to.x && from.y === to.y ? 0.01 : 0));
      }
      context.stroke();
      this.ink = context.getImageData(0, 0, SIZE, SIZE);
      if (!pen.shown) return;
      Object.assign(context, { lineWidth: 3, strokeStyle: pen.down ? "#d55e00" : "#0072b2" });
      context.beginPath();
      context.arc(pen.x, pen.y, PEN / 2, 0, 7);
      context.stroke();
    }

    clear() {
      this.strokes = [];
      Object.assign(this.pen, { x: SIZE / 2, y: SIZE / 2, down: false });
      this.paint();
      this.read();
    }

    read() {
      const ink = Uint8Array.from({ length: SIZE * SIZE }, (_, i) => 255 - this.ink.data[4 * i]);
      const pixels = Prepare.prepare(ink, SIZE, SIZE);
      Pictures.grey(this.prepared, pixels, 28);
      const empty = !this.strokes.length;
      const { probabilities, hidden } = this.reader.read(pixels);
      const best = probabilities.indexOf(Math.max(...probabilities));
      this.bars.forEach((bar, digit) => {
        const probability = empty ? 0 : probabilities[digit];
        bar.querySelector("i").style.width = `${100 * probability}%`;
        bar.querySelector("span").textContent = empty ? "" : percent(probability);
        bar.setAttribute("aria-valuenow", probability);
        bar.setAttribute("aria-valuetext", empty ? "nothing is drawn" : percent(probability));
        bar.classList.toggle("best", !empty && digit === best);
      });
      const words = empty ? "Draw a digit from 0 to 9." : `The network reads a ${best} (${percent(probabilities[best])}).`;
      this.root.querySelector(".prediction").textContent = words;
      if (this.means) this.fingerprint(hidden, empty);
    }

    // The distances to the classes' means, as the report's nearest mean is found.
    fingerprint(hidden, empty) {
      const far = Array.from({ length: 10 }, (_, digit) => {
        let sum = 0;
        for (let unit = 0; unit < this.hidden; unit++) {
          const apart = this.means[digit * this.hidden + unit] - hidden[unit];
          sum += apart * apart;
        }
        return Math.sqrt(sum);
      });
      const nearest = far.indexOf(Math.min(...far));
      const shown = empty ? new Float32Array(this.hidden) : hidden;
      Pictures.grey(this.stripes[0].querySelector("canvas"), shown, this.hidden, 0, this.most);
      this.stripes.slice(1).forEach((row, digit) => {
        row.querySelector(".far").textContent = empty ? "" : far[digit].toFixed(1);
        row.classList.toggle("nearest", !empty && digit === nearest);
      });
      this.root.querySelector(".nearest-name").textContent = empty
        ? ""
        : `Its fingerprint is nearest to the mean of the ${nearest}s (${far[nearest].toFixed(1)} away).`;
    }
  }

  function percent(share) {
    const text = (100 * share).toFixed(1);
    if (text === "0.0" && share > 0) return "below 0.1 %";
    if (text === "100.0" && share < 1) return "above 99.9 %";
    return `${text} %`;
  }

  return { Drawing, percent };
})();
