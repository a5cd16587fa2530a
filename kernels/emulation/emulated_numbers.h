/* Conversions between the device's element types, by the host. */
#ifndef SCANFORMER_EMULATED_NUMBERS_H
#define SCANFORMER_EMULATED_NUMBERS_H

/* To nearest, ties to even. */
F16 round_to_f16(float v);
BF16 round_to_bf16(float v);

/* To TensorFloat-32's ten bits of mantissa, to nearest, ties away from zero. */
float to_tf32(float v);

/* Both are exact; not the compiler's conversion of fp16, which is a call where the processor need not have one. */
inline float to_float(F16 v) {
    const uint32_t magnitude = static_cast<uint32_t>(v.bits & 0x7fff) << 13;
    const uint32_t sign = static_cast<uint32_t>(v.bits & 0x8000) << 16;
    const bool finite = magnitude < 0x0f800000;
    /* The exponents' biases are 112 apart. */
    const float scaled = finite ? __uint_as_float(magnitude) * 0x1p112f : __uint_as_float(magnitude | 0x7f800000);
    return __uint_as_float(__float_as_uint(scaled) | sign);
}
inline float to_float(BF16 v) { return __uint_as_float(static_cast<uint32_t>(v.bits) << 16); }

#endif
