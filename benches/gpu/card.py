"""What a GPU could do at best, from the driver's attributes: a line for people, and a file with arguments for the
measurements. usage: card.py FILE"""

import ctypes
import json
import os
import sys

# Numbers of the driver's attributes.
CLOCK_KHZ, MULTIPROCESSORS, MEMORY_CLOCK_KHZ, BUS_BITS, L2_BYTES, MAJOR, MINOR = 13, 16, 36, 37, 38, 75, 76

# 32-bit multiply-adds that a multiprocessor starts each cycle; every generation that is not named has 128.
LANES = {(7, 5): 64, (8, 0): 64}


def main(path):
    driver = ctypes.CDLL(os.environ.get("MINUTIA_CUDA_DRIVER", "libcuda.so.1"))

    def call(name, *arguments):
        code = getattr(driver, name)(*arguments)
        if code != 0:
            raise OSError(f"{name} gives the error {code}")

    device = ctypes.c_int()
    call("cuInit", 0)
    call("cuDeviceGet", ctypes.byref(device), 0)
    name = ctypes.create_string_buffer(256)
    call("cuDeviceGetName", name, 256, device)

    def attribute(number):
        value = ctypes.c_int()
        try:
            call("cuDeviceGetAttribute", ctypes.byref(value), number, device)
        except OSError:
            return None
        return value.value

    capability = attribute(MAJOR), attribute(MINOR)
    multiprocessors, clock = attribute(MULTIPROCESSORS), attribute(CLOCK_KHZ)
    memory_clock, bits = attribute(MEMORY_CLOCK_KHZ), attribute(BUS_BITS)
    peaks, arguments = {}, []
    if multiprocessors and clock:
        peaks["tflops"] = 2 * LANES.get(capability, 128) * multiprocessors * clock * 1e3 / 1e12
        arguments.append(f"--peak-tflops {peaks['tflops']:.2f}")
    if memory_clock and bits:
        # Two transfers a cycle.
        peaks["gbps"] = 2 * memory_clock * 1e3 * bits / 8 / 1e9
        arguments.append(f"--peak-gbps {peaks['gbps']:.0f}")
    found = {
        "name": name.value.decode(errors="replace"),
        "compute_capability": "{}.{}".format(*capability),
        "multiprocessors": multiprocessors,
        "clock_khz": clock,
        "memory_clock_khz": memory_clock,
        "bus_bits": bits,
        "l2_bytes": attribute(L2_BYTES),
        "peaks": peaks,
        "arguments": " ".join(arguments),
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(found, file, indent=1)
    known = ", ".join(f"{value:.1f} {unit}" for unit, value in peaks.items())
    print(f"{found['name']}, {found['compute_capability']}, {multiprocessors} multiprocessors; peaks: {known or 'unknown'}")


if __name__ == "__main__":
    main(sys.argv[1])
