/*
 * Products of 16 x 8 tiles on the tensor cores (PTX mma.sync), c += a b, sums in fp32. A warp holds the tiles in
 * registers; lane 4 g + t holds
 *   c     [16, 8]: (g, 2t) (g, 2t + 1) (g + 8, 2t) (g + 8, 2t + 1)
 *   16-bit types, k = 16: a as pairs along k: (g, 2t) (g + 8, 2t) (g, 2t + 8) (g + 8, 2t + 8); b: (2t, g) (2t + 8, g)
 *   TensorFloat-32, k = 8: a: (g, t) (g + 8, t) (g, t + 4) (g + 8, t + 4); b: (t, g) (t + 4, g)
 */
#ifndef SCANFORMER_MATRIX_CUH
#define SCANFORMER_MATRIX_CUH

#include "device.cuh"

#ifdef SF_EMULATION

namespace emulation {

struct Fragments {
    uint32_t a[4];
    uint32_t b[2];
};

template <typename Element>
void multiply(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], int depth, const Element& element) {
    const Fragments own = {{a[0], a[1], a[2], a[3]}, {b[0], b[1]}};
    const unsigned char* brought = warp_meeting(kMatrix, &own, sizeof own);
    const int pairs = depth / 8; /* elements along k in a register */
    for (int i = 0; i < 4; i++) {
        const int row = lane_id() / 4 + (i >= 2 ? 8 : 0);
        const int col = lane_id() % 4 * 2 + i % 2;
        for (int k = 0; k < depth; k++) {
            const int t = k % (depth / 2) / pairs;
            const int high = k / (depth / 2);
            const uint32_t of_a = from_lane<Fragments>(brought, row % 8 * 4 + t).a[row / 8 + 2 * high];
            const uint32_t of_b = from_lane<Fragments>(brought, col * 4 + t).b[high];
            c[i] += element(of_a, k % pairs) * element(of_b, k % pairs);
        }
    }
}

template <typename T>
void multiply_add_16(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    multiply(c, a, b, 16, [](uint32_t bits, int i) { return to_float(T{static_cast<uint16_t>(bits >> (16 * i))}); });
}

}  // namespace emulation

template <typename T>
void multiply_add(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], T) {
    emulation::multiply_add_16<T>(c, a, b);
}
inline void multiply_add(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], float) {
    /* The hardware ignores the bits that TensorFloat-32 has not. */
    emulation::multiply(c, a, b, 8, [](uint32_t bits, int) { return __uint_as_float(bits & 0xffffe000u); });
}

#else

__device__ __forceinline__ void multiply_add(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], F16) {
#if __CUDA_ARCH__ >= 800
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
    /* Turing has the product of half the depth. */
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(b[0]));
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[2]), "r"(a[3]), "r"(b[1]));
#endif
}

/* The host refuses bf16 and TensorFloat-32 below compute capability 8.0, so the code for it is never run there. */
__device__ __forceinline__ void multiply_add(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], BF16) {
#if __CUDA_ARCH__ >= 800
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

__device__ __forceinline__ void multiply_add(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], float) {
#if __CUDA_ARCH__ >= 800
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

#endif
#endif
