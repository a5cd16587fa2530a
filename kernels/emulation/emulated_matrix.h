/* Products on the tensor cores, emulated: the lanes of a warp bring their fragments, as matrix.cuh places them. */
#ifndef SCANFORMER_EMULATED_MATRIX_H
#define SCANFORMER_EMULATED_MATRIX_H

#include "element.cuh"
#include "warp.cuh"

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

#endif
