/*
 * The machine's peak of fused multiply-adds in fp32, GFLOP/s, with one thread and with all: what GFLOP/s of the
 * benchmarks are compared with. Twelve independent chains of vector FMAs a thread, more than any core needs to hide
 * their latency.
 *
 *   g++ -O2 -march=native -fopenmp bench/src/main/cpp/fma_peak.cpp -o fma_peak && ./fma_peak
 */
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif
typedef float vector __attribute__((vector_size(kLanes * sizeof(float))));

constexpr int kChains = 12;
constexpr long kRounds = 10000000;

static void multiply_add(float factor, float* sink) {
    const vector a = vector{} + factor;
    const vector b = vector{} + 0.25f;
    vector c0 = a, c1 = a, c2 = a, c3 = a, c4 = a, c5 = a, c6 = a, c7 = a, c8 = a, c9 = a, c10 = a, c11 = a;
    for (long round = 0; round < kRounds; round++) {
        c0 = c0 * a + b, c1 = c1 * a + b, c2 = c2 * a + b, c3 = c3 * a + b;
        c4 = c4 * a + b, c5 = c5 * a + b, c6 = c6 * a + b, c7 = c7 * a + b;
        c8 = c8 * a + b, c9 = c9 * a + b, c10 = c10 * a + b, c11 = c11 * a + b;
        /* Keeps the chains in registers, and the compiler from working the loop out. */
        asm volatile(""
                     : "+x"(c0), "+x"(c1), "+x"(c2), "+x"(c3), "+x"(c4), "+x"(c5), "+x"(c6), "+x"(c7), "+x"(c8),
                       "+x"(c9), "+x"(c10), "+x"(c11));
    }
    const vector total = c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8 + c9 + c10 + c11;
    *sink = total[0];
}

int main() {
    const int all = omp_get_max_threads();
    float sinks[1024];
    for (int threads = 1;; threads = all) {
        double best = 0;
        for (int repeat = 0; repeat < 5; repeat++) {
            const auto start = std::chrono::steady_clock::now();
#pragma omp parallel num_threads(threads)
            multiply_add(0.5f, &sinks[omp_get_thread_num() % 1024]);
            const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
            best = std::max(best, 2.0 * kLanes * kChains * kRounds * threads / seconds.count() / 1e9);
        }
        std::printf("%d thread%s: %.0f GFLOP/s\n", threads, threads == 1 ? "" : "s", best);
        if (threads == all) return 0;
    }
}
