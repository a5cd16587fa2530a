/* What the operations share. Everything here is static: each instruction set compiles its own copy. */
#ifndef SCANFORMER_CPU_OPS_COMMON_H
#define SCANFORMER_CPU_OPS_COMMON_H

#include <stdint.h>
#include <string.h>

#include "../../shared/tables.h"
#include "../bf16.h"
#include "../cpu_stream.h"

/*
 * Floats of the instruction set's registers. Wider vectors would be split by the compiler, but arrays of them, as of a
 * tile's sums, are then kept in memory: attention with AVX2 was 25 times slower so.
 */
#if SF_ISA_LEVEL >= 4
enum { WIDTH = 16 };
#elif SF_ISA_LEVEL >= 3
enum { WIDTH = 8 };
#else
enum { WIDTH = 4 };
#endif

typedef float vfloat __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));
typedef int32_t vint __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));

/* Work under this many elements is done by one thread: waking the others costs about as much. */
enum { PARALLEL_ELEMENTS = 1 << 14 };

static inline vfloat load(const float* p) { return *reinterpret_cast<const vfloat*>(p); }

static inline void store(float* p, vfloat v) { *reinterpret_cast<vfloat*>(p) = v; }

static inline vfloat splat(float v) { return v - vfloat{}; }

/* b where one of them is NaN. */
static inline vfloat vmax(vfloat a, vfloat b) { return a > b ? a : b; }

/* Of a vector's numbers, by halves. */
static inline float sum(vfloat v) {
    float x[WIDTH];
    store(x, v);
    for (int half = WIDTH / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) x[i] += x[half + i];
    }
    return x[0];
}

static inline float maximum(vfloat v) {
    float x[WIDTH];
    store(x, v);
    for (int half = WIDTH / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) x[i] = x[i] > x[half + i] ? x[i] : x[half + i];
    }
    return x[0];
}

/*
 * exp for x <= 0, and 0 for x < -87 and -inf. Relative error under 2e-7 (Cody-Waite reduction, Cephes' polynomial). A
 * NaN stays one: the maximum is its second argument then, and whatever integer the conversion makes of it is multiplied
 * by a NaN.
 */
static inline vfloat exp_nonpositive(vfloat x) {
    const vfloat clamped = vmax(splat(-87.0f), x);
    const vfloat shifter = splat(12582912.0f); /* 1.5 * 2^23: adding it rounds to an integer */
    const vfloat shifted = clamped * 1.44269504088896341f + shifter;
    const vfloat n = shifted - shifter;
    vfloat r = clamped - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    vfloat p = splat(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    const vint exponent = (__builtin_convertvector(n, vint) + 127) << 23;
    const vfloat result = p * reinterpret_cast<const vfloat&>(exponent);
    return x < splat(-87.0f) ? vfloat{} : result;
}

/* Writes n floats as `type`, from element `offset` of out on. */
static inline void store_as(int type, void* out, size_t offset, const float* values, int n) {
    if (type == SF_BF16) {
        uint16_t* to = static_cast<uint16_t*>(out) + offset;
        for (int i = 0; i < n; i++) to[i] = to_bf16(values[i]);
    } else {
        memcpy(static_cast<float*>(out) + offset, values, static_cast<size_t>(n) * sizeof(float));
    }
}

#endif
