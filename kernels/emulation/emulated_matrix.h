/* Products on the tensor cores, emulated: the lanes of a warp bring their fragments, as matrix.cuh places them. */
#ifndef SCANFORMER_EMULATED_MATRIX_H
#define SCANFORMER_EMULATED_MATRIX_H

#include "element.cuh"
#include "warp.cuh"

namespace emulation {

/* A lane's registers as numbers: two in each of the 16-bit types, one in TensorFloat-32. */
struct Fragments {
    float a[4][2];
    float b[2][2];
};

template <typename Element>
void multiply(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], int depth, const Element& element) {
    const int pairs = depth / 8; /* elements along k in a register */
    Fragments own = {};
    for (int p = 0; p < pairs; p++) {
        for (int i = 0; i < 4; i++) own.a[i][p] = element(a[i], p);
        for (int i = 0; i < 2; i++) own.b[i][p] = element(b[i], p);
    }
    const unsigned char* brought = warp_meeting(kMatrix, &own, sizeof own);
    /* Each lane has 64 bytes, which are aligned. */
    const auto of = [brought](int lane) -> const Fragments& {
        return *reinterpret_cast<const Fragments*>(brought + 64 * lane);
    };
    for (int i = 0; i < 4; i++) {
        const int row = lane_id() / 4 + (i >= 2 ? 8 : 0);
        const int col = lane_id() % 4 * 2 + i % 2;
        for (int high = 0; high < 2; high++) {
            for (int t = 0; t < 4; t++) {
                const Fragments& of_a = of(row % 8 * 4 + t);
                const Fragments& of_b = of(col * 4 + t);
                for (int p = 0; p < pairs; p++) c[i] += of_a.a[row / 8 + 2 * high][p] * of_b.b[high][p];
            }
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
