/*
 * The machine's peak of fused multiply-adds in fp32, GFLOP/s, with one thread and with all: what GFLOP/s of the benchmarks
 * are compared with. Twelve independent chains of vector FMAs a thread, more than any core needs to hide their latency.
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
    vector chains[kChains];
    for (auto& chain : chains) chain = vector{} + 1.0f;
    const vector a = vector{} + factor;
    const vector b = vector{} + 0.25f;
    for (long round = 0; round < kRounds; round++) {
#pragma GCC unroll 12
        for (int i = 0; i < kChains; i++) {
            chains[i] = chains[i] * a + b;
            /* Keeps the chain in a register and the compiler from computing it at once. */
            asm volatile("" : "+v"(chains[i]));
        }
    }
    vector total = {};
    for (const auto& chain : chains) total += chain;
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
