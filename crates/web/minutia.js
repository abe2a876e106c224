// The page's side of the module: a classic script that works in a page opened from disk, in a worker made of a
// Blob, and in Node. It defines `Minutia`.
//
//   const minutia = await Minutia.load({ plain, relaxed });     // bytes, or base64 of them
//   minutia.variant                                             // "plain" or "relaxed"
//   minutia.reader(weights).read(pixels)                        // { probabilities, hidden }
//   minutia.idealImage(weights, { digit: 3, penalty: "L2", strength: 0.25 })
//   minutia.matrixInverse(matrix, { optimizer: "Adagrad", rate: 0.01 })
//   minutia.digits().train(11)                                  // once all digits are drawn
//
// Whatever is wrong is thrown as an Error whose message says what, and what it should be. An object holds
// memory until its `free()`.
(function (root) {
  "use strict";

  const PIXELS = 784;
  const CLASSES = 10;
  const HIDDEN = 300;
  const SIZE = 10;
  const PENALTIES = ["none", "L1", "L2"];
  const OPTIMIZERS = ["Adagrad", "Adam"];

  // (a, c) -> a * a + c by f32x4.relaxed_madd.
  const PROBE = new Uint8Array([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    1, 7, 1, 0x60, 2, 0x7d, 0x7d, 1, 0x7d,
    3, 2, 1, 0,
    7, 5, 1, 1, 0x66, 0, 0,
    10, 22, 1, 20, 0, 0x20, 0, 0xfd, 0x13, 0x20, 0, 0xfd, 0x13, 0x20, 1, 0xfd, 0x13, 0xfd, 0x85, 2, 0xfd, 0x1f, 0, 0x0b,
  ]);

  // Whether relaxed multiply-adds are there and round once. The square of 1 + 2^-12 ends with 2^-24, which is
  // lost where the product is rounded before the sum.
  async function fuses() {
    try {
      const { instance } = await WebAssembly.instantiate(PROBE);
      return instance.exports.f(1 + 2 ** -12, -(1 + 2 ** -11)) === 2 ** -24;
    } catch {
      return false;
    }
  }

  function bytes(module) {
    if (typeof module !== "string") return module;
    const text = atob(module);
    return Uint8Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  }

  // Takes the faster variant where this machine computes the same bits with it, unless `variant` names one.
  async function load(modules, variant) {
    const chosen = variant || (modules.relaxed && (await fuses()) ? "relaxed" : "plain");
    if (!modules[chosen]) throw new Error(`there is no variant ${chosen} of the module; it is plain or relaxed`);
    const { instance } = await WebAssembly.instantiate(bytes(modules[chosen]));
    return new Minutia(instance.exports, chosen);
  }

  class Minutia {
    constructor(exports, variant) {
      this.exports = exports;
      this.variant = variant;
    }

    // Calls a function with longer arguments as its input, and gives its number.
    call(name, input, ...numbers) {
      const at = this.exports.minutia_input(input ? input.byteLength : 0);
      if (input) {
        const from = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
        new Uint8Array(this.exports.memory.buffer).set(from, at);
      }
      const result = this.attempt(() => this.exports[`minutia_${name}`](...numbers));
      if (result < 0) throw new Error(new TextDecoder().decode(this.output()));
      return result;
    }

    // What stops a module leaves it in disorder.
    attempt(act) {
      if (this.stopped) throw new Error(`the module has stopped (${this.stopped}); load it again`);
      try {
        return act();
      } catch (error) {
        this.stopped = error.message;
        throw new Error(`the module stopped, for want of memory perhaps: ${error.message}`);
      }
    }

    // A copy of the output of the latest call.
    output() {
      const at = this.exports.minutia_output();
      return new Uint8Array(this.exports.memory.buffer, at, this.exports.minutia_output_bytes()).slice();
    }

    floats(name, input, ...numbers) {
      this.call(name, input, ...numbers);
      return new Float32Array(this.output().buffer);
    }

    // The network with weights W1, b1, W2 and b2: 238,510 floats one after the other.
    reader(weights) {
      return new Reader(this, this.call("reader", floats(weights)));
    }

    // The image of a digit that the network likes best. `penalty` is "none", "L1" or "L2".
    idealImage(weights, { digit, penalty = "none", strength = 0 }) {
      const kind = PENALTIES.indexOf(penalty);
      return new IdealImage(this, this.call("ideal_image", floats(weights), digit, kind, strength));
    }

    // The descent to the inverse of a matrix of 10 x 10 floats. `optimizer` is "Adagrad" or "Adam".
    matrixInverse(matrix, { optimizer = "Adagrad", rate = 0.01 } = {}) {
      const kind = OPTIMIZERS.indexOf(optimizer);
      return new MatrixInverse(this, this.call("matrix_inverse", floats(matrix), kind, rate));
    }

    // The matrix that the reproduction inverts with this seed.
    randomMatrix(seed) {
      return this.floats("random_matrix", null, ...halves(seed));
    }

    // The built-in digits, none of them drawn.
    digits() {
      return new Digits(this, this.call("digits"));
    }
  }

  class Held {
    constructor(minutia, handle) {
      this.minutia = minutia;
      this.handle = handle;
    }

    free() {
      this.minutia.exports.minutia_free(this.handle);
      this.handle = -1;
    }
  }

  class Reader extends Held {
    // Reads images of 784 bytes, 0 for black: for each 10 probabilities and the 300 numbers of the hidden layer.
    read(pixels) {
      const images = pixels.length / PIXELS;
      const all = this.minutia.floats("read", pixels, this.handle);
      return { probabilities: all.subarray(0, images * CLASSES), hidden: all.subarray(images * CLASSES) };
    }
  }

  class IdealImage extends Held {
    // Makes steps; gives the loss before each.
    steps(count) {
      return this.minutia.floats("ideal_image_steps", null, this.handle, count);
    }

    // The 784 pixels, and the probabilities that the network gives the ten digits.
    now() {
      const all = this.minutia.floats("ideal_image_now", null, this.handle);
      return { pixels: all.subarray(0, PIXELS), probabilities: all.subarray(PIXELS) };
    }
  }

  class MatrixInverse extends Held {
    // Makes steps; gives the loss before the first and before each that comes a multiple of `every` after it.
    steps(count, every = 1) {
      return this.minutia.floats("matrix_inverse_steps", null, this.handle, count, every);
    }

    // x, x·A and the loss.
    now() {
      const all = this.minutia.floats("matrix_inverse_now", null, this.handle);
      const [x, output] = [all.subarray(0, SIZE * SIZE), all.subarray(SIZE * SIZE, 2 * SIZE * SIZE)];
      return { x, output, loss: all[2 * SIZE * SIZE] };
    }
  }

  class Digits extends Held {
    // Draws up to `count` more, and gives how many there are: 70,000 are all.
    draw(count) {
      return this.minutia.call("digits_draw", null, this.handle, count);
    }

    // The first of the 10,000 test images, which are drawn last.
    testImages(count) {
      this.minutia.call("digits_test_images", null, this.handle, count);
      return this.minutia.output();
    }

    // The network to be trained on them, with the random weights of a run of this seed. It takes the digits.
    train(seed) {
      const training = new Training(this.minutia, this.minutia.call("training", null, this.handle, ...halves(seed)));
      this.handle = -1;
      return training;
    }
  }

  class Training extends Held {
    // Makes steps, of which 550 are an epoch; gives the loss of each batch before its step.
    steps(count) {
      return this.minutia.floats("training_steps", null, this.handle, count);
    }

    // The mean cross-entropy of the 10,000 test images, and the share that is read rightly.
    test() {
      this.minutia.call("training_test", null, this.handle);
      const [crossEntropy, accuracy] = new Float64Array(this.minutia.output().buffer);
      return { crossEntropy, accuracy };
    }

    // All 238,510 parameters, as `reader` takes them.
    parameters() {
      return this.minutia.floats("training_parameters", null, this.handle);
    }

    // Their SHA-256: what results call `parameters_sha256`.
    digest() {
      this.minutia.call("training_digest", null, this.handle);
      return new TextDecoder().decode(this.minutia.output());
    }
  }

  Training.EPOCH = 550;
  Digits.COUNT = 70000;

  function floats(numbers) {
    return numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);
  }

  // A seed of 64 bits as two numbers of 32.
  function halves(seed) {
    const all = BigInt(seed);
    return [Number(all & 0xffffffffn), Number((all >> 32n) & 0xffffffffn)];
  }

  const api = { load, fuses, EPOCH: Training.EPOCH, DIGITS: Digits.COUNT, HIDDEN };
  root.Minutia = api;
  if (typeof module === "object" && module.exports) module.exports = api;
})(typeof globalThis === "object" ? globalThis : self);
