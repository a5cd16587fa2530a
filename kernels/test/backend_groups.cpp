/* The groups of tests that the CUDA backend runs, emulated or on a device. */
#include "backend_groups.h"

#include "check.h"

void test_cuda_operations(sf_stream* stream);

void test_backend() {
    backend_types = {SF_F32, SF_F16, SF_BF16};
    backend_maths = {SF_F32, SF_TF32, SF_F16, SF_BF16};
    tables_on_device = true;
    sf_stream* stream = nullptr;
    context = "device";
    check_equal(sf_stream_create(0, 0, 0, &stream), static_cast<int>(SF_OK), "sf_stream_create");
    if (stream == nullptr) return;
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
}
