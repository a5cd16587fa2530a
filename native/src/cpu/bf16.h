/* Conversion of bfloat16, which is the upper half of an fp32. */
#ifndef SCANFORMER_CPU_BF16_H
#define SCANFORMER_CPU_BF16_H

#include <stdint.h>
#include <string.h>

static inline float from_bf16(uint16_t value) {
    const uint32_t bits = static_cast<uint32_t>(value) << 16;
    float result;
    memcpy(&result, &bits, sizeof result);
    return result;
}

/* To nearest even; a NaN stays one. */
static inline uint16_t to_bf16(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t rounded = bits + 0x7fff + ((bits >> 16) & 1);
    return static_cast<uint16_t>((value == value ? rounded : bits | 0x400000) >> 16);
}

#endif
