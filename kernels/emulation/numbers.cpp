/* Rounding to the device's number formats, to nearest, ties to even unless said. */
#include <cmath>

#include "element.cuh"

namespace {

uint32_t bits_of(float v) {
    uint32_t bits;
    std::memcpy(&bits, &v, sizeof bits);
    return bits;
}

}  // namespace

BF16 round_to_bf16(float v) {
    const uint32_t bits = bits_of(v);
    if (v != v) return {static_cast<uint16_t>(bits >> 16 | 0x40)};
    return {static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}

F16 round_to_f16(float v) {
    const _Float16 half = static_cast<_Float16>(v);
    F16 result;
    std::memcpy(&result.bits, &half, sizeof half);
    return result;
}

/* Ties go away from zero. */
float to_tf32(float v) {
    if (!(std::fabs(v) < INFINITY)) return v;
    return __uint_as_float((bits_of(v) + 0x1000) & 0xffffe000u);
}
