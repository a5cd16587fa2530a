/*
 * The kernels' tests on CUDA device 0, with arrays and tables in pinned host memory, which the device reaches under the
 * same addresses, or with --plain in memory of cudaMalloc, copied to and fro. Takes a seed, and with --only the name of
 * one group. Exits with 77 where there is no usable device, having said why. The same on the emulated device shows that
 * the tests' own copies are right.
 */
#include "backend_groups.h"
#include "check.h"
#include "plain_memory.h"
#include "scanformer_cuda.h"

#ifdef SF_EMULATION
#include "runtime.h"
#else
#include <cuda_runtime_api.h>
#endif

int main(int argc, char** argv) {
    bool plain = false;
    const char *only = nullptr, *seed_argument = nullptr;
    for (int i = 1; i < argc; i++) {
        const std::string argument = argv[i];
        if (argument == "--plain") {
            plain = true;
        } else if (argument == "--only" && i + 1 < argc) {
            only = argv[++i];
        } else if (!argument.empty() && argument.find_first_not_of("0123456789") == std::string::npos) {
            seed_argument = argv[i];
        } else {
            std::fprintf(stderr, "usage: %s [--plain] [--only GROUP] [SEED]\n", argv[0]);
            return 2;
        }
    }
    char report[1024];
    if (sf_probe(sf_cuda_backend(), 0, report, sizeof report) != SF_OK) {
        std::printf("skipped: %s\n", report);
        return 77;
    }
    std::printf("%s\n", report);
    const uint64_t seed = seed_argument ? std::strtoull(seed_argument, nullptr, 10) : std::random_device()();
    std::printf("seed %llu, arrays in %s memory\n", static_cast<unsigned long long>(seed), plain ? "device" : "pinned");
    generator.seed(seed);
    if (plain) {
        use_plain_memory();
    } else {
        allocate_shared = [](size_t bytes) -> void* {
            void* memory = nullptr;
            return cudaHostAlloc(&memory, bytes == 0 ? 1 : bytes, cudaHostAllocDefault) == cudaSuccess ? memory
                                                                                                       : nullptr;
        };
        free_shared = [](void* memory) { (void)cudaFreeHost(memory); };
    }
    test_backend(only);
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
