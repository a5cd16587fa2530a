/*
 * The kernels' tests on CUDA device 0, with arrays and tables in pinned host memory, which the device reaches under the
 * same addresses. Takes a seed. Exits with 77 where there is no usable device, having said why.
 */
#include <cuda_runtime_api.h>

#include "backend_groups.h"
#include "check.h"
#include "scanformer_cuda.h"

int main(int argc, char** argv) {
    char report[1024];
    if (sf_probe(sf_cuda_backend(), 0, report, sizeof report) != SF_OK) {
        std::printf("skipped: %s\n", report);
        return 77;
    }
    std::printf("%s\n", report);
    const uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : std::random_device()();
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    generator.seed(seed);
    allocate_shared = [](size_t bytes) -> void* {
        void* memory = nullptr;
        return cudaHostAlloc(&memory, bytes == 0 ? 1 : bytes, cudaHostAllocDefault) == cudaSuccess ? memory : nullptr;
    };
    free_shared = [](void* memory) { (void)cudaFreeHost(memory); };
    test_backend();
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
