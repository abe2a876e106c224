//! What the module offers to JavaScript: functions of numbers. Longer arguments lie in one block of memory,
//! [`minutia_input`], and longer results in another; `minutia.js` is the other side of all this.
//!
//! A function that may fail returns a negative number where it does: the reason is the text of the output.
#![allow(unsafe_code, reason = "names that a linker sees; no function takes or follows a pointer")]

use crate::{
    Digits, Error, IdealImage, MatrixInverse, OptimizerKind, PIXELS, PenaltyKind, Reader, Training, digest,
    random_matrix,
};
use std::cell::RefCell;

/// What JavaScript holds by number.
enum Object {
    Reader(Reader),
    IdealImage(IdealImage),
    MatrixInverse(MatrixInverse),
    Digits(Digits),
    Training(Training),
}

#[derive(Default)]
struct Module {
    input: Vec<u8>,
    output: Vec<u8>,
    objects: Vec<Option<Object>>,
}

thread_local! {
    static MODULE: RefCell<Module> = RefCell::default();
}

impl Module {
    /// The input as floats.
    fn floats(&self) -> Vec<f32> {
        self.input.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
    }

    fn put(&mut self, numbers: &[f32]) {
        self.output.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    }

    fn keep(&mut self, object: Object) -> i32 {
        let free = self.objects.iter().position(Option::is_none).unwrap_or_else(|| {
            self.objects.push(None);
            self.objects.len() - 1
        });
        self.objects[free] = Some(object);
        free as i32
    }
}

/// Does something that may fail, and whose output begins empty.
fn attempt(act: impl FnOnce(&mut Module) -> Result<i32, Error>) -> i32 {
    MODULE.with_borrow_mut(|module| {
        module.output.clear();
        act(module).unwrap_or_else(|error| {
            module.output = error.to_string().into_bytes();
            -1
        })
    })
}

/// Does something with an object of one kind.
macro_rules! with {
    ($handle:ident, $kind:ident, |$module:ident, $object:ident| $act:expr) => {
        attempt(|all| {
            let place = $handle as usize;
            let act = |$module: &mut Module, $object: &mut $kind| -> Result<i32, Error> { $act };
            // Out of the list while it is used, and back whatever comes of it.
            let mut taken = all.objects.get_mut(place).and_then(Option::take);
            let result = match &mut taken {
                Some(Object::$kind(object)) => act(all, object),
                _ => Err(Error::Argument {
                    what: "the handle",
                    found: $handle.to_string(),
                    expected: concat!("that of an object of kind ", stringify!($kind)),
                }),
            };
            if taken.is_some() {
                all.objects[place] = taken;
            }
            result
        })
    };
}

fn seed(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

fn chosen<T: Copy>(what: &'static str, all: &[T], number: u32, expected: &'static str) -> Result<T, Error> {
    let found = number.to_string();
    all.get(number as usize).copied().ok_or(Error::Argument { what, found, expected })
}

/// Where the input is, which has so many bytes from now on.
#[unsafe(no_mangle)]
extern "C" fn minutia_input(bytes: usize) -> *mut u8 {
    MODULE.with_borrow_mut(|module| {
        module.input.clear();
        module.input.resize(bytes, 0);
        module.input.as_mut_ptr()
    })
}

/// Where the output of the latest call is.
#[unsafe(no_mangle)]
extern "C" fn minutia_output() -> *const u8 {
    MODULE.with_borrow(|module| module.output.as_ptr())
}

/// Bytes of that output.
#[unsafe(no_mangle)]
extern "C" fn minutia_output_bytes() -> usize {
    MODULE.with_borrow(|module| module.output.len())
}

/// Lets go of an object.
#[unsafe(no_mangle)]
extern "C" fn minutia_free(handle: u32) {
    MODULE.with_borrow_mut(|module| drop(module.objects.get_mut(handle as usize).and_then(Option::take)));
}

/// From weights to a reader.
#[unsafe(no_mangle)]
extern "C" fn minutia_reader() -> i32 {
    attempt(|module| {
        let reader = Reader::new(&module.floats())?;
        Ok(module.keep(Object::Reader(reader)))
    })
}

/// From images to their probabilities, one image after the other, and then their hidden layers likewise.
#[unsafe(no_mangle)]
extern "C" fn minutia_read(handle: u32) -> i32 {
    with!(handle, Reader, |module, reader| {
        let images = std::mem::take(&mut module.input);
        // What is left over is no image, and is refused as one.
        let readings =
            images.chunks(PIXELS).map(|image| reader.read(image)).collect::<Result<Vec<_>, _>>()?;
        readings.iter().for_each(|reading| module.put(&reading.probabilities));
        readings.iter().for_each(|reading| module.put(&reading.hidden));
        Ok(0)
    })
}

/// From weights to an ideal image of a class.
#[unsafe(no_mangle)]
extern "C" fn minutia_ideal_image(class: u32, penalty: u32, strength: f32) -> i32 {
    attempt(|module| {
        let expected = "0 for none, 1 for L1 or 2 for L2";
        let penalty = chosen("the kind of the penalty", &PenaltyKind::ALL, penalty, expected)?;
        let image = IdealImage::new(&module.floats(), class as usize, penalty, strength)?;
        Ok(module.keep(Object::IdealImage(image)))
    })
}

/// Makes steps; the output is the loss before each.
#[unsafe(no_mangle)]
extern "C" fn minutia_ideal_image_steps(handle: u32, steps: u32) -> i32 {
    with!(handle, IdealImage, |module, image| {
        module.put(&image.steps(steps as usize)?);
        Ok(0)
    })
}

/// The image, and the probabilities of its classes.
#[unsafe(no_mangle)]
extern "C" fn minutia_ideal_image_now(handle: u32) -> i32 {
    with!(handle, IdealImage, |module, image| {
        let (image, probabilities) = image.image()?;
        module.put(&image);
        module.put(&probabilities);
        Ok(0)
    })
}

/// The matrix that a run of this seed inverts.
#[unsafe(no_mangle)]
extern "C" fn minutia_random_matrix(seed_low: u32, seed_high: u32) -> i32 {
    attempt(|module| {
        module.put(&random_matrix(seed(seed_low, seed_high)));
        Ok(0)
    })
}

/// From a matrix to the descent to its inverse.
#[unsafe(no_mangle)]
extern "C" fn minutia_matrix_inverse(optimizer: u32, rate: f32) -> i32 {
    attempt(|module| {
        let expected = "0 for Adagrad or 1 for Adam";
        let optimizer = chosen("the optimizer", &OptimizerKind::ALL, optimizer, expected)?;
        let inverse = MatrixInverse::new(&module.floats(), optimizer, rate)?;
        Ok(module.keep(Object::MatrixInverse(inverse)))
    })
}

/// Makes steps; the output is the loss before every so many of them.
#[unsafe(no_mangle)]
extern "C" fn minutia_matrix_inverse_steps(handle: u32, steps: u32, every: u32) -> i32 {
    with!(handle, MatrixInverse, |module, inverse| {
        module.put(&inverse.steps(steps as usize, every as usize)?);
        Ok(0)
    })
}

/// `x`, `x·A` and the loss.
#[unsafe(no_mangle)]
extern "C" fn minutia_matrix_inverse_now(handle: u32) -> i32 {
    with!(handle, MatrixInverse, |module, inverse| {
        let state = inverse.state()?;
        module.put(&state.x);
        module.put(&state.output);
        module.put(&[state.loss]);
        Ok(0)
    })
}

/// The built-in digits, of which none is drawn.
#[unsafe(no_mangle)]
extern "C" fn minutia_digits() -> i32 {
    attempt(|module| Ok(module.keep(Object::Digits(Digits::new()))))
}

/// Draws more of the digits, and returns how many there are.
#[unsafe(no_mangle)]
extern "C" fn minutia_digits_draw(handle: u32, count: u32) -> i32 {
    with!(handle, Digits, |_module, digits| Ok(digits.draw(count as usize) as i32))
}

/// The first test images.
#[unsafe(no_mangle)]
extern "C" fn minutia_digits_test_images(handle: u32, count: u32) -> i32 {
    with!(handle, Digits, |module, digits| {
        module.output.extend(digits.test_images(count as usize));
        Ok(0)
    })
}

/// From digits, of which nothing is left to others, to a network that is trained on them: it has the same
/// number.
#[unsafe(no_mangle)]
extern "C" fn minutia_training(handle: u32, seed_low: u32, seed_high: u32) -> i32 {
    let digits = with!(handle, Digits, |_module, digits| {
        if digits.drawn() == Digits::COUNT { Ok(0) } else { Err(digits.missing()) }
    });
    if digits < 0 {
        return digits;
    }
    attempt(|module| {
        let place = handle as usize;
        if let Some(Object::Digits(digits)) = module.objects[place].take() {
            let training = Training::new(digits, seed(seed_low, seed_high))?;
            module.objects[place] = Some(Object::Training(training));
        }
        Ok(handle as i32)
    })
}

/// Makes steps; the output is the loss before each.
#[unsafe(no_mangle)]
extern "C" fn minutia_training_steps(handle: u32, steps: u32) -> i32 {
    with!(handle, Training, |module, training| {
        module.put(&training.steps(steps as usize)?);
        Ok(0)
    })
}

/// The mean cross-entropy of the test images and the share that is read rightly, as two `f64`.
#[unsafe(no_mangle)]
extern "C" fn minutia_training_test(handle: u32) -> i32 {
    with!(handle, Training, |module, training| {
        let (loss, right) = training.test()?;
        module.output.extend([loss, right].iter().flat_map(|number| number.to_le_bytes()));
        Ok(0)
    })
}

/// All parameters.
#[unsafe(no_mangle)]
extern "C" fn minutia_training_parameters(handle: u32) -> i32 {
    with!(handle, Training, |module, training| {
        module.put(&training.parameters()?);
        Ok(0)
    })
}

/// The SHA-256 of the parameters, as text.
#[unsafe(no_mangle)]
extern "C" fn minutia_training_digest(handle: u32) -> i32 {
    with!(handle, Training, |module, training| {
        module.output.extend(digest(&training.parameters()?).into_bytes());
        Ok(0)
    })
}
