/*
 * The CUDA kernels' own source, run by the emulation of the device, against the loops in double precision that the
 * CPU's operations are tested with. Shapes are random; the seed is printed, and taken as an argument to repeat a run.
 */
#include "check.h"
#include "emulation/emulation.h"
#include "scanformer_cuda.h"

void test_emulation();
void test_cuda_operations(sf_stream* stream);

int main(int argc, char** argv) {
    const uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : std::random_device()();
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    generator.seed(seed);
    emulation::set_seed(seed);
    context = "emulation";
    test_emulation();
    backend_types = {SF_F32, SF_F16, SF_BF16};
    backend_maths = {SF_F32, SF_TF32, SF_F16, SF_BF16};
    tables_on_device = true;
    sf_stream* stream = nullptr;
    context = "device";
    check_equal(sf_stream_create(0, 0, 0, &stream), static_cast<int>(SF_OK), "sf_stream_create");
    const struct {
        const char* name;
        void (*test)(sf_stream*);
    } groups[] = {{"layer norm", test_layer_norm}, {"pyramid", test_pyramid},     {"patches", test_patches},
                  {"embeddings", test_embeddings}, {"attention", test_attention}, {"refusals", test_refusals},
                  {"CUDA", test_cuda_operations}};
    for (const auto& group : groups) {
        context = group.name;
        group.test(stream);
    }
    sf_stream_destroy(stream);
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
