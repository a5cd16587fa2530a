/* The element types of arrays, and their conversions from and to fp32. fp16 and bf16 are carried as their bits. */
#ifndef SCANFORMER_ELEMENT_CUH
#define SCANFORMER_ELEMENT_CUH

#include "platform.cuh"

struct F16 {
    uint16_t bits;
};
struct BF16 {
    uint16_t bits;
};

#ifdef SF_EMULATION

#include "emulated_numbers.h"

#else

__device__ __forceinline__ F16 round_to_f16(float v) { return {__half_as_ushort(__float2half_rn(v))}; }
__device__ __forceinline__ BF16 round_to_bf16(float v) { return {__bfloat16_as_ushort(__float2bfloat16_rn(v))}; }
__device__ __forceinline__ float to_float(F16 v) { return __half2float(__ushort_as_half(v.bits)); }
__device__ __forceinline__ float to_float(BF16 v) { return __bfloat162float(__ushort_as_bfloat16(v.bits)); }

/* fp32 rounded to TensorFloat-32's ten bits of mantissa, nearest, ties away from zero. */
__device__ __forceinline__ float to_tf32(float v) {
#if __CUDA_ARCH__ >= 800
    uint32_t bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(v));
    return __uint_as_float(bits);
#else
    return v;
#endif
}

#endif

__device__ __forceinline__ float to_float(float v) { return v; }

template <typename T>
__device__ __forceinline__ T from_float(float v);
template <>
__device__ __forceinline__ float from_float<float>(float v) {
    return v;
}
template <>
__device__ __forceinline__ F16 from_float<F16>(float v) {
    return round_to_f16(v);
}
template <>
__device__ __forceinline__ BF16 from_float<BF16>(float v) {
    return round_to_bf16(v);
}

/* Two elements in the order of memory, as the register of a matrix fragment. */
template <typename T>
__device__ __forceinline__ uint32_t pack2(float low, float high) {
    return static_cast<uint32_t>(from_float<T>(low).bits) | static_cast<uint32_t>(from_float<T>(high).bits) << 16;
}

/* Four consecutive elements; `from` is aligned to them. */
__device__ __forceinline__ void load4(const float* from, float (&v)[4]) {
    const float4 four = *reinterpret_cast<const float4*>(from);
    v[0] = four.x;
    v[1] = four.y;
    v[2] = four.z;
    v[3] = four.w;
}
template <typename T>
__device__ __forceinline__ void load4(const T* from, float (&v)[4]) {
    const uint2 four = *reinterpret_cast<const uint2*>(from);
    v[0] = to_float(T{static_cast<uint16_t>(four.x)});
    v[1] = to_float(T{static_cast<uint16_t>(four.x >> 16)});
    v[2] = to_float(T{static_cast<uint16_t>(four.y)});
    v[3] = to_float(T{static_cast<uint16_t>(four.y >> 16)});
}

/* Two consecutive floats of global memory, aligned to both. */
__device__ __forceinline__ void load_two(const float* from, float& first, float& second) {
    const uint2 two = *reinterpret_cast<const uint2*>(from);
    first = __uint_as_float(two.x);
    second = __uint_as_float(two.y);
}

/* The same stored. */
__device__ __forceinline__ void store_two(float* to, float first, float second) {
    *reinterpret_cast<uint2*>(to) = make_uint2(__float_as_uint(first), __float_as_uint(second));
}

/* Four consecutive elements; `to` is aligned to them. */
__device__ __forceinline__ void store4(float* to, const float (&v)[4]) {
    *reinterpret_cast<float4*>(to) = make_float4(v[0], v[1], v[2], v[3]);
}
template <typename T>
__device__ __forceinline__ void store4(T* to, const float (&v)[4]) {
    *reinterpret_cast<uint2*>(to) = make_uint2(pack2<T>(v[0], v[1]), pack2<T>(v[2], v[3]));
}

/* 16 bytes; `to` is aligned to them. */
__device__ __forceinline__ void store_vector(float* to, const float (&v)[4]) { store4(to, v); }
template <typename T>
__device__ __forceinline__ void store_vector(T* to, const float (&v)[8]) {
    *reinterpret_cast<uint4*>(to) =
        make_uint4(pack2<T>(v[0], v[1]), pack2<T>(v[2], v[3]), pack2<T>(v[4], v[5]), pack2<T>(v[6], v[7]));
}

#endif
