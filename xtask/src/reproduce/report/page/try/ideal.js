// Ideal image: the descent to what the network likes best, step by step.
const IdealImage = (function () {
  "use strict";

  const STEPS = 1000;
  const AT_ONCE = 10;

  class Descent {
    constructor(root, data, engine, weights) {
      Object.assign(this, { root, engine, weights });
      this.published = data.ideal;
      this.of = (name) => root.querySelector(`.${name}`);
      this.run = 0;
      this.of("strength").addEventListener("input", () => this.label());
      this.of("penalty").addEventListener("change", () => this.label());
      this.of("run").addEventListener("click", () => this.start());
      this.label();
      Pictures.grey(this.of("picture"), new Float32Array(784), 28, 0, 1);
    }

    label() {
      this.of("strength").disabled = this.of("penalty").value === "none";
      this.of("strength-value").textContent = Number(this.of("strength").value).toFixed(2);
    }

    async start() {
      // A later start ends an earlier one.
      const run = ++this.run;
      const choice = {
        digit: Number(this.of("class").value),
        penalty: this.of("penalty").value,
        strength: this.of("penalty").value === "none" ? 0 : Number(this.of("strength").value),
      };
      Bits.say(this.of("verdict"), "");
      const image = this.engine.idealImage(this.weights, choice);
      try {
        for (let done = 0; done < STEPS; ) {
          const losses = image.steps(AT_ONCE);
          done += AT_ONCE;
          this.show(image.now(), choice, done, losses.at(-1));
          await Bits.pause();
          if (run !== this.run) return;
        }
        this.judge(image.now(), choice);
      } catch (error) {
        Bits.say(this.of("verdict"), error.message, "bad");
      } finally {
        image.free();
      }
    }

    show({ pixels, probabilities }, { digit }, done, loss) {
      Pictures.signed(this.of("picture"), pixels, 28);
      this.of("progress").value = done;
      const sure = DrawDigit.percent(probabilities[digit]);
      this.of("state").textContent =
        `Step ${done.toLocaleString("en-US")} of ${STEPS.toLocaleString("en-US")}: the loss is ${Number(loss.toPrecision(4))}, ` +
        `the network sees a ${digit} with ${sure}.`;
    }

    judge({ pixels }, { digit, penalty, strength }) {
      const name = penalty === "none" ? "no penalty" : `${penalty} ${strength}`;
      const kept = this.published && this.published[penalty];
      if (!kept || (penalty !== "none" && Math.fround(strength) !== Math.fround(kept.strength))) {
        const has = kept ? ` (it has ${penalty} ${kept.strength})` : "";
        Bits.say(this.of("verdict"), `The report has no image with ${name} to compare with${has}.`);
        return;
      }
      const expected = Bits.floats(kept.images).subarray(digit * 784, (digit + 1) * 784);
      if (Bits.same(pixels, expected)) {
        Bits.say(this.of("verdict"), `✓ Bit for bit the ${digit} in the report's figure, with ${name}: all 784 pixels.`, "good");
      } else {
        Bits.say(this.of("verdict"), `✗ Not the ${digit} in the report's figure, which this page should have computed.`, "bad");
      }
    }
  }

  return { Descent };
})();
